"""Runs that could cost more than they may."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from include.interval import Interval
from include.lake import ALL_ACCOUNTS
from include.outcomes import Outcome
from include.spending.ledger import Resources, read_month, total

TODAY = date(2026, 11, 2)


def test_a_budget_that_is_used_up_is_an_outcome_and_a_later_run_goes_on(world, ingest):
    first = ingest("harbour_news", "rail_updates", usd_per_day=0.30)
    assert first.succeeded
    # Who comes first gets what is left of the budget.
    assert {a.outcome for a in first.report.accounts} == {Outcome.LANDED, Outcome.PARTIAL}
    assert all(account.curated for account in first.report.accounts)
    assert first.report.bill.usd <= 0.30
    (mail,) = world.mails
    text = mail.get_body(("plain",)).get_content()
    assert "The budget is used up" in text
    assert "of $0.30 a day" in text

    second = ingest("harbour_news", "rail_updates", usd_per_day=1.0)
    assert {a.outcome for a in second.report.accounts} == {Outcome.LANDED}
    curated = sum(account.curated for account in second.report.accounts)
    assert world.api.usage.posts_on(TODAY) == world.api.usage.returned_posts == curated
    assert second.report.bill.charged == Resources(posts=curated, users=2)
    _, recovered = world.mails
    assert recovered["Subject"].endswith(" recovered")


def test_a_rerun_without_money_keeps_what_has_landed(world, ingest):
    first = ingest("harbour_news", "rail_updates", usd_per_day=0.30)
    assert {a.outcome for a in first.report.accounts} == {Outcome.LANDED, Outcome.PARTIAL}
    world.travel(datetime(2026, 11, 3, 12, 1, tzinfo=UTC))
    second = ingest("harbour_news", "rail_updates", usd_per_day=0.01)
    curated = [a.curated for a in first.report.accounts]
    assert [a.curated for a in second.report.accounts] == curated
    assert [a.outcome for a in second.report.accounts] == [a.outcome for a in first.report.accounts]


def test_a_run_that_failed_keeps_nothing_of_the_budget(world, world_lake, ingest):
    world.faults.add("spending_limit", path="/users/[0-9]+/tweets", times=None)
    assert not ingest("harbour_news", "rail_updates", usd_per_day=1.0).succeeded
    month = read_month(world_lake, TODAY)
    assert total(month.day(TODAY).runs.values()) == Resources(users=2)


def test_a_plan_that_failed_keeps_what_was_looked_up_and_nothing_else(world, world_lake, ingest):
    world.faults.add("spending_limit", path="/users/by", after=1)
    run = ingest(*(f"load_{number:04d}" for number in range(150)))
    assert run.states["plan"] == {"failed"}
    assert world.api.usage.users_on(TODAY) == 100
    assert total(read_month(world_lake, TODAY).day(TODAY).runs.values()) == Resources(users=100)


def test_a_budget_too_small_to_look_anybody_up_spends_nothing(world, ingest):
    run = ingest("harbour_news", "rail_updates", usd_per_day=0.01)
    assert run.succeeded
    assert {account.outcome for account in run.report.accounts} == {Outcome.PARTIAL}
    assert [r.path for r in world.requests] == ["/2/usage/tweets"]
    assert ingest("harbour_news", "rail_updates").account("harbour_news").outcome is Outcome.LANDED


def test_the_ledger_says_what_x_counts(world, ingest):
    run = ingest("harbour_news", "faulty_feed", "shuttered_shop", "members_circle")
    assert run.report.bill.charged == Resources(
        posts=world.api.usage.posts_on(TODAY), users=world.api.usage.users_on(TODAY)
    )


def test_profiles_beyond_the_budget_are_left_out_and_said(world, ingest):
    day = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    world.travel(day.end + timedelta(minutes=1))
    run = ingest("harbour_news", "rail_updates", dataset="users", over=day, usd_per_run=0.01)
    account = run.account(ALL_ACCOUNTS)
    assert (account.outcome, account.curated) == (Outcome.PARTIAL, 1)
    assert "too small for 1 more" in account.detail


@pytest.mark.parametrize(("percent", "told"), [(1, False), (20, True)])
def test_a_count_of_x_s_own_that_differs_is_told(world, ingest, interval, percent, told):
    ingest("harbour_news")
    day = timedelta(days=1)
    world.travel(interval.end + day + timedelta(minutes=1))
    world.faults.add("usage_drift", percent=percent)
    run = ingest("harbour_news", over=Interval(interval.start + day, interval.end + day))
    assert run.succeeded
    # The mail is also about the day between the two runs, when none came.
    (mail,) = world.mails
    assert "something to know" in mail["subject"]
    text = mail.get_body(("plain",)).get_content()
    assert "Nothing was run over" in text
    assert ("X counted" in text) is told


def test_an_app_without_access_to_its_usage_runs_and_says_so(world, ingest, interval):
    world.faults.add("forbidden", path="/2/usage", times=None)
    assert ingest("harbour_news").succeeded
    assert world.mails == []
    day = timedelta(days=1)
    world.travel(interval.end + day + timedelta(minutes=1))
    run = ingest("harbour_news", over=Interval(interval.start + day, interval.end + day))
    assert run.succeeded
    assert run.account("harbour_news").outcome is Outcome.LANDED
    (mail,) = world.mails
    assert "can't be compared with X's count" in mail.get_body(("plain",)).get_content()


def test_what_expansions_bring_counts_as_charged(world, ingest):
    costly = ["author_id", "referenced_tweets.id.author_id", "entities.mentions.username"]
    run = ingest("repost_relay", expansions=costly)
    relay, bill = run.account("repost_relay"), run.report.bill
    assert relay.outcome is Outcome.LANDED
    assert relay.posts_returned > relay.curated
    assert relay.users_returned > 1
    assert bill.charged == Resources(
        posts=world.api.usage.posts_on(TODAY), users=world.api.usage.users_on(TODAY)
    )
