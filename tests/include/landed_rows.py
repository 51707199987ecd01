"""Curated objects of made-up rows, as runs land them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from include.datasets import dataset_named
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, Lake, batch_prefix, curated_key
from include.landing import ParquetWriter

DAY = datetime(2026, 11, 2, tzinfo=UTC)
_VALUES = {
    pa.types.is_string: lambda n: f"text {n}",
    pa.types.is_boolean: lambda n: n % 2 == 0,
    pa.types.is_integer: lambda n: n,
    pa.types.is_floating: lambda n: n / 4,
    pa.types.is_timestamp: lambda n: DAY + timedelta(minutes=n, microseconds=n),
    pa.types.is_list: lambda _: [],
}
NESTED = {
    "hashtags": ["rain", "sea"],
    "mentions": [{"username": "nasa", "user_id": "11348282"}, {"username": "x", "user_id": None}],
    "media": [{"media_key": "3_1", "width": 640}],
}


def interval(number: int, hours: int = 4) -> Interval:
    """One of the day's intervals, from 0."""
    start = DAY + timedelta(hours=hours * number)
    return Interval(start, start + timedelta(hours=hours))


def row(dataset: str, number: int, over: Interval, account: str, **fields: Any) -> dict[str, Any]:
    """A row with a value in every column that may not be null; the same number is the same post."""
    made = {
        field.name: next(make(number) for fits, make in _VALUES.items() if fits(field.type))
        for field in dataset_named(dataset).curated_schema
        if not field.nullable
    }
    names = {"tweet_id": str(10**18 + number), "user_id": str(number), "raw_position": number}
    key = f"{batch_prefix('raw', dataset, over, account)}page-0000.json.gz"
    return {**made, **{k: v for k, v in names.items() if k in made}, "raw_key": key, **fields}


def land(
    lake: Lake,
    dataset: str,
    over: Interval,
    account: str = ALL_ACCOUNTS,
    rows: Sequence[dict[str, Any]] = (),
    *,
    without: Sequence[str] = (),
) -> str:
    """Put an object of rows on the interval's day; ``without`` columns that were not known yet."""
    fields = [field for field in dataset_named(dataset).curated_schema if field.name not in without]
    schema = pa.schema(fields)
    key = curated_key(dataset, over, account, over.day, "parquet")
    with TemporaryDirectory() as folder:
        writer = ParquetWriter(Path(folder) / "rows.parquet", schema)
        writer.write(pa.Table.from_pylist(list(rows), schema))
        writer.land(lake, key)
    return key
