"""A dataset's columns as a table of its own: the data dictionary is generated from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Arrow type, whether it may be null, what it means."""

    name: str
    type: pa.DataType
    nullable: bool
    description: str


RAW_COLUMNS: tuple[Column, ...] = (
    Column("raw_key", pa.string(), False, "Object in raw/ that holds the page it came from."),
    Column("raw_position", pa.int32(), False, "Its position in that page, from 0."),
)
"""Where a row came from: the last columns of every dataset."""

RELEASE_COLUMNS: tuple[Column, ...] = (
    Column("released_by", pa.string(), True, "Who released it from quarantine; null on any other."),
    Column("released_at", TIMESTAMP, True, "When it was released."),
    Column("release_reason", pa.string(), True, "Why it was released, in that person's words."),
)
"""What a curated row has beyond what was decoded: who answers for it, if it failed a check."""


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    """The columns as Arrow fields, each with its description as metadata."""
    return pa.schema(
        [
            pa.field(c.name, c.type, c.nullable, metadata={"description": c.description})
            for c in columns
        ]
    )
