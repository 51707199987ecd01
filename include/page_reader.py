"""Reading the stored pages of a batch, the next ones while somebody works on these."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from math import ceil

from isal import isal_zlib

from include.datasets.dataset import RawPage, UnreadablePage
from include.lake import Lake, answered_at

_READERS, _MOST_AT_ONCE = 4, 7
"""Few, and with many pages several to go: a thread that waits for its turn disturbs the others."""
_GZIP, _PAGE_BYTES = 31, 2**18
"""zlib's code for gzip with a header, and more than most pages are."""


def read_pages(lake: Lake, keys: Sequence[str]) -> Iterator[RawPage]:
    """The stored pages in order; the next ones are fetched and unpacked meanwhile.

    Raises:
        UnreadablePage: one is not what :meth:`Lake.put_page` wrote.
    """
    at_once = min(_MOST_AT_ONCE, ceil(len(keys) / _READERS)) or 1
    with ThreadPoolExecutor(max_workers=_READERS) as pool:
        coming: deque[Future[list[RawPage]]] = deque()
        for start in range(0, len(keys), at_once):
            coming.append(pool.submit(_read, lake, keys[start : start + at_once]))
            if len(coming) > _READERS:
                yield from coming.popleft().result()
        while coming:
            yield from coming.popleft().result()


def _read(lake: Lake, keys: Sequence[str]) -> list[RawPage]:
    return [_page(lake, key) for key in keys]


def _page(lake: Lake, key: str) -> RawPage:
    packed = lake.get(key)
    try:
        # In one call: every return into Python would interrupt who decodes meanwhile.
        body = isal_zlib.decompress(packed, wbits=_GZIP, bufsize=_PAGE_BYTES)
    except isal_zlib.error as error:  # type: ignore[misc]  # the stub takes it for an instance
        raise UnreadablePage(key, error) from error
    if len(body) != int.from_bytes(packed[-4:], "little"):
        raise UnreadablePage(key, "something follows the gzip member that it should be")
    return RawPage(key, body, answered_at(packed))
