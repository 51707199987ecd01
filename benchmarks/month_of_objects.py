"""An S3 server with a month of objects: ``python -m benchmarks.month_of_objects -p PORT``.

They are there when it starts: to put 54,000 would take longer than what is measured.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from benchmarks.quick_s3 import Objects, serve
from include.datasets import dataset_named
from include.interval import Interval
from include.lake import batch_prefix, curated_key
from include.landing import ParquetWriter

BUCKET = "month-of-objects"
DATASET = "tweets"
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
RUNS_A_DAY = 6
POSTS_A_RUN = 2
HOURS = timedelta(hours=24 // RUNS_A_DAY)


def month(accounts: int, days: int) -> Objects:
    """The month's objects; every day has the bytes of the first."""
    objects = Objects()
    with TemporaryDirectory() as folder:
        for run in range(RUNS_A_DAY):
            for number in range(accounts):
                account = f"load_{number:04d}"
                body = _body(_interval(0, run), number * RUNS_A_DAY + run, Path(folder))
                for day in range(days):
                    interval = _interval(day, run)
                    key = curated_key(DATASET, interval, account, interval.day, "parquet")
                    objects.put(key, body)
    return objects


def _interval(day: int, run: int) -> Interval:
    start = FIRST + timedelta(days=day) + run * HOURS
    return Interval(start, start + HOURS)


def _body(interval: Interval, first: int, folder: Path) -> bytes:
    schema = dataset_named(DATASET).curated_schema
    rows = [_row(interval, first * POSTS_A_RUN + number) for number in range(POSTS_A_RUN)]
    writer = ParquetWriter(folder / "rows.parquet", schema)
    writer.write(pa.Table.from_pylist(rows, schema))
    writer.close()
    return writer.path.read_bytes()


def _row(interval: Interval, number: int) -> dict[str, Any]:
    """A post with text, topics and counts, as most are."""
    tweet_id = str(2 * 10**18 + number)
    lists = {f.name: [] for f in dataset_named(DATASET).schema if pa.types.is_list(f.type)}
    topic = {"domain_id": "46", "domain_name": "Brand", "entity_id": "7", "entity_name": "Weather"}
    prefix = batch_prefix("raw", DATASET, interval, "load")
    return {
        **lists,
        "tweet_id": tweet_id,
        "author_id": "11348282",
        "created_at": interval.start + timedelta(seconds=number),
        "text": f"Post {number}: the tide is in by {number} minutes past the hour. " * 3,
        "conversation_id": tweet_id,
        "is_reply": False,
        "is_retweet": False,
        "is_quote": False,
        "context_annotations": [topic] * 3,
        "edit_history_tweet_ids": [tweet_id],
        "like_count": number,
        "retweet_count": 1,
        "raw_key": f"{prefix}page-0000.json.gz",
        "raw_position": number,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-H", dest="host", default="127.0.0.1")
    parser.add_argument("-p", dest="port", type=int, required=True)
    parser.add_argument("--accounts", type=int, default=300)
    parser.add_argument("--days", type=int, default=30)
    options = parser.parse_args()
    serve(month(options.accounts, options.days), options.host, options.port)
