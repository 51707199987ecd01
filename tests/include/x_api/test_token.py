"""The bearer token stays in the header: whatever goes wrong, nobody reads it anywhere else."""

from __future__ import annotations

import gzip
import logging
import traceback

import pytest

from include import fetch as fetching
from include.datasets import dataset_named, dataset_names
from include.interval import Interval
from include.lake import ALL_ACCOUNTS
from include.raw import RawBatch, Wanted
from include.settings import Settings
from include.source import Fetch
from include.spending.purse import Purse
from include.spending.usage import ask_x
from include.x_api.client import XApi
from include.x_api.errors import XError, XUnavailable
from sandbox.world import World
from sandbox.x_api import TOKEN
from tests.conftest import NOW

SETTINGS = Settings(
    bucket="lake", alert_to=("a@example.org",), data_docs_url="http://docs.example.org"
)
NAMES = {"users": ["harbour_news"], "tweet_metrics": ["17"]}
NOBODY = "http://127.0.0.1:9"
TROUBLE = [
    "unauthorized",
    "forbidden",
    "spending_limit",
    "credits_depleted",
    "monthly_cap",
    "rate_limit",
    "unavailable_html",
    "unavailable_text",
    "broken_json",
    "cut",
    "redirect",
    "not_found_timeline",
]


@pytest.fixture
def extract(lake, interval: Interval):
    """Ask X for something of a dataset."""

    def extract(dataset, url):
        api = XApi(url, TOKEN, sleep=lambda _: None)
        fetch = Fetch(account=ALL_ACCOUNTS, planned_at=NOW)
        if dataset == "tweets":
            fetch = Fetch(account="harbour_news", user_id="2014007919", planned_at=NOW)
        raw = RawBatch(lake, dataset, interval, fetch.account)
        if dataset in NAMES:
            raw.want(Wanted(names=NAMES[dataset], planned_at=NOW))
        purse = Purse(lake, SETTINGS, f"{dataset}/run", NOW)
        source = dataset_named(dataset).source
        return fetching.extract(raw, source, api, fetch, page_size=100, purse=purse)

    return extract


def texts_in(lake):
    """Every object, unpacked."""
    for key in lake.keys(""):
        body = lake.get(key)
        yield key, gzip.decompress(body) if key.endswith(".gz") else body


@pytest.mark.parametrize("fault", [*TROUBLE, "nobody"])
def test_it_is_in_no_log_no_error_and_no_object(world, lake, extract, caplog, fault):
    if fault != "nobody":
        world.faults.add(fault, times=None)
    for dataset in dataset_names():
        with caplog.at_level(logging.DEBUG), pytest.raises(XError) as caught:
            extract(dataset, NOBODY if fault == "nobody" else world.x_url)
        told = "".join(traceback.format_exception(caught.value))
        assert TOKEN not in told + repr(caught.value)
    assert TOKEN not in caplog.text
    stored = dict(texts_in(lake))
    assert sum(key.endswith("/error.json") for key in stored) == len(dataset_names())
    assert [key for key, text in stored.items() if TOKEN.encode() in text] == []


def test_it_is_in_no_object_when_all_is_well(lake, world, extract, caplog):
    with caplog.at_level(logging.DEBUG):
        for dataset in dataset_names():
            extract(dataset, world.x_url)
    assert TOKEN not in caplog.text
    stored = dict(texts_in(lake))
    assert sum("page-" in key for key in stored) == len(dataset_names())
    assert [key for key, text in stored.items() if TOKEN.encode() in text] == []


def test_it_is_not_told_where_x_does_not_tell_its_count(world, lake, caplog):
    world.faults.add("forbidden")
    with caplog.at_level(logging.DEBUG):
        ask_x(lake, XApi(world.x_url, TOKEN), "tweets/run")
    assert "can't be compared" in caplog.text
    assert TOKEN not in caplog.text


def test_it_does_not_follow_a_redirect(world, tmp_path):
    with World(tmp_path / "elsewhere", now=NOW) as elsewhere:
        world.faults.add("redirect", location=elsewhere.x_url, times=None)
        with pytest.raises(XUnavailable, match="/2/users/by with 302"):
            XApi(world.x_url, TOKEN, sleep=lambda _: None).users_by(["harbour_news"])
        assert elsewhere.requests == []
    assert len(world.requests) == 4
