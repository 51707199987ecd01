"""What runs of `ingest_tweet_metrics` leave behind, after tweets have landed."""

from __future__ import annotations

import io
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from include.interval import Interval
from include.lake import ALL_ACCOUNTS
from include.outcomes import Outcome


@pytest.fixture
def snapshot(world, ingest, interval):
    """Run the two hours that end so many hours after the tweets' interval."""

    def snapshot(hours):
        end = interval.end + timedelta(hours=hours)
        world.travel(end + timedelta(minutes=1))
        over = Interval(end - timedelta(hours=2), end)
        return ingest("harbour_news", dataset="tweet_metrics", over=over)

    return snapshot


def rows_of(run):
    return [
        row
        for key in run.account(ALL_ACCOUNTS).curated_keys
        for row in pq.read_table(io.BytesIO(run.lake.get(key))).to_pylist()
    ]


def test_counts_are_taken_down_again_and_grow(world, ingest, snapshot):
    landed = ingest("harbour_news").account("harbour_news")
    first, second = snapshot(2), snapshot(4)
    assert first.succeeded
    assert second.succeeded
    assert len(rows_of(first)) == len(rows_of(second)) == landed.curated
    assert {row["status"] for row in rows_of(first)} == {"visible"}
    likes = [sum(row["like_count"] for row in rows_of(run)) for run in (first, second)]
    assert likes[0] <= likes[1]
    assert {row["observed_at"] for row in rows_of(second)} == {
        second.interval.end + timedelta(minutes=1)
    }
    assert world.mails == []


def test_what_is_gone_is_a_tombstone_and_not_asked_for_again(world, ingest, snapshot):
    run = ingest("harbour_news", "city_weather", "rail_updates")
    ids = {
        account.account: pq.read_table(io.BytesIO(run.lake.get(account.curated_keys[0])))[
            "tweet_id"
        ].to_pylist()
        for account in run.report.accounts
    }
    gone = ids["harbour_news"][0]
    world.fates.delete_post(gone)
    world.fates.protect("city_weather")
    first = snapshot(2)
    assert first.succeeded
    assert first.account(ALL_ACCOUNTS).outcome is Outcome.LANDED
    status = {row["tweet_id"]: row["status"] for row in rows_of(first)}
    assert status[gone] == "deleted"
    assert {status[i] for i in ids["city_weather"]} == {"protected"}
    assert {status[i] for i in ids["rail_updates"]} == {"visible"}

    second = {row["tweet_id"] for row in rows_of(snapshot(4))}
    assert second == {*ids["harbour_news"], *ids["rail_updates"]} - {gone}


def test_an_empty_lake_has_nothing_to_look_at_again(world, snapshot):
    run = snapshot(0)
    assert run.succeeded
    assert run.account(ALL_ACCOUNTS).outcome is Outcome.EMPTY
    assert [r.path for r in world.requests] == ["/2/usage/tweets"]
