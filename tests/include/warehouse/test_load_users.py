"""Versions of accounts follow from what the lake has of them, whatever was loaded before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.include.warehouse.conftest import POSTED

DAY = timedelta(days=1)


@pytest.mark.parametrize("name", ["B", "C", "A"])
@pytest.mark.parametrize("number", [6, 7])
def test_the_day_of_a_change_is_fetched_again(house, name, number):
    """In its own interval and in a later one, with the same profile, another one, the first one."""
    people = range(20)
    house.land("users", 0, *({"n": n, "name": "A"} for n in people))
    house.land("users", 6, *({"n": n, "name": "B", "observed_at": POSTED + DAY} for n in people))
    house.load("users")
    later = {"name": name, "followers_count": 7, "observed_at": POSTED + DAY + timedelta(hours=1)}
    house.land("users", number, *({"n": n} | later for n in people))

    (done,) = house.load("users")

    assert done.failed == {}
    assert house.ask("SELECT count(*) FROM fact_user_metrics WHERE followers_count = 7") == [20]
    versions = house.ask(
        "SELECT name, valid_from::text FROM dim_user WHERE user_id = 3 ORDER BY dim_user.valid_from"
    )
    then = [] if name == "A" else [(name, "2026-11-03 10:30:00+00")]
    assert versions == [("A", "-infinity"), *then]


def test_versions_that_were_changed_by_hand_are_made_anew(house):
    house.land("users", 0, {"n": 12, "name": "A"})
    house.land("users", 6, {"n": 12, "name": "B", "observed_at": POSTED + DAY})
    house.land("tweets", 2, {"n": 1}, {"n": 2, "created_at": POSTED + 2 * DAY})
    house.load()
    house.ask("UPDATE dim_user SET valid_from = '2026-01-01' WHERE name = 'A' RETURNING 1")
    house.ask("UPDATE load_object SET etag = '' RETURNING 1")

    loaded = house.load()

    assert [done.failed for done in loaded] == [{}] * 3
    assert house.ask(
        "SELECT tweet_id % 10, name, valid_from::text FROM fact_tweet"
        " JOIN dim_user ON user_key = author_key ORDER BY tweet_id"
    ) == [(1, "A", "-infinity"), (2, "B", "2026-11-03 09:30:00+00")]
    assert house.ask("SELECT count(*) FROM dim_user") == [2]
