"""What the API shows of posts and accounts after something has happened to them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.cast import Account
from sandbox.fates import FATES
from sandbox.population import key_at
from sandbox.posts import Post
from sandbox.world import World

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
START, END = NOW - timedelta(hours=8), NOW - timedelta(hours=4)
INTERVAL = {"start_time": "2026-11-20T04:00:00Z", "end_time": "2026-11-20T08:00:00Z"}
Get = Callable[..., requests.Response]
Cast = dict[str, Account]


def posts_of(world: World, account: Account) -> list[Post]:
    return list(world.population.between(account, key_at(START), key_at(END)))


def timeline(ask: Get, account: Account, **query: Any) -> dict[str, Any]:
    answer = ask(f"/2/users/{account.user_id}/tweets", max_results=100, **INTERVAL, **query)
    assert answer.status_code == 200
    return answer.json()


def found(ask: Get, query: str, path: str = "recent") -> list[str]:
    answer = ask(f"/2/tweets/search/{path}", query=query, max_results=100, **INTERVAL)
    return [post["id"] for post in answer.json().get("data", [])]


def last(uri: str) -> str:
    return uri.rpartition("/")[2]


# Posts


def test_a_deleted_post_is_missed_in_every_place(own_world: World, ask: Get, cast: Cast):
    account = cast["harbour_news"]
    gone, kept = posts_of(own_world, account)[:2]
    own_world.fates.delete_post(str(gone.post_id))
    looked_up = ask("/2/tweets", ids=f"{gone.post_id},{kept.post_id}").json()
    assert [post["id"] for post in looked_up["data"]] == [str(kept.post_id)]
    (error,) = looked_up["errors"]
    assert (error["title"], last(error["type"])) == ("Not Found Error", "resource-not-found")
    assert error["value"] == error["resource_id"] == str(gone.post_id)
    listed = [post["id"] for post in timeline(ask, account)["data"]]
    assert str(gone.post_id) not in listed
    assert len(listed) == len(posts_of(own_world, account)) - 1
    for path in ("recent", "all"):
        assert found(ask, "from:harbour_news", path) == listed


def test_pages_lead_past_deleted_posts(own_world: World, ask: Get, cast: Cast):
    account, pages, token = cast["harbour_news"], [], {}
    posts = posts_of(own_world, account)
    for post in posts[5:12]:
        own_world.fates.delete_post(post.post_id)
    while True:
        path = f"/2/users/{account.user_id}/tweets"
        pages.append(ask(path, max_results=6, **INTERVAL, **token).json())
        if "next_token" not in pages[-1]["meta"]:
            break
        token = {"pagination_token": pages[-1]["meta"]["next_token"]}
    ids = [post["id"] for page in pages for post in page["data"]]
    assert ids == [str(post.post_id) for post in (*posts[:5], *posts[12:])]
    assert {page["meta"]["result_count"] for page in pages[:-1]} == {6}


def test_all_versions_of_an_edited_post_are_deleted_together(
    own_world: World, ask: Get, cast: Cast
):
    day = key_at(NOW - timedelta(days=1)), key_at(NOW)
    posts = own_world.population.between(cast["longform_notes"], *day)
    edited = next(post for post in posts if post.earlier_versions)
    own_world.fates.delete_post(edited.earlier_versions[0].key)
    chain = edited.body["edit_history_tweet_ids"]
    answer = ask("/2/tweets", ids=",".join(chain)).json()
    assert "data" not in answer
    assert {error["value"] for error in answer["errors"]} == set(chain)


def test_both_copies_of_a_post_go(own_world: World, ask: Get, cast: Cast):
    account = cast["faulty_feed"]
    ids = [post.post_id for post in posts_of(own_world, account)]
    (twice,) = {i for i in ids if ids.count(i) == 2}
    own_world.fates.delete_post(twice)
    first = timeline(ask, account)
    second = timeline(ask, account, pagination_token=first["meta"]["next_token"])
    listed = [p["id"] for page in (first, second) for p in page["data"] if isinstance(p, dict)]
    assert len(first["data"] + second["data"]) == 18
    assert str(twice) not in listed


def test_a_referenced_post_that_was_deleted_is_no_include(own_world: World, ask: Get, cast: Cast):
    relay = cast["repost_relay"]
    whole = timeline(ask, relay, expansions="referenced_tweets.id")
    reposted = whole["includes"]["tweets"][0]["id"]
    own_world.fates.delete_post(reposted)
    answer = timeline(ask, relay, expansions="referenced_tweets.id")
    assert reposted not in {post["id"] for post in answer["includes"]["tweets"]}
    (error,) = [e for e in answer["errors"] if e["value"] == reposted]
    assert error["parameter"] == "referenced_tweets.id"
    assert len(answer["data"]) == len(whole["data"])


@pytest.mark.parametrize(
    ("username", "scope"), [("harbour_news", "tweet"), ("orbit_observer", "post")]
)
def test_a_withheld_post_shows_a_notice_instead(
    own_world: World, ask: Get, cast: Cast, username: str, scope: str
):
    account = cast[username]
    post = next(p for p in posts_of(own_world, account) if "attachments" in p.body)
    own_world.fates.withhold_post(post.post_id, ["FR", "DE"])
    fields = {"tweet.fields": "withheld,entities,attachments,created_at,public_metrics"}
    (shown,) = ask("/2/tweets", ids=post.post_id, **fields).json()["data"]
    codes = ["DE", "FR"]
    assert shown["withheld"] == {"copyright": False, "country_codes": codes, "scope": scope}
    assert "not available in your country" in shown["text"]
    (link,) = shown["entities"]["urls"]
    assert shown["text"][link["start"] : link["end"]] == "Learn more."
    assert "attachments" not in shown
    assert shown["created_at"] == post.body["created_at"]
    listed = {p["id"]: p for p in timeline(ask, account, **fields)["data"]}
    assert listed[shown["id"]] == shown
    others = [p for p in listed.values() if p is not listed[shown["id"]]]
    assert others
    assert not any("withheld" in p for p in others)


def test_a_search_knows_of_a_withheld_post_only_the_notice(own_world: World, ask: Get, cast: Cast):
    post = next(p for p in posts_of(own_world, cast["harbour_news"]) if "fog" in p.body["text"])
    assert str(post.post_id) in found(ask, "from:harbour_news fog")
    own_world.fates.withhold_post(post.post_id, ["DE"])
    assert str(post.post_id) not in found(ask, "from:harbour_news fog")
    assert str(post.post_id) in found(ask, "from:harbour_news")


# Accounts

LOST = {  # the error's title for the account, and its type for a post of it
    "suspend": ("Forbidden", "not-authorized-for-resource"),
    "delete": ("Not Found Error", "resource-not-found"),
}


@pytest.mark.parametrize("fate", LOST)
def test_a_lost_account_is_missed_in_every_place(own_world: World, ask: Get, cast: Cast, fate: str):
    title, type_for_posts = LOST[fate]
    account = cast["harbour_news"]
    post = posts_of(own_world, account)[0]
    getattr(own_world.fates, fate)("Harbour_News")
    by_name = ask("/2/users/by", usernames="harbour_news,city_weather").json()
    by_id = ask("/2/users", ids=f"{account.user_id},{cast['city_weather'].user_id}").json()
    listed = timeline(ask, account)
    assert set(listed) == {"errors"}
    for answer in (by_name, by_id):
        assert [user["username"] for user in answer["data"]] == ["city_weather"]
    for answer in (by_name, by_id, listed):
        (error,) = answer["errors"]
        assert (error["title"], last(error["type"])) == (title, "resource-not-found")
    looked_up = ask("/2/tweets", ids=post.post_id).json()
    assert set(looked_up) == {"errors"}
    assert last(looked_up["errors"][0]["type"]) == type_for_posts
    for path in ("recent", "all"):
        assert found(ask, "from:harbour_news", path) == []
    assert not set(found(ask, "fog OR tide")) & {
        str(p.post_id) for p in posts_of(own_world, account)
    }


def test_a_protected_account_is_seen_and_its_posts_are_not(own_world: World, ask: Get, cast: Cast):
    account = cast["harbour_news"]
    post = posts_of(own_world, account)[0]
    own_world.fates.protect("harbour_news")
    fields = {"user.fields": "protected,most_recent_tweet_id"}
    (user,) = ask("/2/users/by", usernames="harbour_news", **fields).json()["data"]
    assert user["protected"] is True
    assert "most_recent_tweet_id" not in user
    listed, looked_up = timeline(ask, account), ask("/2/tweets", ids=post.post_id).json()
    for answer in (listed, looked_up):
        assert set(answer) == {"errors"}
        (error,) = answer["errors"]
        assert error["title"] == "Authorization Error"
        assert last(error["type"]) == "not-authorized-for-resource"
    assert found(ask, "from:harbour_news") == []


def test_an_account_that_is_restored_is_as_it_was(own_world: World, ask: Get, cast: Cast):
    account = cast["harbour_news"]
    before = ask(f"/2/users/{account.user_id}/tweets").content
    for fate in ("suspend", "protect", "delete"):
        getattr(own_world.fates, fate)("harbour_news")
        assert ask(f"/2/users/{account.user_id}/tweets").content != before
        own_world.fates.restore("harbour_news")
        assert ask(f"/2/users/{account.user_id}/tweets").content == before


def test_who_was_hidden_from_the_beginning_can_come_back(own_world: World, ask: Get, cast: Cast):
    names = ["members_circle", "shuttered_shop", "former_gazette"]
    for name in names:
        own_world.fates.restore(name)
    fields = {"user.fields": "protected"}
    users = ask("/2/users/by", usernames=",".join(names), **fields).json()
    assert [user["protected"] for user in users["data"]] == [False] * 3
    assert "errors" not in users
    assert len(timeline(ask, cast["members_circle"])["data"]) > 5
    assert timeline(ask, cast["shuttered_shop"]) == {"meta": {"result_count": 0}}


def test_deleted_posts_are_not_counted_in_the_profile(own_world: World, ask: Get, cast: Cast):
    def count() -> int:
        fields = {"user.fields": "public_metrics"}
        (user,) = ask("/2/users/by", usernames="harbour_news", **fields).json()["data"]
        return user["public_metrics"]["tweet_count"]

    before = count()
    for post in posts_of(own_world, cast["harbour_news"])[:3]:
        own_world.fates.delete_post(post.post_id)
        own_world.fates.delete_post(post.post_id)
    assert count() == before - 3


# Orders


def test_fates_are_ordered_and_undone_over_http(own_world: World, ask: Get, cast: Cast):
    url = f"{own_world.x_url}/_sandbox/fates"
    post = posts_of(own_world, cast["city_weather"])[0]
    before = ask("/2/tweets", ids=post.post_id).content
    orders = [
        {"fate": "suspend", "username": "harbour_news"},
        {"fate": "withhold_post", "post_id": str(post.post_id), "country_codes": ["DE"]},
    ]
    assert requests.post(url, json=orders, timeout=9).json() == {"added": 2}
    assert "data" not in ask("/2/users/by", usernames="harbour_news").json()
    assert ask("/2/tweets", ids=post.post_id).content != before
    requests.delete(url, timeout=9)
    assert ask("/2/users/by", usernames="harbour_news").json()["data"]
    assert ask("/2/tweets", ids=post.post_id).content == before


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"fate": "promote", "username": "harbour_news"}, "promote"),
        ({"username": "harbour_news"}, "known: delete_post"),
        ({"fate": "suspend"}, "'username' is missing"),
        ({"fate": "suspend", "username": "a", "why": "spam"}, "'why' is unknown"),
        ({"fate": "suspend", "username": "nobody_at_all"}, "'nobody_at_all'"),
        ({"fate": "delete", "username": "harbor_newz"}, "'harbor_newz'"),
        ({"fate": "delete_post", "post_id": "17"}, "no post '17'"),
        ({"fate": "delete_post", "post_id": "seventeen"}, "no post 'seventeen'"),
        ({"fate": "delete_post", "post_id": None}, "no post None"),
        ({"fate": "withhold_post", "post_id": "POST"}, "'country_codes' is missing"),
        ({"fate": "withhold_post", "post_id": "POST", "country_codes": []}, "list of codes"),
        ({"fate": "withhold_post", "post_id": "POST", "country_codes": "DE"}, "list of codes"),
        ({"fate": "withhold_post", "post_id": "POST", "country_codes": ["de"]}, "'de'"),
        ("suspend", "list of fates"),
    ],
)
def test_a_wrong_order_is_refused_whole_and_says_why(
    own_world: World, ask: Get, cast: Cast, order: Any, message: str
):
    if isinstance(order, dict) and order.get("post_id") == "POST":
        order = order | {"post_id": str(posts_of(own_world, cast["city_weather"])[0].post_id)}
    orders = [{"fate": "suspend", "username": "harbour_news"}, order]
    answer = requests.post(f"{own_world.x_url}/_sandbox/fates", json=orders, timeout=9)
    assert answer.status_code == 400
    assert message in answer.json()["detail"]
    assert ask("/2/users/by", usernames="harbour_news").json()["data"]


def test_a_post_of_the_future_is_not_there_yet(own_world: World, ask: Get, cast: Cast):
    tomorrow = NOW + timedelta(days=1)
    hours = key_at(NOW + timedelta(hours=1)), key_at(tomorrow)
    post = next(own_world.population.between(cast["harbour_news"], *hours))
    with pytest.raises(ValueError, match="no post"):
        own_world.fates.delete_post(post.post_id)
    assert set(ask("/2/tweets", ids=post.post_id).json()) == {"errors"}
    own_world.travel(tomorrow)
    assert ask("/2/tweets", ids=post.post_id).json()["data"]


def test_two_worlds_with_the_same_fates_give_the_same_bytes(
    tmp_path: Path, session: requests.Session, cast: Cast
):
    def answers(number: int) -> list[bytes]:
        with World(tmp_path / str(number), NOW) as world:
            post = posts_of(world, cast["city_weather"])[0].post_id
            world.fates.delete_post(post)
            world.fates.suspend("orbit_observer")
            ids = f"{post},{cast['orbit_observer'].user_id}"
            paths = (f"tweets?ids={ids}", f"users/{cast['city_weather'].user_id}/tweets")
            return [session.get(f"{world.x_url}/2/{path}", timeout=9).content for path in paths]

    assert answers(1) == answers(2)


def test_every_fate_has_a_method_of_its_name(own_world: World):
    assert all(callable(getattr(own_world.fates, name)) for name in FATES)
