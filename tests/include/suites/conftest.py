"""A lake with a past: two accounts over three intervals, some of it bad."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.datasets import dataset_named
from include.interval import Interval
from include.lake import Lake, run_report_key
from include.outcomes import Outcome
from include.raw import Fetched, RawBatch
from include.report import AccountReport, RunReport
from include.spending.purse import Bill
from include.validation import validate_batch
from include.x_api.answer import Answer
from tests.task_environment import task_environment

AUTHOR = "11348282"
FIRST = 2_123_566_994_027_446_272
INTERVALS = [
    Interval(start, start + timedelta(hours=4))
    for start in (datetime(2026, 11, 2, hour, tzinfo=UTC) for hour in (0, 4, 8))
]
POSTS = 4
"""Of each account and interval."""


def post_id(number: int) -> str:
    return str(FIRST + number)


def post(interval: Interval, number: int, **fields: Any) -> dict[str, Any]:
    created = interval.start + timedelta(minutes=number)
    counts = {"retweet_count": 1, "reply_count": 2, "like_count": 10 * number, "quote_count": 4}
    return {
        "id": post_id(number),
        "author_id": AUTHOR,
        "created_at": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "text": "x" * (number + 1),
        "lang": "en",
        "conversation_id": post_id(number),
        "reply_settings": "everyone",
        "edit_history_tweet_ids": [post_id(number)],
        "public_metrics": counts | {"bookmark_count": 5, "impression_count": 60_000},
        **fields,
    }


def fetch(lake: Lake, interval: Interval, account: str, *posts: dict[str, Any]) -> None:
    """Leave what ``extract`` leaves."""
    raw = RawBatch(lake, "tweets", interval, account)
    raw.add_page(Answer(json.dumps({"data": posts}).encode(), interval.end))
    raw.finish(
        Fetched(
            account=account,
            outcome="fetched" if posts else Outcome.EMPTY,
            detail="",
            author_id=AUTHOR,
            pages=1,
            posts_returned=len(posts),
            users_returned=0,
            requests=1,
        )
    )


def report_run(lake: Lake, interval: Interval, accounts: list[AccountReport]) -> None:
    """Leave what ``report`` leaves."""
    run = RunReport(dataset="tweets", interval=interval.name, accounts=accounts, bill=Bill())
    lake.put_json(run_report_key("tweets", interval), run.model_dump(mode="json"))


@pytest.fixture(scope="session")
def past(s3: Any) -> Lake:
    """Posts with 0, 10, 20, 30 likes; one of ``esa``'s has -7, another an odd language."""
    s3.create_bucket(Bucket="lake-with-a-past")
    lake, tweets = Lake(s3, "lake-with-a-past"), dataset_named("tweets")
    quality = tweets.quality()
    for interval in INTERVALS:
        reports = []
        for account in ("esa", "nasa"):
            posts = [post(interval, number) for number in range(POSTS)]
            if account == "esa" and interval == INTERVALS[1]:
                posts[1]["lang"] = "English"
                posts[2]["public_metrics"]["like_count"] = -7
            fetch(lake, interval, account, *posts)
            reports.append(
                validate_batch(
                    lake, tweets, quality,
                    interval=interval, account=account, volume=(0, 1_000), csv=False,
                )
            )  # fmt: skip
        report_run(lake, interval, reports)
    fetch(lake, INTERVALS[2], "later", post(INTERVALS[2], 1))  # and not validated yet
    return lake


@pytest.fixture
def untouched(past: Lake) -> Iterator[None]:
    """The test leaves every object of the lake as it was."""

    def objects() -> list[tuple[str, str, datetime]]:
        found = past.client.list_objects_v2(Bucket=past.bucket)["Contents"]
        return [(one["Key"], one["ETag"], one["LastModified"]) for one in found]

    before = objects()
    yield
    assert objects() == before


@pytest.fixture
def configured(past: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a task whose lake is this one."""
    for name, value in task_environment(past.client, past.bucket).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def suite_with(tmp_path: Path) -> Callable[..., Path]:
    """The suite for tweets, with some of it changed: by key its new kwargs, or None to drop it."""

    def suite_with(*more: dict[str, Any], **changes: dict[str, Any] | None) -> Path:
        suite = json.loads(dataset_named("tweets").suite.read_text(encoding="utf-8"))
        kept = []
        for entry in suite["expectations"]:
            change = changes.pop(entry["meta"]["key"], {})
            if change is not None:
                kept.append({**entry, **{k: v for k, v in change.items() if k in entry}})
        assert not changes, "no such expectation"
        file = tmp_path / "expectations" / "tweets.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({**suite, "expectations": [*kept, *more]}), encoding="utf-8")
        return file

    return suite_with
