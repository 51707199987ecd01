"""Reserving, settling and explaining a budget that several runs share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.lake import Lake
from include.settings import Settings
from include.spending.ledger import LedgerUnreadable, Resources, ledger_key, read_month, total
from include.spending.purse import Purse, Spent

NOON = datetime(2026, 11, 2, 12, 1, tzinfo=UTC)
TODAY = NOON.date()


def purse(lake: Lake, run: str = "tweets/a", now: datetime = NOON, **caps: Any) -> Purse:
    unlimited = {"usd_per_day": None, "usd_per_month": None}
    settings = Settings(
        bucket="lake",
        alert_to=("data-team@example.org",),
        data_docs_url="http://docs.example.org",
        **{**unlimited, **caps},
    )
    return Purse(lake, settings, run, now)


def posts(number: int) -> Resources:
    return Resources(posts=number)


def test_without_a_cap_all_that_is_wanted_is_granted(lake: Lake) -> None:
    wanted = Resources(posts=100_000, users=2_000)
    assert purse(lake).reserve(wanted) == wanted


@pytest.mark.parametrize("cap", ["usd_per_run", "usd_per_day", "usd_per_month"])
def test_a_cap_bounds_what_is_granted(lake: Lake, cap: str) -> None:
    first = purse(lake, **{cap: 1.0})
    assert first.reserve(posts(150)) == posts(150)
    assert first.reserve(posts(150)) == posts(50)
    assert first.reserve(posts(150)) == posts(0)


def test_every_run_has_its_own_run_s_cap_and_shares_the_others(lake: Lake) -> None:
    caps = {"usd_per_run": 1.0, "usd_per_day": 1.5}
    assert purse(lake, "tweets/a", **caps).reserve(posts(300)) == posts(200)
    assert purse(lake, "tweets/b", **caps).reserve(posts(300)) == posts(100)


def test_the_next_day_and_the_next_month_begin_anew(lake: Lake) -> None:
    caps = {"usd_per_day": 1.0, "usd_per_month": 1.5}
    assert purse(lake, **caps).reserve(posts(300)) == posts(200)
    tomorrow = purse(lake, now=NOON + timedelta(days=1), **caps)
    assert tomorrow.reserve(posts(300)) == posts(100)
    next_month = purse(lake, now=NOON + timedelta(days=30), **caps)
    assert next_month.reserve(posts(300)) == posts(200)


def test_x_s_own_cap_counts_posts(lake: Lake) -> None:
    assert purse(lake, posts_per_month=70).reserve(Resources(posts=100, users=9)) == Resources(
        posts=70, users=9
    )


def test_users_go_first(lake: Lake) -> None:
    granted = purse(lake, usd_per_day=1.0).reserve(Resources(posts=200, users=60))
    assert granted == Resources(posts=80, users=60)


def test_a_share_leaves_the_rest_for_others(lake: Lake) -> None:
    assert purse(lake, "tweets/a", usd_per_day=1.0).reserve(posts(500), share=0.5) == posts(100)
    assert purse(lake, "users/a", usd_per_day=1.0).reserve(posts(500)) == posts(100)


def test_runs_that_reserve_at_once_never_get_more_than_there_is(lake: Lake) -> None:
    def reserve(number: int) -> int:
        return purse(lake, f"tweets/{number}", usd_per_day=1.0).reserve(posts(60)).posts

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(reserve, range(8))) == 200


def test_what_is_settled_takes_the_place_of_what_was_reserved(lake: Lake) -> None:
    run = purse(lake, usd_per_day=1.0)
    run.reserve(Resources(posts=180, users=10))
    run.settle({TODAY: Spent(posts=20, posts_returned=30, users=("nasa", "esa", "nasa"))})
    assert run.reserve(posts(500)) == posts(176)  # $1.00 less 20 posts and 2 users


def test_settling_twice_is_settling_once(lake: Lake) -> None:
    run = purse(lake)
    for _ in range(2):
        run.settle({TODAY: Spent(posts=20, posts_returned=30, users=("nasa", "nasa"))})
    bill = run.bill()
    assert bill.charged == Resources(posts=20, users=1)
    assert bill.returned == Resources(posts=30, users=2)
    assert (bill.usd, bill.saved_usd) == (pytest.approx(0.11), pytest.approx(0.06))


def test_what_was_charged_once_stays_charged(lake: Lake) -> None:
    run = purse(lake)
    run.settle({TODAY: Spent(posts=110, posts_returned=120, users=("nasa", "esa", "nasa"))})
    before = read_month(lake, TODAY)
    run.settle({TODAY: Spent(posts=10, posts_returned=20, users=("esa",))})
    run.settle({})
    assert read_month(lake, TODAY) == before


def test_a_user_is_charged_to_the_first_run_of_the_day(lake: Lake) -> None:
    first, second = purse(lake, "tweets/a"), purse(lake, "users/a")
    first.settle({TODAY: Spent(users=("nasa",))})
    second.settle({TODAY: Spent(users=("nasa", "esa"))})
    assert (first.bill().charged.users, second.bill().charged.users) == (1, 1)
    assert second.users_charged() == {"nasa", "esa"}
    tomorrow = purse(lake, "tweets/b", NOON + timedelta(days=1))
    assert tomorrow.users_charged() == set()


def test_a_day_that_is_over_is_settled_again_as_it_was(lake: Lake) -> None:
    first, second = purse(lake, "tweets/a"), purse(lake, "users/a")
    tomorrow = purse(lake, "tweets/b", NOON + timedelta(days=1))
    first.settle({TODAY: Spent(users=("nasa",))})
    second.settle({TODAY: Spent(users=("nasa", "esa"))})
    tomorrow.settle({tomorrow.today: Spent(users=("nasa",))})
    before = read_month(lake, TODAY)
    second.settle({TODAY: Spent(users=("nasa", "esa"))})
    assert second.bill().charged.users == 1
    assert read_month(lake, TODAY).day(TODAY).runs == before.day(TODAY).runs


def test_pages_of_two_days_are_charged_on_their_days(lake: Lake) -> None:
    run = purse(lake)
    yesterday = TODAY - timedelta(days=1)
    run.settle({yesterday: Spent(posts=5), TODAY: Spent(posts=7)})
    month = read_month(lake, TODAY)
    assert (month.day(yesterday).posts, month.day(TODAY).posts) == (5, 7)
    assert run.bill().charged.posts == 12


def test_what_an_attempt_reserved_is_given_back(lake: Lake) -> None:
    run = purse(lake, usd_per_day=1.0)
    run.reserve(posts(150))
    run.release()
    assert run.reserve(posts(500)) == posts(200)


@pytest.mark.parametrize("later", [timedelta(days=1), timedelta(days=30)], ids=str)
@pytest.mark.parametrize("give_back", [Purse.release, lambda run: run.settle({})])
def test_what_an_attempt_reserved_on_another_day_is_given_back(
    lake: Lake, later: timedelta, give_back: Callable[[Purse], None]
) -> None:
    first, other = purse(lake), purse(lake, "tweets/b")
    first.reserve(posts(150))
    other.reserve(posts(20))
    anew = purse(lake, now=NOON + later)
    assert anew.has_reserved()
    give_back(anew)
    assert not anew.has_reserved()
    assert total(read_month(lake, TODAY).day(TODAY).runs.values()) == posts(20)


def test_a_settled_run_that_set_aside_more_on_a_later_day_gives_it_back(lake: Lake) -> None:
    run, late = purse(lake), purse(lake, now=NOON + timedelta(days=30))
    run.settle({TODAY: Spent(posts=5)})
    late.reserve(posts(100))
    run.settle({TODAY: Spent(posts=5)})
    assert not late.has_reserved()
    assert run.bill().charged == posts(5)


def test_the_forecast_goes_on_like_the_days_so_far(lake: Lake) -> None:
    for age in range(4):
        run = purse(lake, f"tweets/{age}", NOON - timedelta(days=age, minutes=1))
        run.settle({TODAY - timedelta(days=age): Spent(posts=100)})
    bill = purse(lake, "tweets/0", NOON - timedelta(minutes=1)).bill()
    assert bill.usd == 0.5
    # Two of its days lie in October; $1.00 in a day and a half makes $20 in thirty.
    assert (bill.month_usd, bill.month_forecast_usd) == (1.0, 20.0)


def test_what_is_used_is_said_of_every_cap(lake: Lake) -> None:
    run = purse(lake, usd_per_run=2.0, usd_per_day=5.0, usd_per_month=9.0)
    run.reserve(posts(300))
    assert run.explain() == (
        "used up to now: $1.50 of $2.00 a run, $1.50 of $5.00 a day, $1.50 of $9.00 a month, "
        "300 of 3,000,000 posts a month"
    )


def test_a_damaged_ledger_is_named_and_left_alone(lake: Lake) -> None:
    lake.put(ledger_key(TODAY), b"{]")
    with pytest.raises(LedgerUnreadable, match=r"raw/spending/2026-11\.json .* earlier version"):
        purse(lake).reserve(posts(1))
    assert lake.get(ledger_key(TODAY)) == b"{]"
