"""Fields that nobody here knows: counted as they come, told once."""

from __future__ import annotations

import json
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from include.compliance.page import Page
from include.datasets.tweet_metrics import wire as metrics_wire
from include.datasets.tweets import wire as tweets_wire
from include.datasets.users import wire as users_wire
from include.drift import TOLD_KEY, remarks, unknown_fields
from include.lake import Lake
from include.raw import StoredPage
from include.x_api.answer import read_answer
from include.x_api.client import XApi
from include.x_api.fields import USER_FIELDS
from include.x_api.known_fields import KNOWN
from sandbox.cast import CAST

RUN = "tweets/20261102T0800Z_20261102T1200Z"
LATER = "tweets/20261102T1200Z_20261102T1600Z"


@pytest.fixture
def api(world):
    return XApi(world.x_url, "sandbox-token", sleep=lambda _: None)


def timeline(api, interval, user_id):
    answer = api.timeline(user_id, interval, exclude=[], page_size=100, pagination_token=None)
    return StoredPage(read_answer(answer.body), answer.at)


@pytest.mark.parametrize("vocabulary", ["of the account", "the other"])
def test_all_that_x_sends_to_what_is_asked_is_known(world, api, interval, vocabulary):
    if vocabulary == "the other":
        world.faults.add("other_vocabulary", times=None)
    pages = [timeline(api, interval, account.user_id) for account in CAST]
    assert unknown_fields(pages, "posts") == {}
    ids = [p["id"] for page in pages for p in page.content.get("data", []) if isinstance(p, dict)]
    counts = api.tweets([str(i) for i in ids if str(i).isdigit()][:100])
    assert unknown_fields([StoredPage(read_answer(counts.body), counts.at)], "posts") == {}
    profiles = api.users_by([account.username for account in CAST], fields=USER_FIELDS)
    assert unknown_fields([StoredPage(read_answer(profiles.body), profiles.at)], "users") == {}


def names_in(shape: Any, path: str = "") -> set[str]:
    """Paths of all fields of a typed object."""
    names = set()
    for name, hint in get_type_hints(shape).items():
        names.add(f"{path}{name}")
        kinds = [hint, *get_args(hint), *(k for part in get_args(hint) for k in get_args(part))]
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                names |= names_in(kind, f"{path}{name}.")
    return names


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("post", tweets_wire.Post),
        ("post", metrics_wire.Post),
        ("error", metrics_wire.Problem),
        ("user", users_wire.User),
        ("media", tweets_wire.Media),
        ("place", tweets_wire.Place),
    ],
)
def test_whatever_a_column_reads_is_known(kind, shape):
    def paths(known, path=""):
        for name, inner in known.items():
            yield f"{path}{name}"
            yield from paths(inner, f"{path}{name}.")

    assert names_in(shape) <= set(paths(KNOWN[kind]))


def test_every_object_with_an_unknown_field_counts(world, api, interval):
    world.faults.add("unknown_fields")
    page = timeline(api, interval, CAST[0].user_id)
    posts = len(page.content["data"])
    media = len(page.content["includes"]["media"])
    found = unknown_fields([page], "posts")
    assert found["post.unheard_of"] == found["post.public_metrics.unheard_of_count"] == posts > 0
    assert found["media.unheard_of"] == media > 0
    assert found["answer.unheard_of"] == 1
    assert all("unheard_of" in name for name in found)
    assert not any("unheard_of." in name for name in found)


def page(**parts: Any) -> StoredPage:
    return StoredPage(parts, None)


def test_a_field_counts_once_in_an_object_however_deep_and_often():
    urls = [{"url": "https://t.co/1", "mood": 1}, {"url": "https://t.co/2", "mood": 2}]
    found = unknown_fields(
        [
            page(data=[{"entities": {"urls": urls}}, {"id": "1"}, "no post"]),
            page(data=[{"entities": {"urls": urls[:1]}}], meta={"mood": 1}),
            page(errors=[{"title": "x", "mood": 1}], includes={"users": [{"mood": 1}]}),
        ],
        "posts",
    )
    assert found == {
        "answer.meta.mood": 1,
        "error.mood": 1,
        "post.entities.urls.mood": 2,
        "user.mood": 1,
    }


def test_what_was_forgotten_has_no_unknown_fields():
    post = {"id": "1", "author_id": "7"}
    user = {"id": "7", "username": "nasa"}
    timeline = {"data": [post, {"id": "x"}], "includes": {"tweets": [post], "users": [user]}}
    for key, body in (("raw/tweets/", timeline), ("raw/accounts/", {"data": [user]})):
        left = Page(key, json.dumps(body).encode()).without(lambda _: "deleted")
        assert left is not None
        assert b"forgotten" in left
        assert unknown_fields([StoredPage(read_answer(left), None)], "posts") == {}


def test_a_field_of_x_that_is_named_like_a_mark_counts():
    posts = [{"forgotten": True, "id": "1", "text": "t"}, {"forgotten": {}, "mood": 1}]
    assert unknown_fields([page(data=posts)], "posts") == {"post.forgotten": 2, "post.mood": 1}


def test_a_name_can_be_anything(lake: Lake):
    odd = "\ud83d <b>\n\u202e" + "x" * 500
    (name,) = found = unknown_fields([page(data=[{odd: 1}])], "posts")
    assert name.isascii()
    assert name.isprintable()
    assert len(name) < 80
    assert name in remarks(lake, RUN, found)[0]


def test_what_is_new_is_told_by_the_run_that_met_it_first(lake: Lake):
    assert remarks(lake, RUN, {}) == []
    assert lake.find(TOLD_KEY) is None
    first = remarks(lake, RUN, {"post.mood": 1_200})
    assert "post.mood in 1,200" in first[0]
    assert remarks(lake, LATER, {"post.mood": 7}) == []
    (second,) = remarks(lake, LATER, {"post.mood": 7, "user.mood": 1})
    assert "user.mood in 1" in second
    assert "post.mood" not in second


def test_the_same_run_says_the_same_again(lake: Lake):
    first = remarks(lake, RUN, {"post.mood": 3})
    remarks(lake, LATER, {"post.mood": 3, "user.mood": 1})
    memory = lake.get(TOLD_KEY)
    assert remarks(lake, RUN, {"post.mood": 3}) == first
    assert lake.get(TOLD_KEY) == memory
    assert json.loads(memory) == {"post.mood": RUN, "user.mood": LATER}


def test_a_flood_of_names_stays_readable(lake: Lake):
    (remark,) = remarks(lake, RUN, {f"post.mood_{number}": 1 for number in range(50)})
    assert "and 30 more" in remark
