"""Items of pages as typed objects with what was odd about each: for datasets of some thousand rows.

``tweets`` has a faster way of its own; both leave out only what does not fit, field by field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import msgspec
import pyarrow as pa

from include.datasets.dataset import PROBLEM, RAW, RawPage
from include.datasets.page import UNREADABLE, text_of
from include.datasets.repair import repair
from include.datasets.schema import TIMESTAMP
from include.foreign_json import parse

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One item of a page."""

    value: T
    problems: list[str]
    page: RawPage
    position: int
    raw: msgspec.Raw


def items(
    page: RawPage,
    raws: Sequence[msgspec.Raw],
    positions: Sequence[int],
    shape: type[T],
) -> list[Item[T]]:
    """Items of a page, each read alone, with their positions."""
    decoder = msgspec.json.Decoder(shape)
    read = []
    for position, raw in zip(positions, raws, strict=True):
        problems: list[str] = []
        try:
            value = decoder.decode(raw)
        except UNREADABLE:
            value = repair(parse(bytes(raw)), shape, shape.__name__.lower(), problems) or shape()
        read.append(Item(value, problems, page, position, raw))
    return read


def observed(found: Sequence[Item[T]]) -> pa.Array:
    """When X showed each item, by X's clock; null where its page does not tell."""
    times: list[datetime | None] = [item.page.at for item in found]
    return pa.array(times, TIMESTAMP)


def decoded_schema(schema: pa.Schema) -> pa.Schema:
    """Columns of a decoded table: the dataset's, all nullable, and what was odd."""
    return pa.schema(
        [f.with_nullable(True) for f in schema] + [pa.field(n, pa.string()) for n in (PROBLEM, RAW)]
    )


def table_of(
    found: Sequence[Item[T]],
    columns: Mapping[str, pa.Array],
    problems: Mapping[int, Sequence[str]],
    schema: pa.Schema,
) -> pa.Table:
    """The rows: ``columns`` by name, where each came from, and what was odd about it.

    Args:
        found: the items, a row each.
        columns: the dataset's columns but ``raw_key`` and ``raw_position``.
        problems: what was found odd by row while the columns were made, beyond the items' own.
        schema: the dataset's.
    """
    odd = [[*item.problems, *problems.get(row, ())] for row, item in enumerate(found)]
    built = {
        **columns,
        "raw_key": pa.array([item.page.key for item in found], pa.string()),
        "raw_position": pa.array([item.position for item in found], pa.int32()),
        PROBLEM: pa.array(["; ".join(o) or None for o in odd], pa.string()),
        RAW: pa.array(
            [text_of(i.raw) if o else None for i, o in zip(found, odd, strict=True)], pa.string()
        ),
    }
    decoded = decoded_schema(schema)
    return pa.table([built[name] for name in decoded.names], schema=decoded)
