"""What `/2/users/by` and `/2/users` tell of the cast."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.cast import CAST, Standing, Vocabulary
from sandbox.field_names import USER_FIELDS
from sandbox.population import Population
from sandbox.world import World

Get = Callable[..., requests.Response]
THERE = [a for a in CAST if a.standing in {Standing.OPEN, Standing.PROTECTED}]
FIELDS = {"user.fields": ",".join(sorted(USER_FIELDS))}
ALWAYS = {
    "id",
    "name",
    "username",
    "created_at",
    "description",
    "profile_image_url",
    "protected",
    "public_metrics",
    "url",
    "verified",
    "verified_type",
}


@pytest.fixture
def users(get: Get) -> dict[str, dict[str, Any]]:
    names = ",".join(account.username for account in THERE)
    answer = get("/2/users/by", usernames=names, **FIELDS).json()
    return {user["username"]: user for user in answer["data"]}


def test_every_user_has_what_every_profile_has(users: dict[str, dict[str, Any]]):
    assert set(users) == {account.username for account in THERE}
    for user in users.values():
        assert set(user) >= ALWAYS
        assert set(user) <= USER_FIELDS
        assert user["verified"] is (user["verified_type"] != "none")


def test_by_id_they_are_the_same(get: Get, users: dict[str, dict[str, Any]]):
    ids = ",".join(account.user_id for account in THERE)
    answer = get("/2/users", ids=ids, **FIELDS).json()
    assert {user["username"]: user for user in answer["data"]} == users


def test_profiles_differ_as_they_do_on_x(users: dict[str, dict[str, Any]]):
    assert {user["verified_type"] for user in users.values()} == {
        "none",
        "blue",
        "business",
        "government",
    }
    for key in ("location", "pinned_tweet_id", "profile_banner_url", "entities", "withheld"):
        assert {key in user for user in users.values()} == {True, False}, key
    for key in ("description", "url"):
        assert {bool(user[key]) for user in users.values()} == {True, False}, key
    assert {user["protected"] for user in users.values()} == {True, False}


def test_at_least_half_of_the_cast_has_a_link_in_its_description():
    for seed in (1, 2, 3):
        population = Population(seed)
        profiles = [population.profile(account) for account in CAST]
        described = [
            p["entities"]["description"]
            for p in profiles
            if "entities" in p
            if "description" in p["entities"]
        ]
        linked = [entities for entities in described if "urls" in entities]
        assert len(linked) >= len(CAST) / 2


def test_offsets_in_profiles_are_code_points_of_what_they_name(users: dict[str, dict[str, Any]]):
    seen = set()
    for user in users.values():
        for field, entities in user.get("entities", {}).items():
            for kind, found in entities.items():
                for entity in found:
                    named = user[field][entity["start"] : entity["end"]]
                    wanted = {"urls": "url", "hashtags": "tag", "mentions": "username"}[kind]
                    assert named.lstrip("#@") == entity[wanted]
                    seen.add((field, kind))
    assert seen == {
        ("url", "urls"),
        *(("description", k) for k in ("urls", "hashtags", "mentions")),
    }


def test_links_in_descriptions_lead_somewhere(users: dict[str, dict[str, Any]]):
    links = [
        link
        for user in users.values()
        for link in user.get("entities", {}).get("description", {}).get("urls", [])
    ]
    assert all(link["url"].startswith("https://t.co/") and len(link["url"]) == 23 for link in links)
    assert all(link["expanded_url"].startswith("https://") for link in links)
    assert len({link["url"] for link in links}) == len(links)


def test_no_description_is_longer_than_x_allows():
    population = Population()
    extra = [population.directory.by_username(f"load_{n:04d}") for n in range(0, 10_000, 97)]
    for account in (*CAST, *(a for a in extra if a)):
        assert len(population.profile(account)["description"]) <= 160


def test_the_new_vocabulary_renames_what_it_renames(get: Get):
    names = ",".join(a.username for a in THERE if a.vocabulary is Vocabulary.NEW)
    new = {"user.fields": "pinned_post_id,public_metrics,most_recent_post_id"}
    for user in get("/2/users/by", usernames=names, **new).json()["data"]:
        assert "post_count" in user["public_metrics"]
        assert "most_recent_post_id" in user
        assert not {"pinned_tweet_id", "most_recent_tweet_id"} & set(user)


def test_nobody_has_pinned_a_post_of_the_future(own_world: World, ask: Get):
    def pinned() -> bool:
        (user,) = ask("/2/users/by", usernames="harbour_news", **FIELDS).json()["data"]
        return "pinned_tweet_id" in user

    assert pinned()
    own_world.travel(datetime(2022, 6, 1, tzinfo=UTC))
    assert not pinned()
