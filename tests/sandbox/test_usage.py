"""What the sandbox counts as returned, and as charged."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.cast import Account
from sandbox.limits import RATE_LIMITS
from sandbox.population import key_at
from sandbox.posts import Post
from sandbox.world import World

Get = Callable[..., requests.Response]
Cast = dict[str, Account]
INTERVAL = {"start_time": "2026-11-20T04:00:00Z", "end_time": "2026-11-20T08:00:00Z"}
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EXPANDED = {"expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id"}


def resources(body: dict[str, Any], data: str) -> tuple[list[str], list[str]]:
    """Ids of the posts and of the users in an answer whose data are of this kind."""
    found: dict[str, list[str]] = {"posts": [], "users": []}
    found[data] += [item["id"] for item in body.get("data", [])]
    includes = body.get("includes", {})
    found["posts"] += [p["id"] for name in ("tweets", "posts") for p in includes.get(name, [])]
    found["users"] += [u["id"] for u in includes.get("users", [])]
    return found["posts"], found["users"]


def questions(cast: Cast, some: Post) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """One question for every endpoint that returns posts or users."""
    search = {"query": "from:repost_relay OR from:harbour_news", "max_results": 100, **EXPANDED}
    relay = f"/2/users/{cast['repost_relay'].user_id}/tweets"
    pinned = {"expansions": "pinned_tweet_id,most_recent_tweet_id"}
    names = {"usernames": "harbour_news,members_circle,harbor_newz,rail_updates", **pinned}
    ids = ",".join(cast[name].user_id for name in ("harbour_news", "quiet_archive"))
    return {
        "/2/users/by": ("/2/users/by", "users", names),
        "/2/users": ("/2/users", "users", {"ids": ids, **pinned}),
        "/2/users/{id}/tweets": (relay, "posts", {"max_results": 100, **INTERVAL, **EXPANDED}),
        "/2/tweets": ("/2/tweets", "posts", {"ids": f"{some.post_id},17", **EXPANDED}),
        "/2/tweets/search/recent": ("/2/tweets/search/recent", "posts", {**search, **INTERVAL}),
        "/2/tweets/search/all": ("/2/tweets/search/all", "posts", {**search, **INTERVAL}),
    }


@pytest.mark.parametrize(
    "endpoint", [e for e in RATE_LIMITS if "usage" not in e and "compliance" not in e]
)
def test_every_endpoint_charges_what_it_returns(
    own_world: World, ask: Get, cast: Cast, endpoint: str
):
    some = next(own_world.population.between(cast["repost_relay"], 0, key_at(NOW)))
    path, data, query = questions(cast, some)[endpoint]
    for times in (1, 2):
        answer = ask(path, **query)
        assert answer.status_code == 200, answer.text
        posts, users = resources(answer.json(), data)
        assert posts or users
        today = own_world.api.clock().date()
        assert own_world.usage.posts_on(today) == len(set(posts))
        assert own_world.usage.users_on(today) == len(set(users))
        assert own_world.usage.returned_posts == times * len(posts)
        assert own_world.usage.returned_users == times * len(users)


def test_what_came_as_data_and_in_includes_is_charged_once(own_world: World, ask: Get, cast: Cast):
    path = f"/2/users/{cast['harbour_news'].user_id}/tweets"
    ask("/2/users/by", usernames="harbour_news,rail_updates")
    posts = ask(path, max_results=100, **INTERVAL, expansions="author_id").json()["data"]
    today = own_world.api.clock().date()
    assert own_world.usage.users_on(today) == 2
    assert own_world.usage.returned_users == 3
    assert own_world.usage.posts_on(today) == len(posts)


def test_a_second_copy_of_a_post_is_the_same_post(own_world: World, ask: Get, cast: Cast):
    path, token = f"/2/users/{cast['faulty_feed'].user_id}/tweets", {}
    while True:
        body = ask(path, max_results=100, **INTERVAL, **token).json()
        if "next_token" not in body["meta"]:
            break
        token = {"pagination_token": body["meta"]["next_token"]}
    assert own_world.usage.returned_posts == 20
    assert own_world.usage.posts_on(own_world.api.clock().date()) == 19


@pytest.mark.parametrize(
    ("fault", "charged"),
    [
        ("rate_limit", False),
        ("unavailable_html", False),
        ("empty_answer", False),
        ("broken_json", True),
        ("cut", True),
        ("malformed_post", True),
    ],
)
def test_only_honest_answers_are_charged_even_if_they_do_not_arrive(
    own_world: World, ask: Get, cast: Cast, fault: str, *, charged: bool
):
    own_world.faults.add(fault)
    path = f"/2/users/{cast['harbour_news'].user_id}/tweets"
    try:
        ask(path, max_results=10, **INTERVAL)
    except requests.exceptions.RequestException:
        assert fault == "cut"
    assert own_world.usage.returned_posts == (10 if charged else 0)


def test_users_are_not_in_the_usage_that_x_tells(own_world: World, ask: Get, cast: Cast):
    def told() -> dict[str, Any]:
        return ask("/2/usage/tweets", days=3).json()["data"]

    assert told()["project_usage"] == "0"
    ask("/2/users/by", usernames="harbour_news")
    for _ in range(2):
        path = f"/2/users/{cast['city_weather'].user_id}/tweets"
        posts = ask(path, max_results=100, **INTERVAL).json()["data"]
    assert told()["project_usage"] == str(len(posts))
    assert told()["project_cap"] == "3000000"
    daily = told()["daily_project_usage"]["usage"]
    assert [entry["usage"] for entry in daily] == ["0", "0", str(len(posts))]
