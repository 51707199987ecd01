"""Faults that retell the honest answer, or lead away from it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.cast import Account
from sandbox.drift import in_other_vocabulary
from sandbox.world import World

Get = Callable[..., requests.Response]
Cast = dict[str, Account]
INTERVAL = {"start_time": "2026-11-20T04:00:00Z", "end_time": "2026-11-20T08:00:00Z"}
ASKED = {
    **INTERVAL,
    "max_results": 100,
    "tweet.fields": "public_metrics,referenced_tweets,withheld,note_tweet",
    "user.fields": "public_metrics",
    "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id",
}
WORDS = {
    "classic": ("retweet_count", "edit_history_tweet_ids", '"tweets"', "referenced_tweets"),
    "new": ("repost_count", "edit_history_post_ids", '"posts"', "referenced_posts"),
}


def path_of(account: Account) -> str:
    return f"/2/users/{account.user_id}/tweets"


def keys(found: Any) -> Iterator[str]:
    if isinstance(found, list):
        for item in found:
            yield from keys(item)
    elif isinstance(found, dict):
        yield from found
        for value in found.values():
            yield from keys(value)


def without_unheard_of(found: Any) -> Any:
    if isinstance(found, list):
        return [without_unheard_of(item) for item in found]
    if isinstance(found, dict):
        return {
            k: without_unheard_of(v) for k, v in found.items() if not k.startswith("unheard_of")
        }
    return found


# Unknown fields


@pytest.mark.parametrize("username", ["repost_relay", "rail_updates", "faulty_feed"])
def test_unknown_fields_are_all_that_is_new(world: World, get: Get, cast: Cast, username: str):
    honest = get(path_of(cast[username]), **ASKED).json()
    world.faults.add("unknown_fields")
    drifted = get(path_of(cast[username]), **ASKED).json()
    assert without_unheard_of(drifted) == honest
    assert "unheard_of" in drifted
    posts = [post for post in drifted["data"] if isinstance(post, dict)]
    included = [item for items in drifted["includes"].values() for item in items]
    assert included
    for item in (*posts, *included):
        assert "unheard_of" in item
        if isinstance(item.get("public_metrics"), dict):
            assert "unheard_of_count" in item["public_metrics"]


def test_unknown_fields_come_in_users_and_in_usage_too(world: World, get: Get):
    world.faults.add("unknown_fields", times=2)
    users = get("/2/users/by", usernames="harbour_news", **{"user.fields": "public_metrics"}).json()
    assert "unheard_of" in users["data"][0]
    assert "unheard_of_count" in users["data"][0]["public_metrics"]
    assert "unheard_of" in get("/2/usage/tweets").json()["data"]


# The other vocabulary


@pytest.mark.parametrize(
    ("username", "told"), [("repost_relay", "new"), ("orbit_observer", "classic")]
)
def test_the_other_vocabulary_says_the_same_in_other_words(
    own_world: World, ask: Get, cast: Cast, username: str, told: str
):
    path = path_of(cast[username])
    ids = [post["id"] for post in ask(path, **ASKED).json()["data"]]
    own_world.fates.withhold_post(ids[0], ["DE"])
    honest = ask(path, **ASKED)
    own_world.faults.add("other_vocabulary")
    other = ask(path, **ASKED)
    (spoken,) = set(WORDS) - {told}
    for word in WORDS[told]:
        assert word in other.text
        assert word not in honest.text
    for word in WORDS[spoken]:
        assert word in honest.text
        assert word not in other.text
    assert in_other_vocabulary(other.json()) == honest.json()
    scopes = {"classic": "tweet", "new": "post"}
    assert other.json()["data"][0]["withheld"]["scope"] == scopes[told]
    hosts = {"classic": "https://api.twitter.com/", "new": "https://api.x.com/"}
    assert all(e["type"].startswith(hosts[told]) for e in other.json().get("errors", []))
    assert [p["id"] for p in other.json()["data"]] == ids


def test_errors_are_told_in_the_other_words_too(world: World, get: Get):
    world.faults.add("other_vocabulary", times=2)
    (post,) = get("/2/tweets", ids="17").json()["errors"]
    assert post["resource_type"] == "post"
    assert post["detail"] == "Could not find post with ids: [17]."
    (user,) = get("/2/users/by", usernames="post_office").json()["errors"]
    assert user["detail"] == "Could not find user with usernames: [post_office]."
    assert user["type"] == "https://api.x.com/2/problems/resource-not-found"


def test_malformed_posts_survive_being_retold(world: World, get: Get, cast: Cast):
    path, token = path_of(cast["faulty_feed"]), {}
    while True:
        honest = get(path, **ASKED, **token)
        world.faults.add("other_vocabulary")
        other = get(path, **ASKED, **token)
        assert other.status_code == 200
        assert in_other_vocabulary(other.json()) == honest.json()
        if "next_token" not in honest.json()["meta"]:
            break
        token = {"pagination_token": honest.json()["meta"]["next_token"]}


# Usage that drifts


def test_usage_can_be_told_higher_than_it_is(own_world: World, ask: Get, cast: Cast):
    posts = len(ask(path_of(cast["harbour_news"]), **ASKED).json()["data"])
    honest = ask("/2/usage/tweets", days=2).json()["data"]
    own_world.faults.add("usage_drift", percent=50, times=None)
    ask(path_of(cast["harbour_news"]), **ASKED)
    told = ask("/2/usage/tweets", days=2).json()["data"]
    counted = own_world.usage.posts_on(datetime(2026, 11, 20, tzinfo=UTC).date())
    assert counted >= posts
    more = str(-(-counted * 3 // 2))
    assert (honest["project_usage"], told["project_usage"]) == (str(counted), more)
    assert [u["usage"] for u in told["daily_project_usage"]["usage"]] == ["0", more]
    (app,) = told["daily_client_app_usage"]
    assert [u["usage"] for u in app["usage"]] == ["0", more]
    assert (told["project_cap"], app["usage_result_count"]) == ("3000000", 2)


def test_usage_drift_waits_for_somebody_to_ask_for_usage(own_world: World, ask: Get, cast: Cast):
    own_world.faults.add("usage_drift", percent=100)
    ask(path_of(cast["harbour_news"]), **ASKED)
    told = int(ask("/2/usage/tweets").json()["data"]["project_usage"])
    assert told == 2 * int(ask("/2/usage/tweets").json()["data"]["project_usage"]) > 0


# Answers instead


def test_errors_only_names_everybody_who_was_asked_for(world: World, get: Get, cast: Cast):
    world.faults.add("errors_only", times=4)
    user_id = cast["harbour_news"].user_id
    questions = [
        ("/2/users/by", {"usernames": "harbour_news,city_weather"}, "usernames", "user"),
        (f"/2/users/{user_id}/tweets", {}, "id", "user"),
        ("/2/tweets", {"ids": "17,18"}, "ids", "tweet"),
        ("/2/tweets/search/recent", {"query": "fog, or tide"}, "query", "tweet"),
    ]
    values = [["harbour_news", "city_weather"], [user_id], ["17", "18"], ["fog, or tide"]]
    for (path, query, parameter, kind), asked in zip(questions, values, strict=True):
        answer = get(path, **query)
        assert answer.status_code == 200
        assert set(answer.json()) == {"errors"}
        errors = answer.json()["errors"]
        assert [error["value"] for error in errors] == asked
        assert {error["parameter"] for error in errors} == {parameter}
        assert {error["resource_type"] for error in errors} == {kind}


def test_a_redirect_leads_to_the_same_path_elsewhere(world: World, get: Get):
    world.faults.add("redirect")
    world.faults.add("redirect", location="http://127.0.0.1:9/")
    for host in ("https://elsewhere.invalid", "http://127.0.0.1:9"):
        answer = get("/2/users/by", usernames="harbour_news")
        assert answer.headers["location"] == f"{host}/2/users/by?usernames=harbour_news"
        assert answer.content == b""


def test_the_spending_limit_lasts_until_the_next_month(own_world: World, ask: Get):
    for now, reset in (
        (datetime(2026, 11, 20, tzinfo=UTC), "2026-12-01"),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), "2027-01-01"),
        (datetime(2027, 1, 31, tzinfo=UTC), "2027-02-01"),
    ):
        own_world.travel(now)
        own_world.faults.add("spending_limit")
        answer = ask("/2/users/by", usernames="harbour_news")
        assert (answer.status_code, answer.json()["reset_date"]) == (403, reset)
        assert reset in answer.json()["detail"]
        assert answer.json()["type"].endswith("/problems/credits")


@pytest.mark.parametrize("fault", ["malformed_post", "unknown_fields", "other_vocabulary"])
@pytest.mark.parametrize("path", ["/2/users/by?usernames=a", "/2/usage/tweets", "/2/tweets?ids=x"])
def test_what_retells_posts_can_strike_where_there_are_none(
    world: World, get: Get, fault: str, path: str
):
    honest = get(path)
    world.faults.add(fault)
    assert get(path).status_code == honest.status_code
