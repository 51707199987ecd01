"""Where an array first holds what PostgreSQL would not take; None where it holds no such thing.

Good arrays are told by their bytes as a whole, at some billions a second; only in one that is not
good the values are looked at.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LARGEST = str(2**63 - 1)
"""PostgreSQL's largest bigint, in digits."""
_SHOWN = 60


def first(wrong: pa.Array) -> int | None:
    """The place of the first true value."""
    at = pc.index(wrong, value=True).as_py()
    return None if at < 0 else at


def undecodable(texts: pa.Array) -> int | None:
    """The first text that is no UTF-8."""
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        return next(place for place in range(len(texts)) if not _decodes(texts[place]))
    return None


def with_nul(texts: pa.Array) -> int | None:
    """The first text with the character NUL."""
    if _bytes(texts).min(initial=1):
        return None
    return first(pc.match_substring(texts, "\0"))


def no_bigint(texts: pa.Array) -> int | None:
    """The first text that is no whole number from 0 to 2^63 - 1, in digits."""
    digits = _bytes(texts)
    if digits.min(initial=ord("0")) >= ord("0") and digits.max(initial=ord("0")) <= ord("9"):
        try:
            texts.cast(pa.int64())
        except pa.ArrowInvalid:
            pass  # one is empty or too large
        else:
            return None
    fits = pc.match_substring_regex(texts, "^0*[0-9]{1,19}$")
    stripped = pc.ascii_ltrim(texts, characters="0")
    is_large = pc.and_(
        pc.equal(pc.binary_length(stripped), len(LARGEST)), pc.greater(stripped, LARGEST)
    )
    return first(pc.or_(pc.invert(fits), is_large))


def second_copy(groups: pa.ChunkedArray, ids: pa.ChunkedArray) -> int | None:
    """The first row whose id came before in the same group."""
    numbers = ids.to_numpy()
    if len(np.unique(numbers)) == len(numbers):
        return None
    of_group = groups.to_numpy()
    order = np.lexsort((numbers, of_group))
    same = np.diff(numbers[order]) == 0
    same &= np.diff(of_group[order]) == 0
    return int(order[1:][same].min()) if same.any() else None


def shown(text: pa.StringScalar) -> str | None:
    """A text as a message may hold it, whatever is wrong with it."""
    if not text.is_valid:
        return None
    decoded: str = text.as_buffer().to_pybytes().decode(errors="replace")
    return decoded.replace("\0", "\N{REPLACEMENT CHARACTER}")[:_SHOWN]


def _bytes(texts: pa.Array) -> np.ndarray:
    """The bytes of all texts, one after the other."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return np.empty(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]


def _decodes(text: pa.StringScalar) -> bool:
    try:
        text.as_py()
    except UnicodeDecodeError:
        return False
    return True
