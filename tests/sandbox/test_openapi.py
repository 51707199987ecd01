"""Answers, checked against the two published OpenAPI descriptions.

`openapi/` holds what they say about our endpoints: parameters and schemas, without prose.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_schema_validator import OAS30Validator, oas30_format_checker

from sandbox.cast import CAST, Account, Kind, Vocabulary
from sandbox.field_names import (
    JOB_FIELDS,
    MEDIA_FIELDS,
    PLACE_FIELDS,
    POLL_FIELDS,
    POST_EXPANSIONS,
    POST_FIELDS,
    USAGE_FIELDS,
    USER_EXPANSIONS,
    USER_FIELDS,
)
from sandbox.vocabulary import classic_expansion, classic_field
from sandbox.world import World

Get = Callable[..., requests.Response]
FOLDER = Path(__file__).parent / "openapi"
VERSION = {Vocabulary.CLASSIC: "2.156", Vocabulary.NEW: "2.167"}
SOUND = [
    account for account in CAST if account.kind not in {Kind.FAULTY, Kind.DRIFTING, Kind.MISSPELT}
]


@cache
def description(version: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{version}.json").read_text())


def schema(version: str, reference: str) -> dict[str, Any]:
    return {"$ref": reference, "components": description(version)["components"]}


def response(version: str, path: str, status: int, method: str = "get") -> dict[str, Any]:
    responses = description(version)["paths"][path][method]["responses"]
    content = responses["200" if status == 200 else "default"]["content"]
    kind = "application/json" if status == 200 else "application/problem+json"
    return schema(version, content[kind]["schema"]["$ref"])


@cache
def mapping(version: str, name: str) -> dict[str, str]:
    whole = description(version)["components"]["schemas"][name]
    return whole.get("discriminator", {}).get("mapping", {})


def offences(schema: dict[str, Any], instance: Any) -> Iterator[str]:
    validator = OAS30Validator(schema, format_checker=oas30_format_checker)
    for error in validator.iter_errors(instance):
        # 2.156 contradicts itself: mentionedUsers is in the enum, and too long for the pattern.
        if error.validator != "pattern" or error.instance not in error.schema.get("enum", ()):
            yield f"{error.json_path}: {error.message}"


def unknown_keys(version: str, path: str, body: dict[str, Any]) -> Iterator[str]:
    """Keys of posts and users that the description does not have: the other vocabulary's."""
    words = {"2.156": ("Tweet", "tweets"), "2.167": ("Post", "posts")}[version]
    schemas = description(version)["components"]["schemas"]
    included = body.get("includes", {})
    data = body["data"] if isinstance(body.get("data"), list) else []
    posts = included.get(words[1], []) + (data if "tweets" in path else [])
    users = included.get("users", []) + (data if "tweets" not in path else [])
    for name, items in ((words[0], posts), ("User", users)):
        for item in items:
            if unknown := set(item) - set(schemas[name]["properties"]):
                yield f"{name}: unknown keys {unknown}"


def discriminated(version: str, name: str, items: list[dict[str, Any]]) -> Iterator[str]:
    """Offences against the schema that an item's own `type` picks."""
    kinds = mapping(version, name)
    for item in items if kinds else []:
        if item["type"] not in kinds:
            yield f"{name}: {item['type']!r} is none of the described kinds"
        else:
            yield from offences(schema(version, kinds[item["type"]]), item)


def complaints(version: str, path: str, status: int, body: dict[str, Any]) -> list[str]:
    """What the description has against an answer."""
    problems = body.get("errors", []) if status == 200 else [body]
    return [
        *offences(response(version, path, status), body),
        *unknown_keys(version, path, body),
        *discriminated(version, "Problem", problems),
        *discriminated(version, "Media", body.get("includes", {}).get("media", [])),
    ]


def everything(version: str) -> dict[str, str]:
    """Every field and expansion that the description lists for a timeline."""
    query = {}
    for parameter in description(version)["components"]["parameters"].values():
        name, values = parameter["name"], parameter["schema"].get("items", {}).get("enum")
        if values and name not in ("usage.fields", "compliance_job.fields", "expansions"):
            query[name] = ",".join(values)
    expansions = {"2.156": "TweetExpansionsParameter", "2.167": "PostExpansionsParameter"}[version]
    listed = description(version)["components"]["parameters"][expansions]
    query["expansions"] = ",".join(listed["schema"]["items"]["enum"])
    return query


@pytest.mark.parametrize("account", SOUND, ids=lambda a: a.username)
def test_timelines_obey_their_description(get: Get, account: Account):
    version = VERSION[account.vocabulary]
    hours = {"start_time": "2026-11-20T00:00:00Z", "end_time": "2026-11-20T08:00:00Z"}
    # With the fields that only 2.156 lists: X still answers with author_id and references.
    query = {**everything("2.156"), **everything(version), **hours, "max_results": "100"}
    answer = get(f"/2/users/{account.user_id}/tweets", **query)
    found = complaints(version, "/2/users/{id}/tweets", 200, answer.json())
    assert answer.status_code == 200
    assert not found, found[:5]


@pytest.mark.parametrize("version", ["2.156", "2.167"])
def test_other_answers_obey_their_description(get: Get, cast: dict[str, Account], version: str):
    name = {"2.156": "harbour_news", "2.167": "orbit_observer"}[version]
    missing = {"2.156": ",shuttered_shop,harbor_newz", "2.167": ""}[version]
    fields = everything(version)
    users = {k: v for k, v in fields.items() if k in {"tweet.fields", "post.fields", "user.fields"}}
    timeline = get(f"/2/users/{cast[name].user_id}/tweets", max_results=100).json()["data"]
    some_ids = ",".join(post["id"] for post in timeline[:50])
    search = {"query": f"from:{name}", "max_results": 50, **fields}
    pinned = {"2.156": "pinned_tweet_id", "2.167": "pinned_post_id"}[version]
    questions = {
        "/2/users/by": {"usernames": name + missing, **users, "expansions": pinned},
        "/2/users": {"ids": cast[name].user_id, **users},
        "/2/tweets": {"ids": some_ids, **fields},
        "/2/tweets/search/recent": search,
        "/2/tweets/search/all": search,
    }
    for path, query in questions.items():
        answer = get(path, **query)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"], path
        found = complaints(version, path, 200, answer.json())
        assert not found, (path, found[:5])


@pytest.mark.parametrize("username", ["harbour_news", "orbit_observer"])
def test_answers_obey_their_description_after_things_have_happened(
    own_world: World, ask: Get, cast: dict[str, Account], username: str
):
    account = cast[username]
    version = VERSION[account.vocabulary]
    path, url = "/2/users/{id}/tweets", f"/2/users/{account.user_id}/tweets"
    ids = [post["id"] for post in ask(url).json()["data"]]
    own_world.fates.withhold_post(ids[0], ["DE"])
    own_world.fates.delete_post(ids[1])
    for where, query in ((path, {}), ("/2/tweets", {"ids": ",".join(ids)})):
        answer = ask(where.replace("{id}", account.user_id), **everything(version), **query)
        assert any("withheld" in post for post in answer.json()["data"])
        found = complaints(version, where, 200, answer.json())
        assert not found, (where, found[:5])
    for fate in ("suspend", "protect", "delete"):
        getattr(own_world.fates, fate)(username)
        answer = ask(url)
        assert set(answer.json()) == {"errors"}
        assert not complaints(version, path, 200, answer.json())


@pytest.mark.parametrize("account", SOUND, ids=lambda a: a.username)
def test_users_obey_their_description(get: Get, account: Account):
    version = VERSION[account.vocabulary]
    fields = {"user.fields": everything(version)["user.fields"]}
    answer = get("/2/users/by", usernames=account.username, **fields).json()
    found = complaints(version, "/2/users/by", 200, answer)
    assert not found, found[:5]


@pytest.mark.parametrize("username", ["harbour_news", "repost_relay", "rail_updates"])
def test_an_answer_in_the_other_vocabulary_obeys_the_other_description(
    world: World, get: Get, cast: dict[str, Account], username: str
):
    account = cast[username]
    (version,) = set(VERSION.values()) - {VERSION[account.vocabulary]}
    world.faults.add("other_vocabulary")
    answer = get(f"/2/users/{account.user_id}/tweets", **everything(version), max_results=100)
    found = complaints(version, "/2/users/{id}/tweets", 200, answer.json())
    assert not found, found[:5]


def test_usage_obeys_the_newer_description(get: Get):
    # 2.156 says integers; the wire says strings, as 2.167 does.
    answer = get("/2/usage/tweets", days=5).json()
    assert not (complaints("2.167", "/2/usage/tweets", 200, answer))
    assert complaints("2.156", "/2/usage/tweets", 200, answer)


@pytest.mark.parametrize("version", ["2.156", "2.167"])
def test_compliance_jobs_obey_both_descriptions(
    own_world: World, session: requests.Session, ask: Get, version: str
):
    path, one = "/2/compliance/jobs", "/2/compliance/jobs/{id}"
    url = own_world.x_url + path
    created = session.post(url, json={"type": "tweets", "name": "nightly"}, timeout=9)
    job = created.json()["data"]
    answers = [("post", path, created)]
    for _ in range(3):
        answers.append(("get", one, ask(f"{path}/{job['id']}")))
        answers.append(("get", path, ask(path, type="tweets")))
        text = {"content-type": "text/plain"}
        assert requests.put(job["upload_url"], data="17", headers=text, timeout=9).ok
    answers.append(("get", path, ask(path, type="users")))
    assert len({answer.json()["data"]["status"] for _, p, answer in answers if p == one}) == 3
    for method, where, answer in answers:
        assert answer.status_code == 200
        found = list(offences(response(version, where, 200, method), answer.json()))
        assert not found, (where, found[:5])
    refused = session.post(url, json={"type": "neither"}, timeout=9)
    assert (refused.status_code, complaints("2.156", path, 400, refused.json())) == (400, [])


def test_a_second_job_is_refused_as_the_older_description_says(
    own_world: World, session: requests.Session
):
    url = f"{own_world.x_url}/2/compliance/jobs"
    first, second = (session.post(url, json={"type": "users"}, timeout=9) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 409)
    assert not complaints("2.156", "/2/compliance/jobs", 409, second.json())


def test_refusals_obey_the_description(world: World, get: Get):
    path = "/2/users/{id}/tweets"
    url = path.replace("{id}", CAST[0].user_id)
    refused = get(url, max_results=1)
    assert refused.status_code == 400
    assert not (complaints("2.156", path, 400, refused.json()))
    for fault in ("unauthorized", "monthly_cap", "forbidden", "rate_limit"):
        world.faults.add(fault)
        answer = get(url)
        assert answer.status_code >= 400
        assert not (complaints("2.156", path, answer.status_code, answer.json())), fault


@pytest.mark.parametrize("username", ["faulty_feed", "drifting_feed"])
def test_the_descriptions_notice_malformed_posts(timeline: Any, username: str):
    found = " ".join(
        complaint
        for page in timeline(username)
        for complaint in complaints("2.156", "/2/users/{id}/tweets", 200, page)
    )
    noticed = ("created_at", ".id", "retweet_count", "reply_count", "public_metrics", "'object'")
    if username == "faulty_feed":
        assert [word for word in noticed if word not in found] == []
    else:  # a description asks for no field of a post: that all are gone is no offence to it
        assert not found


@pytest.mark.parametrize("version", ["2.156", "2.167"])
def test_every_described_parameter_is_known(version: str):
    components = description(version)["components"]["parameters"]
    known = {
        "tweet.fields": POST_FIELDS,
        "post.fields": POST_FIELDS,
        "user.fields": USER_FIELDS,
        "media.fields": MEDIA_FIELDS,
        "place.fields": PLACE_FIELDS,
        "poll.fields": POLL_FIELDS,
        "usage.fields": USAGE_FIELDS,
        "compliance_job.fields": JOB_FIELDS,
    }
    for component in components.values():
        described = component["schema"]["items"]["enum"]
        if component["name"] == "expansions":
            names = {classic_expansion(name) for name in described}
            assert names <= POST_EXPANSIONS | USER_EXPANSIONS
        else:
            assert {classic_field(name) for name in described} <= known[component["name"]]


@pytest.mark.parametrize("version", ["2.156", "2.167"])
def test_every_described_parameter_is_accepted(own_world: World, ask: Get, version: str):
    values = {
        "usernames": "harbour_news",
        "ids": CAST[0].user_id,
        "query": "from:harbour_news",
        "since_id": "1",
        "until_id": "2123687520217596160",
        "max_results": "10",
        "exclude": "replies",
        "start_time": "2026-11-20T00:00:00Z",
        "end_time": "2026-11-20T04:00:00Z",
        "sort_order": "recency",
        "days": "7",
        "type": "tweets",
        "status": "created",
    }
    create = own_world.compliance.create
    job = create("tweets", None, own_world.api.clock(), own_world.x_url, resumable=False)
    shared = description(version)["components"]["parameters"]
    for path, operation in description(version)["paths"].items():
        required = {}
        for parameter in operation["get"]["parameters"]:
            if parameter.get("required") and parameter["in"] == "query":
                required[parameter["name"]] = values[parameter["name"]]
        for parameter in operation["get"]["parameters"]:
            if reference := parameter.get("$ref"):
                described = shared[reference.rpartition("/")[2]]
                name, value = described["name"], described["schema"]["items"]["enum"][0]
            else:
                name, value = parameter["name"], values.get(parameter["name"])
            if value is None:  # the id in the path; and tokens, which have tests of their own
                continue
            owner = job.job_id if "compliance" in path else CAST[0].user_id
            answer = ask(path.replace("{id}", owner), **{**required, name: value})
            assert answer.status_code == 200, (path, name, answer.text)
