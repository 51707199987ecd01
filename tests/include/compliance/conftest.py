"""A small lake that everything has landed in: posts, their counts, profiles and a lookup."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from include.accounts import Account
from include.catalogue.reader import curated_days
from include.compaction.compact import compact
from include.compliance.ask import ask
from include.compliance.forget import forget
from include.data_docs.site import publish
from include.datasets import dataset_named, dataset_names
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, Lake, run_report_key
from include.lookup import look_up
from include.raw import Fetched, RawBatch, Wanted
from include.report import RunReport
from include.run import report
from include.settings import Settings
from include.source import Fetch
from include.validation import validate_batch
from include.x_api.client import XApi
from include.x_api.errors import JobNotOver

AT = datetime(2026, 11, 2, 12, 1, tzinfo=UTC)
DAY = date(2026, 11, 3)
AFTERWARDS = datetime(2026, 11, 3, 0, 31, tzinfo=UTC)
SETTINGS = Settings(
    bucket="tweet-lake",
    alert_to=("data-team@example.org",),
    data_docs_url="http://docs.example.org",
    csv=True,
)


@pytest.fixture
def api(world):
    return XApi(world.x_url, "sandbox-token", sleep=lambda _: None)


class SmallLake:
    """The lake, the world it came from, and what may be done with both."""

    def __init__(self, lake: Lake, world, api: XApi, interval: Interval) -> None:
        self.lake, self.world, self.api, self.interval = lake, world, api, interval
        self.quality = {}
        self.volume = (0, 1_000_000)
        self.runs: dict[tuple[str, Interval], None] = {}

    def fill(self, *names: str) -> None:
        """Fetch and land the posts of the accounts."""
        accounts = [Account(username=name) for name in names]
        users, _ = look_up(self.lake, self.api, accounts, self.interval)
        self.accounts = {name: users[name]["id"] for name in names}
        for name, user_id in self.accounts.items():
            page = self.api.timeline(
                user_id, self.interval, exclude=(), page_size=100, pagination_token=None
            )
            self.store("tweets", name, self.interval, page, author_id=user_id)
        self.rerun()

    def count(self) -> None:
        """Take down the counts of the posts, two hours later."""
        later = Interval(self.interval.end, self.interval.end + timedelta(hours=2))
        self.world.travel(later.end + timedelta(minutes=1))
        ids = sorted(post["tweet_id"] for post in self.rows("curated/tweets/"))[-100:]
        self.store("tweet_metrics", ALL_ACCOUNTS, later, self.api.tweets(ids), wanted=ids)
        self.land("tweet_metrics", later, [ALL_ACCOUNTS])
        self.world.travel(AFTERWARDS)

    def take_profiles(self) -> None:
        """Take down the profiles of the accounts."""
        midnight = datetime(2026, 11, 2, tzinfo=UTC)
        before = Interval(midnight - timedelta(days=1), midnight)
        names = list(self.accounts)
        self.world.travel(midnight + timedelta(minutes=1))
        self.store("users", ALL_ACCOUNTS, before, self.api.users_by(names), wanted=names)
        self.land("users", before, [ALL_ACCOUNTS])
        self.world.travel(AFTERWARDS)

    def store(self, dataset, account, interval, answer, *, author_id=None, wanted=None) -> None:
        raw = RawBatch(self.lake, dataset, interval, account)
        if wanted is not None:
            raw.want(Wanted(names=wanted, planned_at=AT))
        raw.add_page(answer)
        raw.finish(
            Fetched(
                account=account,
                outcome="fetched",
                detail="",
                author_id=author_id,
                pages=1,
                posts_returned=0,
                users_returned=0,
                requests=1,
            )
        )

    def rerun(self) -> None:
        """Validate, report and publish the posts, as a run of the DAG does."""
        self.land("tweets", self.interval, list(self.accounts))

    def land(self, dataset, interval, accounts) -> None:
        self.runs[dataset, interval] = None
        quality = self.quality.setdefault(dataset, dataset_named(dataset).quality())
        for account in accounts:
            validate_batch(
                self.lake,
                dataset_named(dataset),
                quality,
                interval=interval,
                account=account,
                volume=self.volume,
                csv=True,
            )
        fetches = [Fetch(account=account, planned_at=AT) for account in accounts]
        publish(self.lake, report(self.lake, dataset, interval, fetches, SETTINGS))

    def compact(self) -> None:
        """Put every day into the catalogue."""
        for dataset in dataset_names():
            for day in curated_days(self.lake, dataset):
                compact(self.lake, dataset, day, AFTERWARDS)

    def report(self, dataset, interval) -> RunReport:
        return RunReport.model_validate(self.lake.get_json(run_report_key(dataset, interval)))

    def is_of(self, row: dict, account: str) -> bool:
        return row["author_id"] == self.accounts[account]

    def ask(self):
        """Ask until X has answered, as Airflow does."""
        while True:
            with suppress(JobNotOver):
                return ask(self.lake, self.api, DAY)

    def forget(self, *, dry_run: bool = False):
        """Ask, then forget."""
        return forget(self.lake, SETTINGS, DAY, self.ask(), dry_run=dry_run)

    def restore(self, objects: dict[str, bytes], etags: dict[str, str]) -> None:
        """Let nothing but these lie in the lake."""
        there = self.etags()
        for key in there.keys() - etags.keys():
            self.lake.delete(key)
        for key, etag in etags.items():
            if there.get(key) != etag:
                self.lake.put(key, objects[key])

    def rows(self, prefix: str) -> list[dict]:
        keys = [key for key in self.lake.keys(prefix) if key.endswith(".parquet")]
        return [row for key in keys for row in self.read(key).to_pylist()]

    def read(self, key: str):
        return pq.read_table(io.BytesIO(self.lake.get(key)))

    def objects(self) -> dict[str, bytes]:
        return {key: self.lake.get(key) for key in self.lake.keys("")}

    def etags(self) -> dict[str, str]:
        """Key → hash of the body, of every object, in one request."""
        listed = self.lake.client.list_objects_v2(Bucket=self.lake.bucket)
        return {entry["Key"]: entry["ETag"] for entry in listed["Contents"]}


@pytest.fixture
def small(lake, world, api, interval):
    return SmallLake(lake, world, api, interval)


class Killer:
    """Ends what runs after the n-th change to S3 or X: it is done, but nobody heard of it."""

    def __init__(self, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
        self._events = lake.client.meta.events
        self._monkeypatch = monkeypatch
        self._left = 0

    def kills(self, run, last: int) -> bool:
        """Whether ``run`` makes so many changes."""
        self._left = last
        changes = ("after-call.s3.PutObject", "after-call.s3.DeleteObject")
        with self._monkeypatch.context() as patched:
            for name in ("submit_compliance_job", "upload", "compliance_job", "download"):
                patched.setattr(XApi, name, self._counted(getattr(XApi, name)))
            for change in changes:
                self._events.register(change, self._count)
            try:
                run()
            except KeyboardInterrupt:
                return True
            finally:
                for change in changes:
                    self._events.unregister(change, self._count)
        return False

    def _count(self, **_: object) -> None:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt

    def _counted(self, method):
        def call(*arguments):
            answer = method(*arguments)
            self._count()
            return answer

        return call


@pytest.fixture
def killer(lake, monkeypatch):
    return Killer(lake, monkeypatch)
