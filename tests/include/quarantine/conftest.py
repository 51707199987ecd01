"""A lake in which a run left something in quarantine, and what may be done with it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.data_docs.site import publish
from include.datasets.dataset import Dataset
from include.datasets.tweets import dataset as tweets
from include.interval import Interval
from include.lake import Lake, account_report_key, run_report_key
from include.quality import Quality
from include.quarantine.items import Item
from include.quarantine.selection import parse_selection, select
from include.raw import Fetched, RawBatch
from include.report import AccountReport, RunReport
from include.rerun import Reruns
from include.run import report
from include.settings import Settings
from include.source import Fetch
from include.x_api.answer import Answer
from tests.task_environment import task_environment

AT = datetime(2026, 11, 2, 12, 1, tzinfo=UTC)
FIRST = 2_123_566_994_027_446_272
AUTHORS = {"nasa": "11348282", "esa": "33442211"}
SETTINGS = Settings(
    bucket="tweet-lake",
    alert_to=("data-team@example.org",),
    data_docs_url="http://docs.example.org",
)
BAD = {"public_metrics": {"like_count": -7}}


class ReviewedLake:
    """A lake, its runs, and the suite that judges them."""

    def __init__(self, lake: Lake, interval: Interval, suite: Path, patch: Any) -> None:
        self.lake, self.interval, self.settings = lake, interval, SETTINGS
        self._suite = json.loads(tweets.DATASET.suite.read_text(encoding="utf-8"))
        self._file, self._patch, self._usual = suite, patch, tweets.DATASET.suite

    def post(self, number: int, account: str = "nasa", **fields: Any) -> dict[str, Any]:
        """A good post, ``number`` minutes after the interval's start."""
        created = self.interval.start + timedelta(minutes=number)
        return {
            "id": str(FIRST + number),
            "author_id": AUTHORS[account],
            "created_at": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "text": f"Post {number}",
            "lang": "en",
            "conversation_id": str(FIRST + number),
            "reply_settings": "everyone",
            "edit_history_tweet_ids": [str(FIRST + number)],
            "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3},
            **fields,
        }

    def run(self, over: Interval | None = None, **accounts: list[dict[str, Any]]) -> None:
        """Store posts as a fetch does, then land, report and publish them as a run does."""
        interval = over or self.interval
        for account, posts in accounts.items():
            raw = RawBatch(self.lake, "tweets", interval, account)
            raw.add_page(Answer(json.dumps({"data": posts}).encode(), AT))
            raw.finish(
                Fetched(
                    account=account,
                    outcome="fetched",
                    detail="",
                    author_id=AUTHORS[account],
                    pages=1,
                    posts_returned=len(posts),
                    users_returned=0,
                    requests=1,
                )
            )
        self.rerun(interval, *accounts)

    def rerun(self, interval: Interval, *accounts: str) -> None:
        """Land, report and publish what is stored."""
        Reruns(self.lake, SETTINGS).validate(self.lake, "tweets", interval, accounts)
        fetches = [Fetch(account=account, planned_at=AT) for account in accounts]
        publish(self.lake, report(self.lake, "tweets", interval, fetches, SETTINGS))

    def let_pass(self, key: str) -> None:
        """Take an expectation out of the suite, as a merged change does."""
        kept = [e for e in self._suite["expectations"] if e["meta"]["key"] != key]
        assert len(kept) < len(self._suite["expectations"])
        self._suite["expectations"] = kept
        self._file.write_text(json.dumps(self._suite), encoding="utf-8")
        self._patch.setattr(tweets, "DATASET", replace(tweets.DATASET, suite=self._file))

    def judge_as_ever(self) -> None:
        """Judge by the suite of the project again."""
        self._patch.setattr(tweets, "DATASET", replace(tweets.DATASET, suite=self._usual))

    def items(self, **asked: Any) -> list[Item]:
        return select(self.lake, parse_selection(**asked))

    def account(self, account: str = "nasa", over: Interval | None = None) -> AccountReport:
        key = account_report_key("tweets", over or self.interval, account)
        return AccountReport.model_validate(self.lake.get_json(key))

    def report(self) -> RunReport:
        key = run_report_key("tweets", self.interval)
        return RunReport.model_validate(self.lake.get_json(key))

    def curated(self) -> dict[int, dict[str, Any]]:
        """Every curated row by the number of its post."""
        return {
            int(row["tweet_id"]) - FIRST: row
            for key in self.lake.keys("curated/tweets/")
            for row in pq.read_table(pa.BufferReader(self.lake.get(key))).to_pylist()
        }

    def objects(self, *but: str) -> dict[str, bytes]:
        """Every object that does not lie under one of the prefixes ``but``."""
        return {
            key: self.lake.get(key) for key in self.lake.keys("") if not key.startswith(tuple(but))
        }


@pytest.fixture(scope="session")
def qualities() -> dict[bytes, Quality]:
    """Suites that are ready, by their text: making one ready takes longer than a test."""
    return {}


@pytest.fixture(autouse=True)
def _ready_suites(qualities: dict[bytes, Quality], monkeypatch: pytest.MonkeyPatch) -> None:
    make_ready = Dataset.quality

    def quality(dataset: Dataset) -> Quality:
        text = dataset.suite.read_bytes()
        if text not in qualities:
            qualities[text] = make_ready(dataset)
        return qualities[text]

    monkeypatch.setattr(Dataset, "quality", quality)


@pytest.fixture
def reviewed(
    lake: Lake, interval: Interval, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ReviewedLake:
    return ReviewedLake(lake, interval, tmp_path / "tweets.json", monkeypatch)


@pytest.fixture
def connected(reviewed: ReviewedLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lake is the one that tasks and commands open."""
    for name, value in task_environment(reviewed.lake.client, reviewed.lake.bucket).items():
        monkeypatch.setenv(name, value)
