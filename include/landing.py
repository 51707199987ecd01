"""Rows to objects: curated ones and quarantined ones, Parquet and CSV.

Everything is written to temporary files first and landed in one request an object: nothing
half-written is ever in the lake. Equal rows make equal bytes.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.datasets.dataset import PROBLEM, RAW, Dataset
from include.datasets.schema import RELEASE_COLUMNS, TIMESTAMP
from include.interval import Interval
from include.lake import Lake, batch_prefix, curated_key
from include.quarantine.decision import Decision, Decisions

REASONS = "reasons"
"""Column of checked rows: keys of what is wrong with the row; empty where nothing is."""

DISCARDED = "discarded"
"""Reason of a row that fails nothing any more, but was discarded by a person."""
ROW_GROUP = 25_000
"""Rows that are written at once, a row group of the Parquet file."""
_ROWS_AT_ONCE = 10_000
_FORMULA = "^['=+\\-@\t\r\n＝＋－＠]"
"""Texts that a spreadsheet may run, and those whose first apostrophe must not be mistaken."""
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def quarantine_schema(dataset: Dataset) -> pa.Schema:
    """Columns of ``rows.parquet``: the dataset's, all nullable, and why each row is there."""
    extra = {
        REASONS: (pa.list_(pa.string()), "Keys of the critical expectations that it failed."),
        PROBLEM: (pa.string(), "What could not be decoded, in words; null if all could."),
        RAW: (pa.string(), "The JSON that X sent, where something could not be decoded."),
        "discarded_by": (pa.string(), "Who discarded it; null while nobody did."),
        "discarded_at": (TIMESTAMP, "When it was discarded."),
        "discard_reason": (pa.string(), "Why it was discarded, in that person's words."),
    }
    return pa.schema(
        [f.with_nullable(True) for f in dataset.schema]
        + [
            pa.field(name, kind, metadata={"description": description})
            for name, (kind, description) in extra.items()
        ]
    )


class Landing:
    """The rows of one account and interval on their way into the lake.

    Args:
        folder: a temporary folder for the files.
        dataset: says which columns are curated and which of them is the day.
        decisions: what people decided about rows of this account and interval.
        csv: write a CSV file beside each curated Parquet file.
    """

    def __init__(self, folder: Path, dataset: Dataset, decisions: Decisions, *, csv: bool) -> None:
        self._folder = folder
        self._dataset = dataset
        self._decisions = decisions
        self._kinds: tuple[type[RowWriter], ...] = (
            (ParquetWriter, CsvWriter) if csv else (ParquetWriter,)
        )
        self._curated: dict[date, list[RowWriter]] = {}
        self._quarantine: RowWriter | None = None
        self.curated = 0
        self.quarantined = 0
        self.released = 0
        """How many of the curated rows are there because somebody released them."""
        self.discarded = 0
        """How many of the quarantined rows somebody discarded."""
        self.reasons: Counter[str] = Counter()
        """How many quarantined rows each reason holds."""

    def add(self, rows: pa.Table, batch_reasons: Sequence[str]) -> None:
        """Write decoded rows with their ``reasons`` to local files.

        Args:
            rows: the decoded columns and ``reasons``.
            batch_reasons: what is wrong with the batch as a whole: none of it is curated.
        """
        for start in range(0, len(rows), ROW_GROUP):
            piece = rows.slice(start, ROW_GROUP)
            if batch_reasons:
                piece = _with_reasons(piece, batch_reasons)
            if self._decisions:
                piece = self._decided(piece)
            reasons = pc.list_value_length(piece[REASONS]).to_numpy()
            if reasons.any():
                piece = piece.combine_chunks()
                self._add_quarantined(piece.take(np.flatnonzero(reasons)))
                piece = piece.take(np.flatnonzero(reasons == 0))
            if len(piece):
                self._add_curated(piece)

    def _decided(self, rows: pa.Table) -> pa.Table:
        """The rows as people decided: what was released without reasons, each with its marks."""
        never_null = [f.name for f in self._dataset.schema if not f.nullable]
        is_whole = np.logical_and.reduce([rows[name].is_valid().to_numpy() for name in never_null])
        reasons = rows[REASONS].to_pylist()
        released: list[Decision | None] = [None] * len(rows)
        discarded: list[Decision | None] = [None] * len(rows)
        for row, row_id in enumerate(rows[self._dataset.id_column].to_pylist()):
            decision = self._decisions.about(row_id, reasons[row])
            if decision is None:
                continue
            if decision.verdict == "discarded":
                discarded[row] = decision
                reasons[row] = reasons[row] or [DISCARDED]
            elif reasons[row] and is_whole[row]:
                released[row] = decision
                reasons[row] = []
        self.released += sum(decision is not None for decision in released)
        self.discarded += sum(decision is not None for decision in discarded)
        rows = rows.set_column(
            rows.schema.get_field_index(REASONS), REASONS, pa.array(reasons, pa.list_(pa.string()))
        )
        for names, made in (
            ([column.name for column in RELEASE_COLUMNS], released),
            (["discarded_by", "discarded_at", "discard_reason"], discarded),
        ):
            said = [(d.by, d.at, d.why) if d else (None, None, None) for d in made]
            for place, (name, kind) in enumerate(
                zip(names, (pa.string(), TIMESTAMP, pa.string()), strict=True)
            ):
                rows = rows.append_column(name, pa.array([s[place] for s in said], kind))
        return rows

    def _add_curated(self, rows: pa.Table) -> None:
        self.curated += rows.num_rows
        days = rows[self._dataset.day_column].cast(pa.date32())
        distinct = sorted(pc.unique(days).to_pylist())
        for day in distinct:
            if day not in self._curated:
                self._curated[day] = [
                    kind(self._folder / f"{day}.{kind.suffix}", self._dataset.curated_schema)
                    for kind in self._kinds
                ]
            of_day = rows if len(distinct) == 1 else rows.filter(pc.equal(days, day))
            for writer in self._curated[day]:
                writer.write(of_day)

    def _add_quarantined(self, rows: pa.Table) -> None:
        self.quarantined += rows.num_rows
        self.reasons.update(pc.list_flatten(rows[REASONS]).to_pylist())
        if self._quarantine is None:
            path = self._folder / "quarantine.parquet"
            self._quarantine = ParquetWriter(path, quarantine_schema(self._dataset))
        self._quarantine.write(rows)

    def land(self, lake: Lake, interval: Interval, account: str) -> list[str]:
        """Put every file into the lake; returns the keys of the curated ones."""
        name = self._dataset.name
        if self._quarantine is not None:
            prefix = batch_prefix("quarantine", name, interval, account)
            self._quarantine.land(lake, f"{prefix}rows.parquet")
        keys = []
        for day, writers in sorted(self._curated.items()):
            for writer in writers:
                key = curated_key(name, interval, account, day, writer.suffix)
                writer.land(lake, key)
                keys.append(key)
        return keys


def _with_reasons(rows: pa.Table, batch_reasons: Sequence[str]) -> pa.Table:
    reasons = [[*own, *batch_reasons] for own in rows[REASONS].to_pylist()]
    at = rows.schema.get_field_index(REASONS)
    return rows.set_column(at, REASONS, pa.array(reasons, pa.list_(pa.string())))


class RowWriter(ABC):
    """Writes tables of one schema to a local file, then lands it."""

    suffix: str
    content_type: str

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.schema = schema

    @abstractmethod
    def write(self, table: pa.Table) -> None:
        """Append rows; columns that are not the writer's are left out."""

    @abstractmethod
    def close(self) -> None:
        """Finish the local file."""

    def land(self, lake: Lake, key: str) -> None:
        """Finish the file and put it into the lake, whole, in one request."""
        self.close()
        with self.path.open("rb") as body:
            lake.put(key, body, self.content_type)


def _filled(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the schema's columns and no other; null is what it lacks."""
    for field in schema:
        if field.nullable and field.name not in table.schema.names:
            table = table.append_column(field.name, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)


class ParquetWriter(RowWriter):
    """Parquet, zstd, with statistics; each column's description is its field's metadata."""

    suffix = "parquet"
    content_type = "application/vnd.apache.parquet"

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        super().__init__(path, schema)
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", write_statistics=True)

    def write(self, table: pa.Table) -> None:
        """Append the rows as a row group."""
        self._writer.write_table(_filled(table, self.schema))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


class CsvWriter(RowWriter):
    """CSV (RFC 4180, UTF-8) by the rules of ``docs/csv.md``."""

    suffix = "csv"
    content_type = "text/csv; charset=utf-8; header=present"

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        super().__init__(path, schema)
        self._file = path.open("wb")
        self._file.write(f"{','.join(schema.names)}\r\n".encode())

    def write(self, table: pa.Table) -> None:
        """Append a line for each row."""
        for batch in _filled(table, self.schema).to_batches(max_chunksize=_ROWS_AT_ONCE):
            cells = [_cells(column) for column in batch.columns]
            lines = _join(_join(*cells, between=","), pa.scalar(""), between="\r\n")
            self._file.write("".join(lines.to_pylist()).encode())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _cells(column: pa.Array) -> pa.Array:
    """The column as CSV writes it; null is nothing at all, an empty text is ``""``."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return pc.strftime(column, _TIME)
    if pa.types.is_list(kind):
        texts = [
            None if value is None else json.dumps(value, ensure_ascii=False)
            for value in column.to_pylist()
        ]
        return _quoted(pa.array(texts, pa.string()))
    if pa.types.is_string(kind):
        return _quoted(_defused(column))
    return column.cast(pa.string())


def _defused(texts: pa.Array) -> pa.Array:
    """Texts that begin like a formula, or with an apostrophe, get an apostrophe in front."""
    suspect = pc.match_substring_regex(texts, _FORMULA)
    return pc.if_else(suspect, _join(pa.scalar("'"), texts), texts)


def _quoted(texts: pa.Array) -> pa.Array:
    quote = pa.scalar('"')
    return pc.if_else(
        texts.is_valid(), _join(quote, pc.replace_substring(texts, '"', '""'), quote), None
    )


def _join(*parts: pa.Array | pa.Scalar, between: str = "") -> pa.Array:
    """Texts of each row side by side; a null is nothing."""
    return pc.binary_join_element_wise(*parts, pa.scalar(between), null_handling="replace")
