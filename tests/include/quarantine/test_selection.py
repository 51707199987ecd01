"""Finding what is meant, and a sentence for what is not there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from include.errors import BadConfiguration
from include.interval import Interval
from include.quarantine.decision import AlreadyDecided
from include.quarantine.items import (
    OPEN_KEY,
    ItemsUnreadable,
    State,
    drop_expired,
    items_key,
    newest_open,
    open_by_month,
    read_items,
)
from include.quarantine.selection import NothingSelected, parse_selection, select, select_open
from tests.include.quarantine.conftest import BAD
from tests.include.quarantine.test_carry_out import do, plan_of

OCTOBER = Interval(datetime(2026, 10, 31, 20, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
WORSE = {"public_metrics": {"reply_count": -1}}


@pytest.fixture
def full(reviewed):
    """Three items in two months."""
    minutes = (OCTOBER.start - reviewed.interval.start) // timedelta(minutes=1)
    reviewed.run(over=OCTOBER, nasa=[reviewed.post(minutes + 1, **BAD)])
    reviewed.run(nasa=[reviewed.post(2, **WORSE)], esa=[reviewed.post(9, "esa", **BAD)])
    return reviewed


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["nasa", "esa", "nasa"]),
        ({"dataset": "tweets"}, ["nasa", "esa", "nasa"]),
        ({"dataset": "users"}, []),
        ({"account": "@ESA"}, ["esa"]),
        ({"since": "2026-11-01"}, ["nasa", "esa"]),
        ({"until": "2026-10-31"}, ["nasa"]),
        ({"interval": OCTOBER.name}, ["nasa"]),
        ({"reason": "reply_count_not_negative"}, ["nasa"]),
        ({"state": "open", "account": "nasa"}, ["nasa", "nasa"]),
        ({"state": "released"}, []),
    ],
)
def test_what_is_asked_for_is_found_newest_first(full, asked, found):
    items = full.items(**asked)
    assert [item.account for item in items] == found
    assert [item.interval for item in items] == sorted((i.interval for i in items), reverse=True)


def test_what_was_decided_is_found_by_its_state_and_by_what_it_failed(full):
    do(full, plan_of(full, "released", account="esa"))
    assert [item.account for item in full.items(state="released")] == ["esa"]
    assert [item.state for item in full.items(reason="like_count_not_negative")] == [
        State.RELEASED,
        State.OPEN,
    ]
    assert len(full.items(state="open")) == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"dataset": "twets"}, r"there is no dataset 'twets'; there are tweet_metrics, tweets"),
        ({"interval": "yesterday"}, r"interval: 'yesterday' is not an interval; write 2026"),
        ({"since": "01.11.2026"}, r"since: .*date"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, r"since 2026-11-02 is after until"),
        ({"state": "lost"}, r"state: .*'open'"),
        ({"colour": "red"}, r"colour: "),
    ],
)
def test_what_can_not_be_meant_is_told(asked, told):
    with pytest.raises(BadConfiguration, match=told):
        parse_selection(**asked)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"account": "nsa"}, r"account nsa; accounts with rows there: esa, nasa"),
        ({"reason": "odd"}, r"reasons of rows there: like_count_not_negative, reply_count_not"),
        ({"since": "2026-12-01"}, r"there are rows from 2026-10-31 to 2026-11-02"),
        ({"dataset": "users"}, r"the whole zone is empty"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(full, asked, told):
    with pytest.raises(NothingSelected, match=told):
        select_open(full.lake, parse_selection(**asked))


def test_what_is_decided_already_is_told_with_who_when_and_why(full):
    do(full, plan_of(full, "discarded", account="esa"))
    with pytest.raises(
        AlreadyDecided, match=r"esa was discarded by ada at 2026-11-03 09:30 UTC: looked at it"
    ):
        select_open(full.lake, parse_selection(account="esa"))


def test_what_is_open_is_counted_by_month_and_the_newest_comes_first(full):
    assert open_by_month(full.lake) == {"tweets": {"2026-10": 1, "2026-11": 2}}
    assert [item.interval for item in newest_open(full.lake, open_by_month(full.lake), 2)] == [
        full.interval.name
    ] * 2
    assert len(list(newest_open(full.lake, open_by_month(full.lake), 10))) == 3


def test_a_rerun_without_what_was_bad_leaves_a_cleared_item(full):
    for key in list(full.lake.keys("raw/tweets/dt=2026-11-02/account=esa/")):
        full.lake.delete(key)
    full.run(esa=[full.post(9, "esa")], nasa=[])
    assert {item.account: item.state for item in read_items(full.lake, "tweets", "2026-11")} == {
        "esa": State.CLEARED,
        "nasa": State.OPEN,
    }


def test_a_clean_run_writes_no_list(reviewed):
    reviewed.run(nasa=[reviewed.post(1)])
    assert not list(reviewed.lake.keys("review/"))
    assert select(reviewed.lake, parse_selection()) == []


@pytest.mark.parametrize("key", [items_key("tweets", "2026-11"), OPEN_KEY])
def test_a_damaged_list_is_told_and_not_taken_for_an_empty_one(full, key):
    full.lake.put(key, b"[]")
    with pytest.raises(ItemsUnreadable, match=key):
        list(newest_open(full.lake, open_by_month(full.lake), 3))


def test_what_s3_has_deleted_goes_off_the_list_and_the_rest_stays(full):
    for key in list(full.lake.keys("quarantine/tweets/dt=2026-10-31/")):
        full.lake.delete(key)
    do(full, plan_of(full, "released", account="esa"))

    assert drop_expired(full.lake, "tweets", date(2026, 10, 31)) == []
    assert drop_expired(full.lake, "tweets", date(2026, 11, 30)) == [f"tweets/{OCTOBER}/nasa"]

    assert [item.state for item in full.items()] == [State.OPEN, State.RELEASED]
    assert open_by_month(full.lake) == {"tweets": {"2026-11": 1}}
