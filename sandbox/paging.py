"""Pages of a timeline or a search, and the opaque tokens that lead from one to the next."""

import base64
import binascii
import itertools
from dataclasses import dataclass
from typing import Any

from sandbox.cast import Account
from sandbox.parameters import Parameters
from sandbox.posts import Post
from sandbox.problems import invalid_request
from sandbox.view import View

_TOKEN_BYTES = 9


@dataclass(frozen=True, slots=True)
class Page:
    """Posts of one page, before `exclude`, and whether there are others on either side."""

    posts: list[Post]
    older: bool
    newer: bool

    def meta(self, shown: list[Post]) -> dict[str, Any]:
        """Return the answer's `meta`; `shown` is what `exclude` has left of the page."""
        meta: dict[str, Any] = {"result_count": len(shown)}
        if shown:
            meta |= {"newest_id": str(shown[0].key), "oldest_id": str(shown[-1].key)}
        if self.older:
            meta["next_token"] = _write_token("n", self.posts[-1].key)
        if self.newer:
            meta["previous_token"] = _write_token("p", self.posts[0].key)
        return meta


def _write_token(direction: str, key: int) -> str:
    raw = direction.encode() + key.to_bytes(8, "big")
    return base64.b32hexencode(raw).decode().rstrip("=").lower()


def read_token(parameters: Parameters, name: str) -> tuple[str, int] | None:
    """Return direction (n or p) and the key where the last page ended; None without a token."""
    token = parameters.text(name)
    if token is None:
        return None
    try:
        raw = base64.b32hexdecode(token.upper() + "=" * (-len(token) % 8))
    except binascii.Error:
        raw = b""
    direction = raw[:1].decode("latin-1")
    if len(raw) != _TOKEN_BYTES or direction not in {"n", "p"}:
        msg = f"The `{name}` query parameter value [{token}] is not valid"
        raise invalid_request(name, token, msg)
    return direction, int.from_bytes(raw[1:], "big")


def timeline_page(
    view: View,
    account: Account,
    keys: tuple[int, int],
    size: int,
    token: tuple[str, int] | None,
) -> Page:
    """Return the page of at most `size` posts, newest first, that the token leads to.

    `keys` are the lowest key and the one above the highest.
    """
    low, high = keys
    if token and token[0] == "p":  # back towards the newest: the page just before this one
        first = max(low, token[1] + 1)
        newer = view.between(account, first, high, newest_first=False)
        posts = list(itertools.islice(newer, size))[::-1]
    else:
        below = min(high, token[1]) if token else high
        posts = list(itertools.islice(view.between(account, low, below), size))
    if not posts:
        return Page([], older=False, newer=False)
    older = view.between(account, low, posts[-1].key)
    newer = view.between(account, posts[0].key + 1, high, newest_first=False)
    return Page(
        posts,
        older=next(older, None) is not None,
        newer=token is not None and next(newer, None) is not None,
    )
