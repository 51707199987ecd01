"""Dividing, gathering and reconciling a run, on objects as the tasks leave them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.errors import RunFailedError, RunIncompleteError
from include.interval import Interval
from include.lake import account_report_key, run_report_key
from include.lookup import lookup_prefix
from include.outcomes import Outcome
from include.raw import Fetched, RawBatch
from include.report import AccountReport, RunReport
from include.run import batches, give_back, reconcile, report
from include.settings import Settings
from include.source import Fetch
from include.spending.ledger import Resources, run_name
from include.spending.purse import Bill, Purse, Spent
from include.x_api.answer import Answer

SETTINGS = Settings(
    bucket="tweet-lake",
    alert_to=("data-team@example.org",),
    data_docs_url="http://docs.example.org",
    validation_tasks=3,
)

AT = datetime(2026, 11, 2, 12, 1, tzinfo=UTC)


def fetch(account):
    return Fetch(account=account, user_id="1", planned_at=AT)


PARTIAL = Fetched(
    account="broken",
    outcome="fetched",
    detail="",
    author_id="1",
    pages=1,
    posts_returned=2,
    users_returned=0,
    requests=1,
    days={AT.date(): Spent(posts=2, posts_returned=2)},
    partial="The budget is used up.",
)


@pytest.fixture
def fetched(lake, interval):
    def fetched(account, posts, *, users=0, over=interval):
        RawBatch(lake, "tweets", over, account).finish(
            Fetched(
                account=account,
                outcome="fetched",
                detail="",
                author_id="1",
                pages=1,
                posts_returned=posts,
                users_returned=users,
                requests=1,
                days={
                    AT.date(): Spent(
                        posts=posts,
                        posts_returned=posts,
                        users=tuple(f"user_{number}" for number in range(users)),
                    )
                },
            )
        )
        return fetch(account)

    return fetched


@pytest.fixture
def past(lake, interval):
    def past(account, rows, *, runs, outcome=Outcome.LANDED):
        for age in range(1, runs + 1):
            then = Interval(
                interval.start - timedelta(hours=4 * age), interval.end - timedelta(hours=4 * age)
            )
            run = RunReport(
                dataset="tweets",
                interval=then.name,
                accounts=[
                    AccountReport(
                        account=account, outcome=outcome, detail="", rows_in=rows, curated=rows
                    )
                ],
                bill=Bill(),
            )
            lake.put_json(run_report_key("tweets", then), run.model_dump(mode="json"))

    return past


def test_accounts_are_divided_so_that_tasks_take_about_the_same_time(lake, interval, fetched):
    fetches = [fetched(f"account_{posts}", posts) for posts in (1, 2, 3, 40, 50, 60)]
    divided = batches(lake, "tweets", interval, fetches, SETTINGS)
    assert [sorted(batch.volumes) for batch in divided] == [
        ["account_3", "account_60"],
        ["account_2", "account_50"],
        ["account_1", "account_40"],
    ]
    assert divided[0].label == "account_60 +1"


def test_with_few_accounts_each_has_a_batch_of_its_own(lake, interval, fetched):
    divided = batches(lake, "tweets", interval, [fetched("one", 5), fetched("two", 4)], SETTINGS)
    assert [batch.label for batch in divided] == ["one", "two"]


def test_an_account_whose_pages_are_not_complete_is_not_validated(lake, interval, fetched):
    divided = batches(lake, "tweets", interval, [fetched("one", 5), fetch("two")], SETTINGS)
    assert [batch.label for batch in divided] == ["one"]
    assert batches(lake, "tweets", interval, [fetch("two")], SETTINGS) == []


def test_the_recent_past_bounds_the_volume(lake, interval, fetched, past):
    past("busy", 30, runs=12)
    (batch,) = batches(lake, "tweets", interval, [fetched("busy", 5)], SETTINGS)
    assert batch.volumes == {"busy": (10, 100)}


@pytest.mark.parametrize(
    "history", [(11, Outcome.LANDED), (12, Outcome.FAILED), (12, Outcome.SUSPENDED)]
)
def test_without_enough_of_a_past_any_volume_is_likely(lake, interval, fetched, past, history):
    past("young", 30, runs=history[0], outcome=history[1])
    (batch,) = batches(lake, "tweets", interval, [fetched("young", 5)], SETTINGS)
    least, most = batch.volumes["young"]
    assert least == 0
    assert most >= 100_000


def test_a_backfill_is_not_compared_with_what_came_after_it(lake, interval, fetched, past):
    past("busy", 30, runs=12)
    earlier = Interval(interval.start - timedelta(days=2), interval.end - timedelta(days=2))
    (batch,) = batches(lake, "tweets", earlier, [fetched("busy", 5, over=earlier)], SETTINGS)
    assert batch.volumes["busy"][0] == 0


def test_the_report_names_what_stopped_a_fetch(lake, interval):
    RawBatch(lake, "tweets", interval, "broken").fail(RuntimeError("the line went dead"))
    run = report(lake, "tweets", interval, [fetch("broken"), fetch("absent")], SETTINGS)
    assert [(a.account, a.outcome) for a in run.accounts] == [
        ("absent", Outcome.FAILED),
        ("broken", Outcome.FAILED),
    ]
    assert run.accounts[1].detail == "the line went dead"
    assert "extract" in run.accounts[0].detail


def test_what_was_fetched_and_not_validated_is_failed_and_counted(lake, interval, fetched):
    fetches = [fetched("fetched", 200, users=3)]
    batches(lake, "tweets", interval, fetches, SETTINGS)
    run = report(lake, "tweets", interval, fetches, SETTINGS)
    assert run.accounts[0].outcome is Outcome.FAILED
    assert "validate" in run.accounts[0].detail
    assert run.bill.charged == Resources(posts=200, users=3)
    assert run.bill.usd == pytest.approx(200 * 0.005 + 3 * 0.010)


def test_the_lookup_is_part_of_the_cost(lake, interval):
    lake.put_page(
        f"{lookup_prefix(interval)}lookup-0000.json.gz",
        b'{"data": [{"id": "1", "username": "one"}, {"id": "2", "username": "two"}]}',
        AT,
    )
    batches(lake, "tweets", interval, [], SETTINGS)
    run = report(lake, "tweets", interval, [], SETTINGS)
    assert run.bill.charged == Resources(users=2)
    assert run.bill.usd == pytest.approx(0.02)


def test_what_failed_costs_what_x_returned_and_gives_the_rest_back(lake, interval):
    raw = RawBatch(lake, "tweets", interval, "broken")
    raw.add_page(Answer(b'{"data": [{"id": "1"}, {"id": "2"}]}', AT))
    broken = fetch("broken").model_copy(update={"most_posts": 100})
    batches(lake, "tweets", interval, [broken], SETTINGS)
    bill = report(lake, "tweets", interval, [broken], SETTINGS).bill
    assert bill.charged == Resources(posts=2)
    assert bill.month_usd == pytest.approx(2 * 0.005)


def test_what_an_account_cost_counts_also_once_it_is_disabled(lake, interval, fetched):
    big = fetched("big", 100)
    batches(lake, "tweets", interval, [big, fetched("small", 10)], SETTINGS)
    batches(lake, "tweets", interval, [fetched("small", 10), fetched("new", 50)], SETTINGS)
    assert report(lake, "tweets", interval, [], SETTINGS).bill.charged == Resources(posts=160)


def test_what_a_partial_fetch_brought_when_it_went_on_counts_though_it_failed_then(lake, interval):
    raw = RawBatch(lake, "tweets", interval, "broken")
    raw.add_page(Answer(b'{"data": [{"id": "1"}, {"id": "2"}]}', AT))
    raw.finish(PARTIAL)
    raw.add_page(Answer(b'{"data": [{"id": "3"}]}', AT))
    raw.fail(RuntimeError("the line went dead"))
    batches(lake, "tweets", interval, [fetch("broken")], SETTINGS)
    assert report(lake, "tweets", interval, [], SETTINGS).bill.charged == Resources(posts=3)


def test_a_partial_fetch_costs_what_it_dropped_as_well(lake, interval):
    raw = RawBatch(lake, "tweets", interval, "broken")
    raw.add_page(Answer(b'{"data": [{"id": "2"}]}', AT))
    raw.finish(PARTIAL)
    batches(lake, "tweets", interval, [fetch("broken")], SETTINGS)
    assert report(lake, "tweets", interval, [], SETTINGS).bill.charged == Resources(posts=2)


def test_what_a_killed_attempt_bought_stays_charged_and_the_rest_is_given_back(lake, interval):
    killed = Purse(lake, SETTINGS, run_name("tweets", interval), AT)
    killed.reserve(Resources(posts=100))
    page = Answer(b'{"data": [{"id": "1"}, {"id": "2"}]}', AT)
    RawBatch(lake, "tweets", interval, "one").add_page(page)
    give_back(lake, "tweets", interval, killed)
    bill = report(lake, "tweets", interval, [fetch("one")], SETTINGS).bill
    assert bill.charged == Resources(posts=2)
    assert bill.month_usd == pytest.approx(2 * 0.005)
    assert not killed.is_settled()


def test_an_earlier_report_does_not_hide_that_the_pages_are_gone(lake, interval):
    before = AccountReport(account="one", outcome=Outcome.LANDED, detail="", rows_in=1, curated=1)
    lake.put_json(account_report_key("tweets", interval, "one"), before.model_dump(mode="json"))
    RawBatch(lake, "tweets", interval, "one").fail(RuntimeError("401"))
    run = report(lake, "tweets", interval, [fetch("one")], SETTINGS)
    assert (run.accounts[0].outcome, run.accounts[0].detail) == (Outcome.FAILED, "401")


@pytest.fixture
def landed(lake, interval, fetched):
    one_fetched = fetched("one", 1)
    keys = ["curated/tweets/dt=2026-11-02/account=one/x.parquet"]
    one = AccountReport(
        account="one", outcome=Outcome.LANDED, detail="", rows_in=1, curated=1, curated_keys=keys
    )
    for key in keys:
        lake.put(key, b"PAR1")
    lake.put_json(account_report_key("tweets", interval, "one"), one.model_dump(mode="json"))
    return report(lake, "tweets", interval, [one_fetched], SETTINGS)


def test_reconcile_is_content_when_all_is_there(lake, landed):
    reconcile(lake, landed)


def test_reconcile_names_the_object_that_is_gone(lake, landed):
    lake.delete(landed.accounts[0].curated_keys[0])
    with pytest.raises(RunIncompleteError, match=r"one: s3://.*/x\.parquet is not there"):
        reconcile(lake, landed)


def test_reconcile_names_every_account_that_failed(lake, interval):
    run = report(lake, "tweets", interval, [fetch("a"), fetch("b")], SETTINGS)
    with pytest.raises(RunFailedError, match=r"(?s)2 accounts of tweets .*a: .*b: "):
        reconcile(lake, run)
