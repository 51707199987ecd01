"""When X showed it: the time in the header of a stored page becomes a column of its rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.datasets import dataset_named
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, Lake
from include.outcomes import Outcome
from include.page_reader import read_pages
from include.raw import Fetched, RawBatch, Wanted
from include.report import AccountReport
from include.validation import validate_batch
from include.x_api.answer import Answer

INTERVAL = Interval(datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))
AT = INTERVAL.end + timedelta(seconds=41, milliseconds=700)
COUNTS = ("followers_count", "like_count")


def item(number: int) -> dict[str, Any]:
    """A user, and a post: either dataset reads of it what it needs."""
    counts = dict.fromkeys(COUNTS, number)
    return {"id": str(number), "username": "q", "name": "Q", "public_metrics": counts}


def store(lake: Lake, dataset: str, *times: datetime | None) -> None:
    """A finished fetch of one item a page, each answered at its time."""
    raw = RawBatch(lake, dataset, INTERVAL, ALL_ACCOUNTS)
    raw.want(Wanted(names=[str(n) for n, _ in enumerate(times)], planned_at=AT))
    for number, at in enumerate(times):
        raw.add_page(Answer(json.dumps({"data": [item(number)]}).encode(), at or AT))
        if at is None:
            key = raw.page_keys[-1]
            lake.put_page(key, lake.get_page(key))
    raw.finish(
        Fetched(
            account=ALL_ACCOUNTS,
            outcome="fetched",
            detail="",
            author_id=None,
            pages=len(times),
            posts_returned=0,
            users_returned=0,
            requests=len(times),
        )
    )


def validate(lake: Lake, dataset: str) -> AccountReport:
    return validate_batch(
        lake,
        dataset_named(dataset),
        dataset_named(dataset).quality(),
        interval=INTERVAL,
        account=ALL_ACCOUNTS,
        volume=(0, 1_000),
        csv=False,
    )


def rows(lake: Lake, *keys: str) -> list[dict[str, Any]]:
    return [
        row for key in keys for row in pq.read_table(pa.BufferReader(lake.get(key))).to_pylist()
    ]


@pytest.mark.parametrize("dataset", ["users", "tweet_metrics"])
def test_it_is_the_second_in_which_x_answered(lake: Lake, dataset: str) -> None:
    store(lake, dataset, AT, AT + timedelta(seconds=1))
    keys = RawBatch(lake, dataset, INTERVAL, ALL_ACCOUNTS).page_keys
    found = dataset_named(dataset).decode(list(read_pages(lake, keys))).to_pylist()
    second = AT.replace(microsecond=0)
    assert [row["observed_at"] for row in found] == [second, second + timedelta(seconds=1)]


@pytest.mark.parametrize("dataset", ["users", "tweet_metrics"])
def test_it_is_the_day_of_the_rows(lake: Lake, dataset: str) -> None:
    store(lake, dataset, AT, INTERVAL.end + timedelta(hours=23))
    report = validate(lake, dataset)
    assert report.outcome is Outcome.LANDED
    assert report.curated_keys == [f"curated/{dataset}/dt=2026-11-20/{INTERVAL.name}.parquet"]


@pytest.mark.parametrize(
    ("dataset", "at", "reason"),
    [
        ("users", None, "observed_at_present"),
        ("users", INTERVAL.end - timedelta(seconds=1), "observed_in_time"),
        ("users", INTERVAL.end + timedelta(days=1), "observed_in_time"),
        ("tweet_metrics", None, "observed_at_present"),
        ("tweet_metrics", INTERVAL.end - timedelta(seconds=1), "observed_after_interval"),
    ],
)
def test_a_page_of_no_time_or_a_wrong_one_is_put_aside_alone(
    lake: Lake, dataset: str, at: datetime | None, reason: str
) -> None:
    store(lake, dataset, AT, at, AT)
    report = validate(lake, dataset)
    assert (report.outcome, report.curated, report.quarantined) == (Outcome.ROWS_QUARANTINED, 2, 1)
    (row,) = rows(lake, f"{report.quarantine_prefix}rows.parquet")
    assert row["reasons"] == [reason]
    assert row["raw_key"].endswith("page-0001.json.gz")
    assert row["like_count"] == 1


@pytest.mark.parametrize("dataset", ["users", "tweet_metrics"])
def test_a_batch_of_which_nobody_knows_the_time_is_all_put_aside(lake: Lake, dataset: str) -> None:
    store(lake, dataset, None, None)
    report = validate(lake, dataset)
    assert (report.outcome, report.curated, report.quarantined) == (Outcome.ROWS_QUARANTINED, 0, 2)
    assert len(rows(lake, f"{report.quarantine_prefix}rows.parquet")) == 2
