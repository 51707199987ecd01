"""When a dataset is late, by the reports in the lake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.datasets import dataset_named, dataset_names
from include.interval import Interval
from include.lake import run_report_key
from include.lateness import Late, late

DAY = datetime(2026, 11, 20, tzinfo=UTC)
GRACE = timedelta(minutes=90)


def span(hours, begin):
    start = DAY + timedelta(hours=begin)
    return Interval(start, start + timedelta(hours=hours))


@pytest.fixture
def ran(lake):
    """Leave the report of a run that began so many hours after midnight."""

    def ran(dataset, begin):
        interval = span(dataset_named(dataset).hours, begin)
        lake.put_json(run_report_key(dataset, interval), {})
        return interval

    return ran


def names(lake, hours):
    return [one.dataset for one in late(lake, DAY + timedelta(hours=hours), GRACE)]


def test_an_empty_lake_is_not_late(lake):
    lake.put_json("validations/tweets/dt=2026-11-20/account=nasa/x.json", {})
    assert names(lake, 1000) == []


@pytest.mark.parametrize(("hours", "is_late"), [(9.4, False), (9.5, True), (13, True)])
def test_it_is_late_when_its_time_and_the_grace_are_over(lake, ran, hours, is_late):
    newest = ran("tweets", 0)
    ran("users", 0)
    ran("tweet_metrics", 22)
    found = late(lake, DAY + timedelta(hours=hours), GRACE)
    assert found == ([Late("tweets", span(4, 4), newest)] if is_late else [])


def test_a_missed_interval_before_a_newer_run_is_a_gap_and_not_late(lake, ran):
    for dataset in dataset_names():
        ran(dataset, -48)
        ran(dataset, 0)
    assert names(lake, 3) == []


def test_a_dataset_that_never_ran_is_late_from_its_first_interval_after_the_lake_began(lake, ran):
    ran("tweets", 8)
    ran("tweets", 20)
    ran("tweet_metrics", 22)
    assert names(lake, 25) == []
    assert late(lake, DAY + timedelta(hours=25.5), GRACE)[-1] == Late("users", span(24, 0), None)


def test_days_without_a_run_are_looked_behind(lake, ran):
    newest = ran("users", -96)
    lake.put_json("validations/users/dt=2026-11-19/all.json", {})
    (found,) = (one for one in late(lake, DAY, GRACE) if one.dataset == "users")
    assert found == Late("users", span(24, -72), newest)


def test_an_interval_that_is_none_of_the_schedule_counts_by_its_end(lake, ran):
    ran("users", 0)
    ran("tweet_metrics", 22)
    lake.put_json(run_report_key("tweets", span(9, 0)), {})
    assert names(lake, 13.4) == []
    assert late(lake, DAY + timedelta(hours=13.5), GRACE)[0].missing == span(4, 8)
