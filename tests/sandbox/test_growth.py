"""Counts that grow while the world's clock moves on."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.cast import Account
from sandbox.population import key_at
from sandbox.posts import moment
from sandbox.world import World

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
START, END = NOW - 8 * HOURS, NOW - 4 * HOURS
AGES = [timedelta(), HOURS, 6 * HOURS, DAYS, 2 * DAYS, 7 * DAYS, 20 * DAYS, 31 * DAYS, 90 * DAYS]
FIELDS = {"tweet.fields": "public_metrics,created_at"}
Get = Callable[..., requests.Response]
Cast = dict[str, Account]
Counts = dict[str, int]


def looked_up(ask: Get, ids: list[str]) -> dict[str, Any]:
    posts = ask("/2/tweets", ids=",".join(ids), **FIELDS).json()["data"]
    return {post["id"]: post for post in posts}


def history(world: World, ask: Get, account: Account) -> list[list[Counts]]:
    """The counts of an account's posts at several ages of the youngest, one list for each age."""
    posts = list(world.population.between(account, key_at(START), key_at(END)))
    ids = [str(post.post_id) for post in posts]
    counts = []
    for age in AGES:
        world.travel(moment(posts[0].post_id) + age)
        found = looked_up(ask, ids)
        metrics = [found[i].get("public_metrics") for i in ids]
        counts.append(metrics)
    return counts


@pytest.mark.parametrize("username", ["harbour_news", "orbit_observer", "repost_relay"])
def test_counts_of_a_post_only_ever_grow(own_world: World, ask: Get, cast: Cast, username: str):
    steps = history(own_world, ask, cast[username])
    for before, after in itertools.pairwise(steps):
        for old, new in zip(before, after, strict=True):
            assert set(old) == set(new)
            assert all(0 <= old[name] <= new[name] for name in old)


def test_they_begin_at_nothing_grow_fast_at_first_and_come_to_an_end(
    own_world: World, ask: Get, cast: Cast
):
    account = cast["harbour_news"]
    sums = [sum(c["impression_count"] for c in step) for step in history(own_world, ask, account)]
    youngest = [step[0]["impression_count"] for step in history(own_world, ask, account)]
    assert youngest[0] == 0
    first_day, second_day = youngest[3] - youngest[0], youngest[4] - youngest[3]
    assert first_day > 4 * second_day > 0
    assert len(set(sums[:-1])) == len(sums) - 1, "something has grown each time"
    assert sums[-1] == sums[-2], "a month old: nothing grows any more"


def test_they_grow_towards_what_the_population_says(own_world: World, ask: Get, cast: Cast):
    posts = own_world.population.between(cast["harbour_news"], key_at(START), key_at(END))
    full = {str(post.post_id): post.body["public_metrics"] for post in posts}
    own_world.travel(NOW + 30 * DAYS)
    found = looked_up(ask, list(full))
    assert {post_id: post["public_metrics"] for post_id, post in found.items()} == full


def test_every_endpoint_tells_the_same_counts(own_world: World, ask: Get, cast: Cast):
    account = cast["harbour_news"]
    interval = {"start_time": "2026-11-20T04:00:00Z", "end_time": "2026-11-20T08:00:00Z"}
    query = {"max_results": 100, **interval, **FIELDS}
    timeline = ask(f"/2/users/{account.user_id}/tweets", **query).json()["data"]
    search = ask("/2/tweets/search/recent", query="from:harbour_news", **query).json()["data"]
    ids = [post["id"] for post in timeline]
    assert timeline == search == list(looked_up(ask, ids).values())


def test_equal_clocks_give_equal_bytes(own_world: World, ask: Get, cast: Cast):
    path = f"/2/users/{cast['harbour_news'].user_id}/tweets"
    query = {"end_time": "2026-11-20T08:00:00Z", **FIELDS}
    first = ask(path, **query).content
    own_world.travel(NOW + DAYS)
    assert ask(path, **query).content != first
    own_world.travel(NOW)
    assert ask(path, **query).content == first


def test_an_old_post_never_learns_the_newer_counts(own_world: World, ask: Get, cast: Cast):
    hours = (
        key_at(datetime(2022, 12, 14, tzinfo=UTC)),
        key_at(datetime(2022, 12, 14, 4, tzinfo=UTC)),
    )
    old = next(own_world.population.between(cast["harbour_news"], *hours))
    for now in (datetime(2022, 12, 16, tzinfo=UTC), NOW):
        own_world.travel(now)
        (post,) = looked_up(ask, [str(old.post_id)]).values()
        names = {"retweet_count", "reply_count", "like_count", "quote_count"}
        assert set(post["public_metrics"]) == names


@pytest.mark.parametrize("username", ["faulty_feed", "drifting_feed"])
def test_what_is_wrong_with_a_post_stays_as_it_was(
    own_world: World, ask: Get, cast: Cast, username: str
):
    def wrong() -> list[Any]:
        posts, token = [], {}
        while True:
            path = f"/2/users/{cast[username].user_id}/tweets"
            interval = {"start_time": "2026-11-20T04:00:00Z", "end_time": "2026-11-20T08:00:00Z"}
            page = ask(path, max_results=100, **interval, **FIELDS, **token).json()
            posts += page["data"]
            if "next_token" not in page["meta"]:
                break
            token = {"pagination_token": page["meta"]["next_token"]}
        if username == "drifting_feed":
            return posts
        kept = own_world.population.between(cast[username], key_at(START), key_at(END))
        return [post for post, whole in zip(posts, kept, strict=True) if whole.malformation]

    before = wrong()
    assert before
    own_world.travel(NOW + 3 * DAYS)
    assert wrong() == before


def test_a_second_copy_of_a_post_has_the_same_counts(own_world: World, ask: Get, cast: Cast):
    posts = list(own_world.population.between(cast["faulty_feed"], key_at(START), key_at(END)))
    ids = [post.post_id for post in posts]
    first, second = (post for post in posts if ids.count(post.post_id) == 2)
    own_world.travel(NOW + HOURS)
    copies = [looked_up(ask, [str(post.key)]) for post in (first, second)]
    assert copies[0] == copies[1]


@pytest.mark.parametrize("username", ["harbour_news", "orbit_observer"])
def test_counts_of_a_user_grow_too(own_world: World, ask: Get, username: str):
    def counts() -> Counts:
        fields = {"user.fields": "public_metrics"}
        (user,) = ask("/2/users/by", usernames=username, **fields).json()["data"]
        return user["public_metrics"]

    seen = []
    for age in (timedelta(), *AGES[1:]):
        own_world.travel(NOW + age)
        seen.append(counts())
    for before, after in itertools.pairwise(seen):
        assert all(before[name] <= after[name] for name in before)
    assert seen[-1]["followers_count"] > seen[0]["followers_count"]
    own_world.travel(datetime(2010, 11, 7, tzinfo=UTC))
    assert counts()["followers_count"] < seen[0]["followers_count"] / 3
