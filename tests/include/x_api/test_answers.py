"""Every shape in which X answers, and what becomes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest

from include import fetch as fetching
from include.accounts import parse_accounts
from include.datasets import dataset_named
from include.gaps import State, gaps
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, Lake
from include.outcomes import Outcome
from include.raw import RawBatch, Wanted
from include.settings import Settings
from include.source import Fetch, Planning
from include.spending.purse import Purse
from include.x_api.client import XApi
from include.x_api.errors import TimelineNotFound, XUnavailable
from include.x_api.problems import check_meaning
from tests.conftest import NOW

SETTINGS = Settings(
    bucket="lake", alert_to=("a@example.org",), data_docs_url="http://docs.example.org"
)
LOOKUP, TIMELINE, SEARCH = "users/by", r"/2/users/\d+/tweets", "/2/tweets/search"
TROUBLE = {
    "harbour_news": None,
    "shuttered_shop": Outcome.SUSPENDED,
    "members_circle": Outcome.PROTECTED,
    "former_gazette": Outcome.DELETED,
    "harbor_newz": Outcome.NOT_FOUND,
}


@dataclass
class Job:
    """Planning and extracting as the DAG does."""

    lake: Lake
    api: XApi
    interval: Interval
    source = dataset_named("tweets").source

    def plan(self, *accounts):
        """What to fetch of the accounts, by name."""
        entries = [{"username": a} if isinstance(a, str) else a for a in accounts]
        wanted = parse_accounts(json.dumps(entries), "test")
        purse = self.purse()
        planning = Planning(self.lake, self.api, wanted, self.interval, SETTINGS, NOW, purse)
        return {fetch.account: fetch for fetch in self.source.plan(planning)}

    def extract(self, fetch):
        raw, purse = self.raw(fetch.account), self.purse()
        return fetching.extract(raw, self.source, self.api, fetch, page_size=100, purse=purse)

    def raw(self, account):
        return RawBatch(self.lake, "tweets", self.interval, account)

    def purse(self):
        return Purse(self.lake, SETTINGS, "tweets/run", NOW)


@pytest.fixture
def job(world, lake, interval):
    api = XApi(world.x_url, "sandbox-token", sleep=lambda _: None)
    return Job(lake, api, interval)


@pytest.mark.parametrize("vocabulary", ["of the account", "the other"])
def test_who_is_not_shown_is_told_apart_in_either_vocabulary(world, job, vocabulary):
    if vocabulary == "the other":
        world.faults.add("other_vocabulary", times=None)
    job.lake.put_json("raw/accounts/known/former_gazette.json", {"user_id": "1"})
    fetches = job.plan(*TROUBLE)
    assert {name: fetch.unreadable for name, fetch in fetches.items()} == TROUBLE


@pytest.mark.parametrize("vocabulary", ["of the account", "the other"])
@pytest.mark.parametrize(
    ("fate", "outcome"),
    [
        ("suspend", Outcome.SUSPENDED),
        ("protect", Outcome.PROTECTED),
        ("delete", Outcome.DELETED),
    ],
)
def test_a_timeline_of_errors_only_says_what_became_of_the_account(
    world, job, fate, outcome, vocabulary
):
    fetch = job.plan("harbour_news")["harbour_news"]
    getattr(world.fates, fate)("harbour_news")
    if vocabulary == "the other":
        world.faults.add("other_vocabulary", times=None)
    assert job.extract(fetch).outcome is outcome


@pytest.mark.parametrize("account", ["withheld_desk", "repost_relay"])
def test_errors_beside_data_take_no_post_away(job, account):
    fetched = job.extract(job.plan(account)[account])
    (page,) = job.raw(account).pages()
    assert page.content["data"]
    assert fetched.outcome == "fetched"
    assert fetched.posts_returned == len(page.content["data"])


def test_a_withheld_field_is_a_partial_error_and_no_trouble_of_the_account(job):
    job.extract(job.plan("withheld_desk")["withheld_desk"])
    (page,) = job.raw("withheld_desk").pages()
    assert {e["title"] for e in page.content["errors"]} == {"Field Authorization Error"}


def test_neither_data_nor_errors_is_an_empty_interval(job):
    assert job.extract(job.plan("quiet_archive")["quiet_archive"]).outcome is Outcome.EMPTY


@pytest.mark.parametrize(
    "account", ["harbour_news", {"username": "harbour_news", "keywords": ["tide", "ferry"]}]
)
def test_errors_that_tell_nothing_are_no_empty_interval(world, job, account):
    fetch = job.plan(account)["harbour_news"]
    world.faults.add("errors_only", path=f"{TIMELINE}|{SEARCH}", times=None)
    with pytest.raises(XUnavailable, match="Resource Unavailable"):
        job.extract(fetch)
    assert job.raw("harbour_news").page_keys == []
    world.faults.clear()
    assert job.extract(fetch).outcome == "fetched"


def test_a_lookup_that_tells_nothing_concludes_nothing(world, job, caplog):
    world.faults.add("errors_only", path=LOOKUP)
    fetch = job.plan("harbour_news")["harbour_news"]
    assert fetch.unreadable is Outcome.FAILED
    assert "not known here" in fetch.detail
    assert "harbour_news: Resource Unavailable" in caplog.text
    assert job.extract(fetch).outcome is Outcome.FAILED
    assert job.raw("harbour_news").failure() == fetch.detail
    accounts = parse_accounts('[{"username": "harbour_news"}]', "test")
    (gap,) = gaps(job.lake, "tweets", accounts, job.interval.start, job.interval.end)
    assert gap.state is State.FAILED

    again = job.plan("harbour_news")["harbour_news"]
    assert again.unreadable is None
    assert job.extract(again).outcome == "fetched"


def test_a_lookup_without_a_word_makes_nobody_deleted(world, job):
    job.plan("harbour_news")
    world.faults.add("empty_answer", path=LOOKUP)
    with pytest.raises(XUnavailable, match="said nothing"):
        job.plan("harbour_news", "city_weather")
    fetches = job.plan("harbour_news", "city_weather")
    assert [fetch.unreadable for fetch in fetches.values()] == [None, None]


def test_when_every_timeline_is_a_404_nobody_is_deleted(world, job):
    fetches = job.plan("harbour_news", "city_weather")
    world.faults.add("not_found_timeline", path=TIMELINE, times=None)
    for name, fetch in fetches.items():
        with pytest.raises(TimelineNotFound):
            job.extract(fetch)
        assert job.raw(name).fetched() is None
    world.faults.clear()
    assert {job.extract(fetch).outcome for fetch in fetches.values()} == {"fetched"}


def test_a_suspension_is_one_whatever_type_x_gives_it():
    error = {"resource_type": "user", "detail": "User has been suspended: [1].", "type": "new"}
    check_meaning({"errors": [error]}, "the account")


@pytest.mark.parametrize("fault", ["errors_only", "empty_answer"])
@pytest.mark.parametrize("dataset", ["users", "tweet_metrics"])
def test_a_list_of_which_x_says_nothing_is_asked_for_again(world, lake, dataset, fault):
    over = Interval(NOW - timedelta(hours=2), NOW)
    raw = RawBatch(lake, dataset, over, ALL_ACCOUNTS)
    names = {"users": ["harbour_news", "rail_updates"], "tweet_metrics": ["17", "18"]}
    raw.want(Wanted(names=names[dataset], planned_at=NOW))
    source = dataset_named(dataset).source
    api = XApi(world.x_url, "sandbox-token", sleep=lambda _: None)
    fetch = Fetch(account=ALL_ACCOUNTS, planned_at=NOW)
    purse = Purse(lake, SETTINGS, f"{dataset}/run", NOW)
    world.faults.add(fault)
    with pytest.raises(XUnavailable):
        fetching.extract(raw, source, api, fetch, page_size=100, purse=purse)
    assert raw.page_keys == []
    fetched = fetching.extract(raw, source, api, fetch, page_size=100, purse=purse)
    assert (fetched.outcome, fetched.pages) == ("fetched", 1)
