"""What the lake has seen: the numbers of its curated rows, and the volumes of its runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from include.data_docs.words import count_of
from include.datasets.dataset import Dataset
from include.datasets.schema import RAW_COLUMNS
from include.lake import Lake, at_once, day_prefix
from include.report import RunReport, reported_runs

ROWS = "number of rows"
"""Column of :attr:`History.volumes`."""
_NO_DATA = {"row", *(column.name for column in RAW_COLUMNS)}
"""Numbers that say where a row is, and nothing about it."""


def length_of(column: str) -> str:
    """The name under which a text column's lengths are measured."""
    return f"length of {column}"


@dataclass(frozen=True, slots=True)
class History:
    """The curated rows and the runs of some days."""

    rows: pd.DataFrame
    """One row per curated row: every numeric column that a suite sees, and lengths of texts."""
    shares: pd.DataFrame
    """One row per batch: the share of its rows that is not null, by column."""
    volumes: pd.DataFrame
    """One row per account and run: how many rows came in (``number of rows``)."""
    days: int
    """On which there are curated rows."""
    begin: datetime
    end: datetime

    @property
    def batches(self) -> int:
        """Batches that have curated rows."""
        return len(self.shares)


def read_history(
    lake: Lake, dataset: Dataset, begin: datetime, end: datetime, texts: Collection[str]
) -> History:
    """Read the curated rows of the span's days and its runs' reports.

    Args:
        lake: is read only.
        dataset: says what a suite sees of its rows.
        begin: UTC; its day is read whole.
        end: UTC.
        texts: text columns whose lengths are wanted, in code points.
    """
    rows: list[pd.DataFrame] = []
    shares: list[pd.DataFrame] = []
    for number in range((end.date() - begin.date()).days + 1):
        prefix = day_prefix("curated", dataset.name, begin.date() + timedelta(days=number))
        keys = [key for key in lake.keys(prefix) if key.endswith(".parquet")]
        tables = at_once(lambda key: _table(lake, key), keys)
        if sum(map(len, tables)):
            frame = _seen_by_suite(dataset, tables)
            batch = pd.Series(range(len(tables))).repeat([len(table) for table in tables])
            shares.append(frame.notna().groupby(batch.to_numpy()).mean())
            rows.append(_numbers(frame, texts))
        sys.stderr.write(f"\r{count_of(number + 1, 'day')} read")
        sys.stderr.flush()
    sys.stderr.write("\n")
    runs = reported_runs(lake, dataset.name, end.date(), (end - begin).days)
    found = [key for run, key in runs.items() if begin <= run.start and run.end <= end]
    reports = map(RunReport.model_validate_json, at_once(lake.get, found))
    volumes = pd.DataFrame({ROWS: list(_volumes(reports))}, dtype="float64")
    return History(
        rows=pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(),
        shares=pd.concat(shares, ignore_index=True) if shares else pd.DataFrame(),
        volumes=volumes,
        days=len(rows),
        begin=begin,
        end=end,
    )


def _table(lake: Lake, key: str) -> pa.Table:
    # Not read_table: it would take dt= and account= in a path for columns.
    return pq.ParquetFile(io.BytesIO(lake.get(key))).read()


def _seen_by_suite(dataset: Dataset, tables: Sequence[pa.Table]) -> pd.DataFrame:
    """Curated rows as the suite saw them; what is not stored of them was null, or is not known."""
    table = pa.concat_tables(tables, promote_options="default")
    for field in dataset.decode([]).schema:
        if field.name not in table.column_names:
            table = table.append_column(field.name, pa.nulls(len(table), field.type))
    return dataset.check_frame(table)


def _numbers(frame: pd.DataFrame, texts: Collection[str]) -> pd.DataFrame:
    numeric = frame.select_dtypes("number", exclude=["bool", "boolean"])
    found = numeric.drop(columns=[name for name in numeric if name in _NO_DATA])
    lengths = {length_of(text): frame[text].str.len() for text in sorted(texts)}
    return found.assign(**lengths).astype("float64")


def _volumes(reports: Iterable[RunReport]) -> Iterator[int]:
    for report in reports:
        for account in report.accounts:
            if account.outcome.tells_volume:
                yield account.rows_in
