"""The rows of an item, each beside what it failed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from include.datasets import dataset_named
from include.datasets.dataset import PROBLEM, RAW
from include.errors import BadConfiguration
from include.interval import Interval
from include.lake import Lake, batch_prefix
from include.landing import DISCARDED, REASONS, quarantine_schema
from include.quarantine.items import Item
from include.report import FailedExpectation

_MARKS = ("discarded_by", "discarded_at", "discard_reason")
_OF_THE_ROW = (REASONS, PROBLEM, RAW, *_MARKS)


class RowsGone(BadConfiguration):
    """What the list names is not in the quarantine zone any more."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One reason for which a row did not land."""

    key: str
    note: str
    """The expectation in plain words."""
    values: dict[str, str]
    """What the row has in the columns that the expectation reads, as text."""


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One row that did not land."""

    row_id: str | None
    failures: list[Failure]
    cells: dict[str, str]
    """Every column that is not null or empty, as text."""
    raw: str | None
    """The JSON that X sent, where something of it could not be decoded."""
    discarded: str | None
    """Who discarded it, when and why; None while nobody did."""


def count_rows(lake: Lake, item: Item) -> int:
    """How many rows lie there.

    Raises:
        RowsGone: the object is not there.
    """
    return len(_table(lake, item))


def read_rows(lake: Lake, item: Item, start: int = 0, most: int = 50) -> list[QuarantinedRow]:
    """Some rows of an item, in the order in which they lie there.

    Raises:
        RowsGone: the object is not there.
    """
    table = _table(lake, item).slice(start, most)
    notes = _notes(lake, item)
    id_column = dataset_named(item.dataset).id_column
    return [_row(cells, notes, id_column) for cells in table.to_pylist()]


def open_rows(lake: Lake, item: Item) -> list[tuple[str | None, list[str], bool]]:
    """Id and reasons of every row that nobody has decided on, and whether it could be curated.

    Raises:
        RowsGone: the object is not there.
    """
    dataset = dataset_named(item.dataset)
    table = _table(lake, item)
    table = table.filter(table[_MARKS[0]].is_null())
    never_null = [table[f.name].is_valid().to_numpy() for f in dataset.schema if not f.nullable]
    return list(
        zip(
            table[dataset.id_column].to_pylist(),
            table[REASONS].to_pylist(),
            np.logical_and.reduce(never_null).tolist(),
            strict=True,
        )
    )


def _table(lake: Lake, item: Item) -> pa.Table:
    key = f"{_prefix(item)}rows.parquet"
    body = lake.find(key)
    if body is None:
        raise RowsGone(
            f"s3://{lake.bucket}/{key} is not there: its rows have expired, or were deleted; "
            "replay the item, which makes them anew from raw/"
        )
    schema = quarantine_schema(dataset_named(item.dataset))
    table = pq.read_table(pa.BufferReader(body))
    for field in schema:  # an object of an earlier version has fewer columns
        if field.name not in table.schema.names:
            table = table.append_column(field.name, pa.nulls(len(table), field.type))
    return table


def _notes(lake: Lake, item: Item) -> dict[str, FailedExpectation]:
    body = lake.find(f"{_prefix(item)}report.json")
    if body is None:
        return {}
    told = map(FailedExpectation.model_validate, json.loads(body)["failed_expectations"])
    return {failed.key: failed for failed in told}


def _prefix(item: Item) -> str:
    return batch_prefix("quarantine", item.dataset, Interval.parse(item.interval), item.account)


def _row(
    cells: dict[str, Any], notes: dict[str, FailedExpectation], id_column: str
) -> QuarantinedRow:
    by, at, why = (cells[name] for name in _MARKS)
    row_id = cells[id_column]
    return QuarantinedRow(
        row_id=row_id,
        failures=[_failure(key, cells, notes.get(key), row_id) for key in cells[REASONS]],
        cells={
            name: _text(value)
            for name, value in cells.items()
            if name not in _OF_THE_ROW and value not in (None, [])
        },
        raw=cells[RAW],
        discarded=by and f"discarded by {by} at {at:%Y-%m-%d %H:%M} UTC: {why}",
    )


def _failure(
    key: str, cells: dict[str, Any], told: FailedExpectation | None, row_id: str | None
) -> Failure:
    if key == PROBLEM:
        return Failure(key, str(cells[PROBLEM]), {})
    if key == DISCARDED:
        return Failure(key, "It passes today's checks, but a person has discarded it.", {})
    if told is None:
        column = key.removesuffix("_missing")
        return Failure(key, f"{column} is missing, without which no row lands.", {})
    columns = (told.column or "").split(", ")
    values = {name: _text(cells[name]) for name in columns if name in cells}
    if not values:  # a column of the checks alone: the report shows some of its values
        values = {
            str(told.column): str(example["value"])
            for example in told.examples
            if told.level == "row" and example["id"] == row_id
        }
    if told.level == "batch" and told.observed:
        values = {"observed": told.observed}
    return Failure(key, told.note, values)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_text)
