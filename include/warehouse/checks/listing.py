"""What lies in ``curated/``, as a temporary table that is compared with the ledger."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import Connection

from include.errors import LakeChanged
from include.lake import Lake, at_once
from include.warehouse.objects import CuratedObject, listed
from include.warehouse.wanted import TWEET_METRICS, TWEETS, USERS

_DATASETS = [wanted.dataset for wanted in (TWEETS, USERS, TWEET_METRICS)]
_FOOTER = 65_536
"""Bytes from the end of an object: a footer has some 20,000."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which time a check is about."""

    since: datetime
    """Rows of objects that were written since then are counted, and days since then judged."""
    settled: datetime
    """What was written before has to be in the warehouse; what came later may be on its way."""
    until: datetime
    """When the check is made, by the run's data interval."""


def list_objects(lake: Lake, span: Span) -> list[tuple[Any, ...]]:
    """The rows of ``lake_object``: every small object of ``curated/``, whatever its age.

    Raises:
        LakeUnavailable: S3 refused.
    """
    return [row for dataset in _DATASETS for row in _of_dataset(lake, dataset, span)]


def write_listing(
    connection: Connection[Any], span: Span, objects: Sequence[tuple[Any, ...]]
) -> None:
    """Make ``span``, one row, and ``lake_object`` of these rows."""
    connection.execute(
        "CREATE TEMP TABLE span (since timestamptz, settled timestamptz, until timestamptz)"
    )
    connection.execute("INSERT INTO span VALUES (%s, %s, %s)", astuple(span))
    connection.execute(
        """CREATE TEMP TABLE lake_object (dataset text, day date, account text,
            key text PRIMARY KEY, etag text, interval_end timestamptz, is_settled boolean,
            rows bigint)"""
    )
    with connection.cursor() as cursor, cursor.copy("COPY lake_object FROM STDIN") as copy:
        for row in objects:
            copy.write_row(row)
    connection.execute("ANALYZE lake_object")


def _of_dataset(lake: Lake, dataset: str, span: Span) -> Iterator[tuple[Any, ...]]:
    objects = list(listed(lake, dataset, None))
    counted = [entry for entry in objects if span.since <= entry.at < span.settled]
    counts = at_once(lambda entry: _count(lake, entry), counted)
    rows = {entry.key: count for entry, count in zip(counted, counts, strict=True)}
    for entry in objects:
        yield (
            *(dataset, entry.day, entry.account, entry.key, entry.etag),
            *(entry.interval_end, entry.at < span.settled, rows.get(entry.key)),
        )


def _count(lake: Lake, entry: CuratedObject) -> int | None:
    """How many rows an object has; None where it is another by now, or no Parquet at all.

    What is no Parquet can't be loaded: the ledger names it.
    """
    for last in (_FOOTER, None):
        try:
            body = lake.get_listed(entry.key, entry.etag, last)
            return int(pq.read_metadata(io.BytesIO(body)).num_rows)
        except LakeChanged:
            return None
        except (pa.ArrowException, OSError):
            continue  # a footer that is longer
    return None
