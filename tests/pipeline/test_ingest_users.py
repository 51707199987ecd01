"""What a run of `ingest_users` leaves behind."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from include.gaps import State, gaps
from include.interval import Interval
from include.lake import ALL_ACCOUNTS
from include.outcomes import Outcome

DAY = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))


@pytest.fixture(autouse=True)
def just_after_midnight(world):
    world.travel(DAY.end + timedelta(minutes=1))


def test_every_profile_is_taken_down_once_a_day(world, ingest):
    run = ingest("harbour_news", "quiet_archive", "shuttered_shop", dataset="users", over=DAY)
    assert run.succeeded
    account = run.account(ALL_ACCOUNTS)
    assert account.outcome is Outcome.LANDED
    key = f"curated/users/dt=2026-11-02/{DAY.name}.parquet"
    assert account.curated_keys == [key]
    rows = pq.read_table(io.BytesIO(run.lake.get(key))).to_pylist()
    assert [row["username"] for row in rows] == ["harbour_news", "quiet_archive"]
    assert {row["observed_at"] for row in rows} == {DAY.end + timedelta(minutes=1)}
    assert world.mails == []

    asked = len(world.requests)
    again = ingest("harbour_news", "quiet_archive", "shuttered_shop", dataset="users", over=DAY)
    assert again.succeeded
    assert [r.path for r in world.requests[asked:]] == ["/2/usage/tweets"]
    assert pq.read_table(io.BytesIO(again.lake.get(key))).to_pylist() == rows


def test_a_day_that_is_over_stays_a_gap(world, ingest):
    world.travel(DAY.end + timedelta(days=1))
    run = ingest("harbour_news", dataset="users", over=DAY)
    assert run.succeeded
    assert run.account(ALL_ACCOUNTS).outcome is Outcome.TOO_LATE
    (gap,) = gaps(run.lake, "users", [], DAY.start, DAY.end)
    assert (gap.state, gap.why) == (State.LIMITED, run.account(ALL_ACCOUNTS).detail)
    assert [r.path for r in world.requests] == ["/2/usage/tweets"]
    (mail,) = world.mails
    assert "2026-11-03 00:00 UTC" in mail.get_body(("plain",)).get_content()


def test_the_size_of_a_timeline_s_page_is_nothing_to_profiles(ingest):
    run = ingest("harbour_news", dataset="users", over=DAY, page_size=5)
    assert run.account(ALL_ACCOUNTS).outcome is Outcome.LANDED
