"""Decoded objects to Arrow arrays, a column in one go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.datasets.schema import TIMESTAMP

_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"


def values(objects: Iterable[Any], name: str) -> list[Any]:
    """One attribute of each object."""
    return list(map(attrgetter(name), objects))


def texts(objects: Iterable[Any], name: str) -> pa.Array:
    """One attribute of each object, a text or None."""
    return pa.array(values(objects, name), pa.string())


def integers(objects: Iterable[Any], name: str) -> pa.Array:
    """One attribute of each object, a whole number or None."""
    return pa.array(values(objects, name), pa.int64())


def booleans(objects: Iterable[Any], name: str) -> pa.Array:
    """One attribute of each object, true, false or None."""
    return pa.array(values(objects, name), pa.bool_())


def times(texts: Sequence[str | None], name: str, problems: dict[int, list[str]]) -> pa.Array:
    """Times as X writes them; anything else is a problem of its row and null."""
    array = pa.array(texts, pa.string())
    odd = pc.invert(pc.match_substring_regex(array, _TIME)).fill_null(fill_value=False)
    try:
        times = pc.if_else(odd, None, array).cast(TIMESTAMP)
    except pa.ArrowInvalid:  # a 30th of February: rare enough to look at each one alone
        times = pa.array([_time(text) for text in texts], TIMESTAMP)
        odd = pc.and_(times.is_null(), array.is_valid())
    for row in map(int, np.flatnonzero(odd)):
        problem = f"{name}: {str(texts[row])[:60]!r} is not a time in UTC"
        problems.setdefault(row, []).append(problem)
    return times


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text and re.match(_TIME, text) else None
    except ValueError:
        return None


def lists(
    items: Sequence[Sequence[Any] | None], build: Callable[[list[Any]], pa.Array]
) -> pa.Array:
    """A list column: the values of all rows built at once; an absent list is an empty one."""
    lengths = np.zeros(len(items), np.int32)
    filled = np.fromiter(map(bool, items), np.bool_, len(items))
    lengths[filled] = np.fromiter(map(len, filter(None, items)), np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    flat = build(list(chain.from_iterable(filter(None, items))))
    return pa.ListArray.from_arrays(pa.array(offsets), flat)


def strings(texts: list[str]) -> pa.Array:
    """Texts that are values of a list column."""
    return pa.array(texts, pa.string())


def structs(kind: pa.StructType) -> Callable[[list[Any]], pa.Array]:
    """Builds a struct column from objects whose fields are called the same."""

    def build(objects: list[Any]) -> pa.Array:
        return struct(kind, *(values(objects, f.name) for f in kind))

    return build


def struct(kind: pa.StructType, *parts: list[Any]) -> pa.Array:
    """A struct column from the values of each of its fields."""
    arrays = [pa.array(part, f.type) for part, f in zip(parts, kind, strict=True)]
    return pa.StructArray.from_arrays(arrays, fields=list(kind))
