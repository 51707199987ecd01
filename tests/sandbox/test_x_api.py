import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.cast import CAST, Account, Kind
from sandbox.population import key_at
from sandbox.posts import timestamp
from sandbox.world import World

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
START = datetime(2026, 11, 20, 4, tzinfo=UTC)
INTERVAL = {"start_time": "2026-11-20T04:00:00Z", "end_time": "2026-11-20T08:00:00Z"}
Get = Callable[..., requests.Response]
Cast = dict[str, Account]


def path_of(account: Account) -> str:
    return f"/2/users/{account.user_id}/tweets"


def ids(answer: requests.Response) -> list[str]:
    return [post["id"] for post in answer.json().get("data", [])]


# The token


def test_without_the_right_token_there_is_a_401(world: World):
    for headers in ({}, {"authorization": "Bearer wrong"}):
        answer = requests.get(f"{world.x_url}/2/users/by?usernames=a", headers=headers, timeout=9)
        assert answer.status_code == 401
        assert answer.json() == {
            "title": "Unauthorized",
            "detail": "Unauthorized",
            "type": "about:blank",
            "status": 401,
        }


# Users


def test_users_by_tells_who_is_there_and_why_others_are_not(get: Get):
    names = ["Harbour_News", "shuttered_shop", "members_circle", "former_gazette", "harbor_newz"]
    answer = get("/2/users/by", usernames=",".join(names), **{"user.fields": "protected"}).json()
    assert [(u["username"], u["protected"]) for u in answer["data"]] == [
        ("harbour_news", False),
        ("members_circle", True),
    ]
    errors = {e["value"]: e for e in answer["errors"]}
    assert errors["shuttered_shop"]["title"] == "Forbidden"
    assert errors["shuttered_shop"]["detail"] == "User has been suspended: [shuttered_shop]."
    for name in ("former_gazette", "harbor_newz"):
        assert errors[name]["title"] == "Not Found Error"
    assert {e["type"].rpartition("/")[2] for e in errors.values()} == {"resource-not-found"}
    keys = {"value", "detail", "title", "resource_type", "parameter", "resource_id", "type"}
    assert all(set(error) == keys for error in errors.values())


def test_users_that_are_all_missing_make_an_answer_without_data(get: Get):
    answer = get("/2/users/by", usernames="harbor_newz,nobody_here")
    assert answer.status_code == 200
    assert set(answer.json()) == {"errors"}


def test_users_are_found_by_id_too(get: Get, cast: Cast):
    wanted = [cast["harbour_news"], cast["orbit_observer"], cast["shuttered_shop"]]
    answer = get("/2/users", ids=",".join(a.user_id for a in wanted)).json()
    assert [user["username"] for user in answer["data"]] == ["harbour_news", "orbit_observer"]
    assert answer["errors"][0]["parameter"] == "ids"


def test_a_user_has_only_the_fields_asked_for(get: Get):
    user = get("/2/users/by", usernames="harbour_news").json()["data"][0]
    assert set(user) == {"id", "name", "username"}
    fields = {"user.fields": "created_at,public_metrics,pinned_tweet_id"}
    user = get("/2/users/by", usernames="harbour_news", **fields).json()["data"][0]
    assert set(user) == {"id", "name", "username", *fields["user.fields"].split(",")}
    assert "tweet_count" in user["public_metrics"]


def test_users_of_the_new_vocabulary_count_posts(get: Get):
    fields = {"user.fields": "public_metrics,pinned_tweet_id"}
    user = get("/2/users/by", usernames="orbit_observer", **fields).json()["data"][0]
    assert "post_count" in user["public_metrics"]
    assert "pinned_post_id" in user


def test_pinned_posts_come_as_includes(get: Get):
    answer = get("/2/users/by", usernames="harbour_news", expansions="pinned_tweet_id").json()
    assert answer["includes"]["tweets"][0]["id"] == answer["data"][0]["pinned_tweet_id"]


# The timeline


def test_the_same_interval_always_gives_the_same_bytes(get: Get, cast: Cast):
    for name in ("harbour_news", "repost_relay", "faulty_feed"):
        first, second = (get(path_of(cast[name]), max_results=100, **INTERVAL) for _ in range(2))
        assert first.content == second.content


def test_start_is_inclusive_and_end_exclusive(get: Get, cast: Cast):
    path = path_of(cast["harbour_news"])
    options = {"tweet.fields": "created_at", "max_results": 100}
    posts = get(path, **INTERVAL, **options).json()["data"]
    times = [post["created_at"] for post in posts]
    assert times == sorted(times, reverse=True)
    middle = times[10].replace(".000Z", "Z")
    later = ids(get(path, **{**INTERVAL, "start_time": middle}, max_results=100))
    earlier = ids(get(path, **{**INTERVAL, "end_time": middle}, max_results=100))
    assert later == [p["id"] for p in posts if p["created_at"] >= times[10]]
    assert earlier == [p["id"] for p in posts if p["created_at"] < times[10]]


def test_pages_lead_through_the_interval_and_back(get: Get, cast: Cast):
    path = path_of(cast["harbour_news"])
    whole = ids(get(path, max_results=100, **INTERVAL))
    pages, token = [], {}
    while True:
        answer = get(path, max_results=15, **INTERVAL, **token)
        pages.append(answer.json())
        if "next_token" not in pages[-1]["meta"]:
            break
        token = {"pagination_token": pages[-1]["meta"]["next_token"]}
    assert [post["id"] for page in pages for post in page["data"]] == whole
    assert all(len(page["data"]) == 15 for page in pages[:-1])
    assert "previous_token" not in pages[0]["meta"]
    back = {"pagination_token": pages[1]["meta"]["previous_token"]}
    assert ids(get(path, max_results=15, **INTERVAL, **back)) == whole[:15]


def test_meta_tells_count_and_the_outermost_ids(get: Get, cast: Cast):
    answer = get(path_of(cast["harbour_news"]), max_results=20, **INTERVAL).json()
    meta, found = answer["meta"], [post["id"] for post in answer["data"]]
    assert (meta["result_count"], meta["newest_id"], meta["oldest_id"]) == (
        20,
        found[0],
        found[-1],
    )


def test_a_quiet_account_has_neither_data_nor_errors(get: Get, cast: Cast):
    answer = get(path_of(cast["quiet_archive"]), **INTERVAL)
    assert answer.json() == {"meta": {"result_count": 0}}


@pytest.mark.parametrize(
    ("username", "title", "problem"),
    [
        ("shuttered_shop", "Forbidden", "resource-not-found"),
        ("former_gazette", "Not Found Error", "resource-not-found"),
        ("members_circle", "Authorization Error", "not-authorized-for-resource"),
    ],
)
def test_accounts_that_cannot_be_read_answer_200_with_errors_only(
    get: Get, cast: Cast, username: str, title: str, problem: str
):
    answer = get(path_of(cast[username]), **INTERVAL)
    assert answer.status_code == 200
    assert set(answer.json()) == {"errors"}
    (error,) = answer.json()["errors"]
    assert error["title"] == title
    assert error["type"].endswith(f"/{problem}")


def test_since_and_until_are_exclusive(get: Get, cast: Cast):
    path = path_of(cast["harbour_news"])
    whole = ids(get(path, max_results=100, **INTERVAL))
    between = get(path, max_results=100, since_id=whole[9], until_id=whole[3], **INTERVAL)
    assert ids(between) == whole[4:9]


def test_exclude_filters_after_the_page_was_cut(get: Get, cast: Cast):
    path, token, pages = path_of(cast["repost_relay"]), {}, []
    options = {"max_results": 5, "exclude": "replies,retweets", "tweet.fields": "referenced_tweets"}
    while True:
        pages.append(get(path, **INTERVAL, **options, **token).json())
        if "next_token" not in pages[-1]["meta"]:
            break
        token = {"pagination_token": pages[-1]["meta"]["next_token"]}
    sizes = [page["meta"]["result_count"] for page in pages]
    assert 0 in sizes[:-1], "an empty page that leads on"
    assert any(0 < size < 5 for size in sizes[:-1])
    kinds = {
        reference["type"]
        for page in pages
        for post in page.get("data", [])
        for reference in post.get("referenced_tweets", [])
    }
    assert kinds == {"quoted"}


@pytest.mark.parametrize(("exclude", "depth"), [({}, 3_200), ({"exclude": "replies"}, 800)])
def test_a_timeline_ends_at_its_horizon(
    world: World, get: Get, cast: Cast, exclude: dict[str, str], depth: int
):
    account = cast["harbour_news"]
    oldest = world.population.horizon(account, key_at(NOW), depth)
    reached = get(path_of(account), max_results=5, until_id=oldest + 1, **exclude)
    beyond = get(path_of(account), max_results=5, until_id=oldest, **exclude)
    assert beyond.json() == {"meta": {"result_count": 0}}
    if not exclude:
        assert ids(reached) == [str(oldest)]


def test_only_the_latest_version_of_an_edited_post_is_listed(get: Get, cast: Cast):
    day = {"start_time": "2026-11-19T00:00:00Z", "end_time": "2026-11-20T00:00:00Z"}
    answer = get(path_of(cast["longform_notes"]), max_results=100, **day).json()
    listed = {post["id"] for post in answer["data"]}
    chains = [p["edit_history_post_ids"] for p in answer["data"]]
    edited = [chain for chain in chains if len(chain) > 1]
    assert edited
    for chain in edited:
        assert listed & set(chain) == {chain[-1]}
    assert [""] in chains


# Fields and expansions


def test_a_post_has_only_the_fields_asked_for(get: Get, cast: Cast):
    for post in get(path_of(cast["harbour_news"]), **INTERVAL).json()["data"]:
        assert set(post) == {"id", "text", "edit_history_tweet_ids"}
    fields = {"tweet.fields": "created_at,lang,public_metrics"}
    for post in get(path_of(cast["harbour_news"]), **INTERVAL, **fields).json()["data"]:
        rest = set(post) - {"id", "text", "edit_history_tweet_ids", "lang"}
        assert rest == {"created_at", "public_metrics"}


def test_fields_may_be_asked_for_in_either_vocabulary(get: Get, cast: Cast):
    path = path_of(cast["longform_notes"])
    classic = get(path, **INTERVAL, **{"tweet.fields": "note_tweet,referenced_tweets"})
    new = get(path, **INTERVAL, **{"post.fields": "note_post,referenced_posts"})
    assert classic.content == new.content
    assert "note_post" in new.json()["data"][0]


def test_the_wire_follows_the_account_not_the_question(timeline: Any):
    classic = [page for page in timeline("repost_relay") if "data" in page]
    new = [page for page in timeline("rail_updates") if "data" in page]
    assert "tweets" in classic[0]["includes"]
    assert "posts" in new[0]["includes"]
    assert all("retweet_count" in p["public_metrics"] for page in classic for p in page["data"])
    assert all("repost_count" in p["public_metrics"] for page in new for p in page["data"])
    together = str(new)
    for word in ("retweet_count", "referenced_tweets", "edit_history_tweet_ids", "tweet_count"):
        assert word not in together


def test_includes_hold_what_was_expanded_and_nothing_else(get: Get, cast: Cast):
    path = path_of(cast["harbour_news"])
    assert "includes" not in get(path, **INTERVAL).json()
    answer = get(path, **INTERVAL, expansions="author_id").json()
    assert {k: [u["username"] for u in v] for k, v in answer["includes"].items()} == {
        "users": ["harbour_news"]
    }
    assert all(post["author_id"] == cast["harbour_news"].user_id for post in answer["data"])


def test_media_places_and_polls_are_all_included(timeline: Any):
    pages = timeline("harbour_news", start_time="2026-11-19T00:00:00Z")
    posts = [post for page in pages for post in page["data"]]
    media = {m["media_key"] for page in pages for m in page["includes"].get("media", [])}
    places = {p["id"] for page in pages for p in page["includes"].get("places", [])}
    polls = {p["id"] for page in pages for p in page["includes"].get("polls", [])}
    assert media >= {k for p in posts for k in p.get("attachments", {}).get("media_keys", [])}
    assert places == {p["geo"]["place_id"] for p in posts if "geo" in p}
    assert polls == {i for p in posts for i in p.get("attachments", {}).get("poll_ids", [])}
    assert media
    assert places
    assert polls


def test_a_missing_reference_is_a_partial_error(timeline: Any):
    (page,) = timeline("repost_relay", start_time="2026-11-20T00:00:00Z")
    included = {post["id"] for post in page["includes"]["tweets"]}
    wanted = {r["id"] for p in page["data"] for r in p.get("referenced_tweets", [])}
    missing = {e["value"]: e for e in page["errors"]}
    assert wanted - included == set(missing)
    assert {e["title"] for e in missing.values()} == {"Not Found Error", "Authorization Error"}
    assert all(e["parameter"] == "referenced_tweets.id" for e in missing.values())
    assert "20112233445" in missing


def test_withheld_posts_share_one_text_and_hide_a_field(timeline: Any):
    (page,) = timeline("withheld_desk")
    assert len({post["text"] for post in page["data"]}) == 1
    assert all(post["withheld"]["country_codes"] == ["DE", "FR"] for post in page["data"])
    assert page["errors"]
    for error in page["errors"]:
        assert error["title"] == "Field Authorization Error"
        assert error["type"].endswith("/not-authorized-for-field")
        (post,) = [p for p in page["data"] if p["id"] == error["resource_id"]]
        assert error["field"] not in post


def test_private_metrics_are_a_field_authorization_error(get: Get, cast: Cast):
    fields = {"tweet.fields": "public_metrics,non_public_metrics"}
    answer = get(path_of(cast["harbour_news"]), max_results=5, **INTERVAL, **fields).json()
    assert len(answer["data"]) == len(answer["errors"]) == 5
    assert {e["field"] for e in answer["errors"]} == {"non_public_metrics"}


# Lookup


def test_posts_are_looked_up_by_id_old_versions_too(world: World, get: Get, cast: Cast):
    day = (key_at(START - timedelta(days=1)), key_at(START))
    posts = list(world.population.between(cast["longform_notes"], *day))
    edited = next(p for p in posts if p.earlier_versions)
    old = edited.earlier_versions[0]
    answer = get("/2/tweets", ids=f"{edited.key},{old.key},1234").json()
    assert [p["id"] for p in answer["data"]] == [str(edited.key), str(old.key)]
    assert answer["data"][0]["text"] != answer["data"][1]["text"]
    assert [(e["value"], e["title"]) for e in answer["errors"]] == [("1234", "Not Found Error")]


def test_posts_of_a_protected_account_are_not_shown(world: World, get: Get, cast: Cast):
    interval = key_at(START), key_at(START + timedelta(hours=4))
    post = next(world.population.between(cast["members_circle"], *interval))
    answer = get("/2/tweets", ids=post.key).json()
    assert set(answer) == {"errors"}
    assert answer["errors"][0]["type"].endswith("/not-authorized-for-resource")


# Search


def search(get: Get, query: str, path: str = "recent", **options: Any) -> list[dict[str, Any]]:
    options = {**INTERVAL, "max_results": 100, "tweet.fields": "referenced_tweets", **options}
    answer = get(f"/2/tweets/search/{path}", query=query, **options)
    assert answer.status_code == 200, answer.text
    return answer.json().get("data", [])


def test_a_search_from_an_account_is_its_timeline(get: Get, cast: Cast):
    timeline = ids(get(path_of(cast["harbour_news"]), max_results=100, **INTERVAL))
    for path in ("recent", "all"):
        assert [p["id"] for p in search(get, "from:harbour_news", path)] == timeline


def test_search_words_combine(get: Get):
    everything = search(get, "from:harbour_news")
    some = search(get, 'from:harbour_news (fog OR "two tugs")')
    wanted = [p["id"] for p in everything if re.search(r"\bfog\b|two tugs", p["text"])]
    assert [p["id"] for p in some] == wanted
    assert 0 < len(some) < len(everything)
    without = search(get, 'from:harbour_news -fog -"two tugs"')
    assert len(without) + len(some) == len(everything)


def test_search_pages_are_full_and_lead_on(get: Get):
    found, token = [], {}
    while True:
        options = {"query": "from:harbour_news -is:reply", "max_results": 10, **INTERVAL, **token}
        page = get("/2/tweets/search/recent", **options).json()
        found += [post["id"] for post in page["data"]]
        if "next_token" not in page["meta"]:
            break
        assert page["meta"]["result_count"] == 10
        token = {"next_token": page["meta"]["next_token"]}
    assert found == [p["id"] for p in search(get, "from:harbour_news -is:reply")]


def test_a_search_without_from_finds_posts_of_several_accounts(get: Get):
    fields = {"tweet.fields": "author_id"}
    posts = search(get, "(tide OR rain OR dataset OR fog) -is:retweet", **fields)
    assert len({post["author_id"] for post in posts}) > 3
    assert [p["id"] for p in posts] == sorted((p["id"] for p in posts), key=int, reverse=True)


def test_a_search_that_finds_nothing_says_zero(get: Get):
    answer = get("/2/tweets/search/recent", query="from:harbour_news zeppelin", **INTERVAL)
    assert answer.json() == {"meta": {"result_count": 0}}


def test_search_all_reaches_back_where_recent_refuses(get: Get):
    old = {"start_time": "2023-05-01T00:00:00Z", "end_time": "2023-05-01T04:00:00Z"}
    assert search(get, "from:harbour_news", "all", **old)
    answer = get("/2/tweets/search/recent", query="from:harbour_news", **old)
    assert answer.status_code == 400
    assert "start_time" in answer.json()["errors"][0]["message"]


def test_the_whole_archive_has_no_reposts_and_does_not_say_so(get: Get, cast: Cast):
    def kinds(posts: list[dict[str, Any]]) -> set[str]:
        return {r["type"] for post in posts for r in post.get("referenced_tweets", [])}

    recent = search(get, "from:repost_relay")
    archive = search(get, "from:repost_relay", "all")
    assert kinds(recent) == {"retweeted", "quoted", "replied_to"}
    assert archive == [post for post in recent if "retweeted" not in kinds([post])]
    assert kinds(archive) == {"quoted", "replied_to"}
    query = {"query": "from:repost_relay is:retweet", **INTERVAL}
    assert get("/2/tweets/search/all", **query).json() == {"meta": {"result_count": 0}}


def test_pages_of_the_archive_are_full_without_reposts(get: Get):
    found, token = [], {}
    while True:
        options = {"query": "from:repost_relay", "max_results": 10, **INTERVAL, **token}
        page = get("/2/tweets/search/all", **options).json()
        found += [post["id"] for post in page["data"]]
        if "next_token" not in page["meta"]:
            break
        assert page["meta"]["result_count"] == len(page["data"]) == 10
        token = {"next_token": page["meta"]["next_token"]}
    assert found == [post["id"] for post in search(get, "from:repost_relay", "all")]


# What X refuses


def refusals() -> list[Any]:
    timeline = path_of(CAST[0])
    recent, everything = "/2/tweets/search/recent", "/2/tweets/search/all"
    soon = {"end_time": timestamp(NOW - timedelta(seconds=9))}
    search_soon = {"end_time": timestamp(NOW - timedelta(seconds=29))}
    many = ",".join(f"name_{n}" for n in range(101))
    cases = [
        ("max_results", timeline, {"max_results": "4"}),
        ("max_results", timeline, {"max_results": "101"}),
        ("max_results", timeline, {"max_results": "ten"}),
        ("max_results", recent, {"query": "tide", "max_results": "9"}),
        ("max_results", recent, {"query": "tide", "max_results": "101"}),
        ("max_results", everything, {"query": "tide", "max_results": "501"}),
        ("end_time", timeline, soon),
        ("end_time", recent, {"query": "tide", **search_soon}),
        ("start_time", timeline, {**INTERVAL, "start_time": "2026-11-20T08:00:00Z"}),
        ("start_time", timeline, {"start_time": "2010-11-05T00:00:00Z"}),
        ("start_time", timeline, {"start_time": "yesterday"}),
        ("start_time", timeline, {"start_time": "2026-11-20T04:00:00"}),
        ("since_id", timeline, {"since_id": "20", "until_id": "20"}),
        ("since_id", timeline, {"since_id": "twenty"}),
        ("since_id", recent, {"query": "tide", "since_id": "20", **INTERVAL}),
        ("exclude", timeline, {"exclude": "quotes"}),
        ("exclude", timeline, {"exclude": "replies,replies"}),
        ("pagination_token", timeline, {"pagination_token": "nonsense"}),
        ("tweet.fields", timeline, {"tweet.fields": "created_at,mood"}),
        ("post.fields", timeline, {"post.fields": "mood"}),
        ("user.fields", "/2/users/by", {"usernames": "a", "user.fields": "mood"}),
        ("expansions", timeline, {"expansions": "author_id,friends"}),
        ("colour", timeline, {"colour": "red"}),
        ("id", "/2/users/abc/tweets", {}),
        ("usernames", "/2/users/by", {}),
        ("usernames", "/2/users/by", {"usernames": "sixteen_letters_"}),
        ("usernames", "/2/users/by", {"usernames": "no-dash"}),
        ("usernames", "/2/users/by", {"usernames": many}),
        ("ids", "/2/users", {"ids": "x"}),
        ("ids", "/2/tweets", {"ids": "12345678901234567890"}),
        ("query", recent, {}),
        ("query", recent, {"query": "x" * 513}),
        ("query", everything, {"query": "x" * 1_025}),
        ("query", recent, {"query": "-is:retweet"}),
        ("query", recent, {"query": "near:here tide"}),
        ("days", "/2/usage/tweets", {"days": "91"}),
    ]
    return [pytest.param(*case, id=f"{case[0]}-{number}") for number, case in enumerate(cases)]


@pytest.mark.parametrize(("parameter", "path", "query"), refusals())
def test_a_bad_parameter_is_a_400_that_names_it(
    get: Get, parameter: str, path: str, query: dict[str, str]
):
    answer = get(path, **query)
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["type"].endswith("/invalid-request")
    (error,) = problem["errors"]
    assert list(error["parameters"]) == [parameter]
    assert parameter in error["message"] or parameter == "query"


def test_the_last_allowed_second_is_allowed(get: Get, cast: Cast):
    ten, thirty = (timestamp(NOW - timedelta(seconds=s)) for s in (10, 30))
    assert get(path_of(cast["harbour_news"]), end_time=ten).status_code == 200
    search = {"query": "from:old_maps_daily", "end_time": thirty}
    assert get("/2/tweets/search/recent", **search).status_code == 200
    longest = "from:old_maps_daily ".ljust(1_024, "x")
    assert get("/2/tweets/search/all", query=longest).status_code == 200
    assert get("/2/tweets/search/recent", query=longest[:512]).status_code == 200


def test_an_unknown_path_is_a_404(get: Get):
    assert get("/2/lists/1/tweets").status_code == 404


# The log


def test_requests_are_listed_with_the_username_of_a_timeline(world: World, get: Get, cast: Cast):
    get("/2/users/by", usernames="harbour_news")
    get(path_of(cast["harbour_news"]), max_results=4)
    listed = requests.get(f"{world.x_url}/_sandbox/requests", timeout=9).json()
    assert [(r["status"], r["username"]) for r in listed] == [(200, None), (400, "harbour_news")]
    assert listed[1]["method"] == "GET"
    assert listed[1]["path"] == path_of(cast["harbour_news"])
    assert listed[1]["query"] == "max_results=4"
    assert [r.status for r in world.requests] == [200, 400]
    requests.delete(f"{world.x_url}/_sandbox/requests", timeout=9)
    assert world.requests == []


def test_quiet_means_quiet_in_every_interval(get: Get, cast: Cast):
    assert cast["quiet_archive"].kind is Kind.QUIET
    assert get(path_of(cast["quiet_archive"])).json() == {"meta": {"result_count": 0}}
