"""Curated rows that PostgreSQL will take, or an error that names the one that it would not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.errors import TweetLakeError
from include.warehouse import unfit
from include.warehouse.lists import owners
from include.warehouse.wanted import OBJECT_ID, Wanted

FIRST_DAY, LAST_DAY = date(2006, 1, 1), date(2049, 12, 31)
"""The days that ``dim_date`` has: what is of no such day belongs nowhere."""
_LARGEST_COUNT = 2**61 - 1
"""Four such counts still make a bigint."""


class BadRows(TweetLakeError):
    """Curated rows are not what the warehouse can hold."""

    def __init__(
        self,
        dataset: str,
        column: str,
        reason: str,
        row_id: str | None = None,
        object_id: int | None = None,
    ) -> None:
        row = "" if row_id is None else f", first in the row of {row_id}"
        super().__init__(
            f"curated/{dataset}: {column} {reason}{row}. Clear 'validate' of the run that landed "
            "it: the object is made anew from raw/"
        )
        self.column = column
        self.row_id = row_id
        """Id of the first bad row; None where it is the column that is wrong."""
        self.object_id = object_id
        """The object that holds the row."""


def accepted(rows: pa.Table, wanted: Wanted) -> pa.Table:
    """The wanted columns of curated rows, ids as whole numbers (those in lists stay texts).

    Args:
        rows: a curated object's or several objects' rows, with ``object_id`` and ``account``.
            A nullable column that an earlier version did not write may be missing: it is null.
        wanted: the columns, and what they are.

    Raises:
        BadRows: a column is missing or of another type; a value is null that never is; an id is
            no number or beyond 2^63 - 1; a text is no UTF-8 or holds the character NUL, which
            PostgreSQL refuses; a count is absurd, or a day not in ``dim_date``; an object holds
            an id twice.
    """
    table = _conforming(rows, wanted)
    for column, reason, row in _faults(table, wanted):
        row_id = unfit.shown(table[wanted.ids[0]][row])
        raise BadRows(wanted.dataset, column, reason, row_id, table[OBJECT_ID][row].as_py())
    return _with_numbers(table, wanted)


def check_columns(schema: pa.Schema, wanted: Wanted, names: Iterable[str]) -> None:
    """Look at what columns are, before there is any row.

    Args:
        schema: of an object, or of rows.
        wanted: what its columns have to be.
        names: of the columns to look at.

    Raises:
        BadRows: a column is of another type, or missing though it is never null.
    """
    for field in map(wanted.schema.field, names):
        place = schema.get_field_index(field.name)
        if place >= 0 and not schema.field(place).type.equals(field.type):
            reason = f"is of type {schema.field(place).type}, not {field.type}"
            raise BadRows(wanted.dataset, field.name, reason)
        if place < 0 and not field.nullable:
            raise BadRows(wanted.dataset, field.name, "is missing")


def _conforming(rows: pa.Table, wanted: Wanted) -> pa.Table:
    """The wanted columns, null where an earlier version did not write one."""
    check_columns(rows.schema, wanted, wanted.schema.names)
    columns = [
        rows[field.name] if field.name in rows.schema.names else pa.nulls(len(rows), field.type)
        for field in wanted.schema
    ]
    return pa.table(columns, schema=wanted.schema)


def _with_numbers(table: pa.Table, wanted: Wanted) -> pa.Table:
    for name in set(wanted.ids) & set(table.schema.names):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.int64()))
    return table


def _faults(table: pa.Table, wanted: Wanted) -> Iterator[tuple[str, str, int]]:
    """What is wrong: where, in words, and the number of the row."""
    start = 0
    for batch in table.to_batches():
        for column, reason, row in _faults_of_values(batch, wanted):
            yield column, reason, start + row
        start += len(batch)
    numbers = table[wanted.ids[0]].cast(pa.int64())  # each of which is one by now
    twice = unfit.second_copy(table[OBJECT_ID], numbers)
    if twice is not None:
        yield wanted.ids[0], "is in its object twice", twice


def _faults_of_values(rows: pa.RecordBatch, wanted: Wanted) -> Iterator[tuple[str, str, int]]:
    for field in rows.schema:
        if not field.nullable:
            yield from _where(field.name, "is null", rows[field.name].is_null())
        if field.name.endswith("_count"):
            counts = rows[field.name]
            absurd = pc.or_(pc.greater(counts, _LARGEST_COUNT), pc.less(counts, -_LARGEST_COUNT))
            yield from _where(field.name, f"is beyond {_LARGEST_COUNT}", absurd)
    for name, texts, row_of in _texts(rows.drop_columns(list(wanted.counted))):
        checks = [
            ("is no UTF-8", unfit.undecodable),
            ("holds the character NUL", unfit.with_nul),
            (f"is no whole number up to {unfit.LARGEST}", unfit.no_bigint),
        ]
        for reason, first in checks if name in wanted.ids else checks[:2]:
            place = first(texts)
            if place is not None:
                yield name, reason, int(row_of[place])
    days = rows[wanted.day].cast(pa.date32())
    outside = pc.or_(pc.less(days, FIRST_DAY), pc.greater(days, LAST_DAY))
    yield from _where(wanted.day, f"is not from {FIRST_DAY} to {LAST_DAY}", outside)


def _where(column: str, reason: str, wrong: pa.Array) -> Iterator[tuple[str, str, int]]:
    place = unfit.first(wrong)
    if place is not None:
        yield column, reason, place


def _texts(rows: pa.RecordBatch) -> Iterator[tuple[str, pa.Array, np.ndarray]]:
    """Every array of texts, in lists as well: its name, its values, the row of each value."""
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        if pa.types.is_string(column.type):
            yield name, column, np.arange(len(rows))
        elif pa.types.is_list(column.type):
            values, row_of = pc.list_flatten(column), owners(column)
            if pa.types.is_string(values.type):
                yield name, values, row_of
                continue
            for field in values.type:
                if pa.types.is_string(field.type):
                    yield f"{name}.{field.name}", pc.struct_field(values, field.name), row_of
