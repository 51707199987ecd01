"""What the lake holds: the posts and users of every page and every row.

``compacted/`` is not looked at: it is made from ``curated/``, and goes whole where some of it does.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include.compliance.page import Page
from include.compliance.subject import Subject, read_id
from include.datasets.dataset import UnreadablePage
from include.datasets.tweet_metrics.decode import VISIBLE
from include.errors import RowsUnreadable
from include.lake import Lake, unpacked

_COLUMNS = (
    "tweet_id",
    "author_id",
    "retweeted_tweet_id",
    "place_id",
    "longitude",
    "status",
    "user_id",
)
"""What tells of whom or what a row is, as far as a dataset has them."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One object and what it holds."""

    key: str
    subjects: tuple[Subject, ...]


def holdings(lake: Lake) -> Iterator[Holding]:
    """Every raw page, curated object and quarantined batch.

    Raises:
        RowsUnreadable: an object of rows is no Parquet file.
        UnreadablePage: a stored page is no JSON object.
    """
    keys = (key for zone in ("raw", "curated", "quarantine") for key in lake.keys(f"{zone}/"))
    for key, body in bodies(lake, keys):
        yield Holding(key, tuple(_subjects(key, body)))


def bodies(lake: Lake, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Pages and Parquet files among the keys, in order, some of them read ahead."""
    return lake.bodies(key for key in keys if is_page(key) or key.endswith(".parquet"))


def is_page(key: str) -> bool:
    """Whether an answer of X lies there; lists of unanswered names do not count."""
    return key.endswith(".json.gz") and key.rpartition("/")[2].startswith(("page-", "lookup-"))


def _subjects(key: str, body: bytes) -> Iterator[Subject]:
    if is_page(key):
        try:
            page = unpacked(body)
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadablePage(key, error) from error
        yield from Page(key, page).subjects()
        return
    for row in read_rows(key, body, _COLUMNS):
        if "user_id" in row:
            yield Subject("users", read_id(row["user_id"]))
        elif row.get("status", VISIBLE) == VISIBLE or row["author_id"] is not None:
            # Any other is a tombstone: an id and a reason, and that may stay.
            yield Subject(
                "posts",
                read_id(row["tweet_id"]),
                read_id(row["author_id"]),
                read_id(row.get("retweeted_tweet_id")),
                row.get("place_id") is not None or row.get("longitude") is not None,
            )


def read_rows(key: str, body: bytes, columns: Collection[str]) -> list[dict[str, Any]]:
    """Rows of an object, with those of the columns that it has.

    Raises:
        RowsUnreadable: it is no Parquet file.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(body))
        there = [name for name in columns if name in file.schema_arrow.names]
        rows: list[dict[str, Any]] = file.read(there).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise RowsUnreadable(key, error) from error
    return rows
