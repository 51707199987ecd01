"""What is left of a raw page."""

from __future__ import annotations

import json

import pytest

from include.compliance.page import Page
from include.compliance.subject import Found, Subject
from include.datasets.dataset import UnreadablePage
from include.foreign_json import parse

TWEETS = "raw/tweets/dt=2026-11-02/account=nasa/20261102T0800Z_20261102T1200Z/page-0000.json.gz"
LOOKUP = "raw/accounts/dt=2026-11-02/20261102T0800Z_20261102T1200Z/lookup-0000.json.gz"
ODD = (
    b'{"id": "2", "author_id":"8",\n "text": "caf\\u00e9", "n": 1.50, "big": 99999999999999999999}'
)


def found(posts=(), users=()):
    return Found(
        source="compliance jobs",
        posts=dict.fromkeys(posts, "deleted"),
        users=dict.fromkeys(users, "suspended"),
    )


def without(key, body, **ids):
    changed = Page(key, body).without(found(**ids).why)
    return None if changed is None else json.loads(changed)


def page(*items, **members):
    return json.dumps({"data": items, **members}).encode()


def test_a_mark_stands_where_a_post_was_and_the_others_are_as_x_sent_them():
    body = b'{"data": [{"id": "1", "text": "gone"}, ' + ODD + b'], "meta": {"result_count": 2 }}'
    left = Page(TWEETS, body).without(found(posts=["1"]).why)
    assert json.loads(left)["data"][0] == {"forgotten": "deleted", "id": "1"}
    assert ODD in left
    assert b'{"result_count": 2 }' in left
    assert Page(TWEETS, left).without(found(posts=["1"]).why) is None
    assert [subject.id for subject in Page(TWEETS, left).subjects()] == ["2"]


@pytest.mark.parametrize("body", [page(), b'{"meta": {}}', b'{"data": null}', page({"id": "2"})])
def test_a_page_without_any_of_it_stays(body):
    assert without(TWEETS, body, posts=["1"], users=["7"]) is None


def test_with_a_user_go_its_posts_and_with_a_post_its_reposts():
    def repost(number, kind, vocabulary):
        return {"id": number, "author_id": "8", vocabulary: [{"type": kind, "id": "1"}]}

    items = [
        {"id": "5", "author_id": "7"},
        repost("6", "retweeted", "referenced_tweets"),
        repost("9", "reposted", "referenced_posts"),
        repost("10", "quoted", "referenced_tweets"),
        {"id": 1, "author_id": "8"},
        {"id": "x12", "author_id": "7"},
        "no post",
    ]
    left = without(TWEETS, page(*items), posts=["1"], users=["7"])["data"]
    assert left == [
        {"forgotten": "suspended", "id": "5"},
        {"forgotten": "deleted", "id": "6"},
        {"forgotten": "deleted", "id": "9"},
        items[3],
        {"forgotten": "deleted", "id": "1"},
        {"forgotten": "suspended"},
        "no post",
    ]


def test_what_is_included_goes_as_well_and_media_that_no_post_shows():
    items = [
        {"id": "1", "attachments": {"media_keys": ["3_1", "3_2"], "poll_ids": ["4"]}},
        {"id": "2", "attachments": {"media_keys": ["3_2"]}, "geo": {"place_id": "ab"}},
    ]
    includes = {
        "media": [{"media_key": "3_1", "alt_text": "gone"}, {"media_key": "3_2"}],
        "polls": [{"id": "4", "options": []}],
        "places": [{"id": "ab"}, {"id": "cd"}],
        "tweets": [{"id": "1"}, {"id": "12"}],
        "users": [{"id": "7", "username": "x", "name": "X"}, {"id": "8"}],
        "topics": [{"id": "1"}],
    }
    left = without(TWEETS, page(*items, includes=includes), posts=["1"], users=["7"])["includes"]
    assert left == {
        "media": [{"media_key": "3_2"}],
        "polls": [],
        "places": [{"id": "ab"}],
        "tweets": [{"forgotten": "deleted", "id": "1"}, {"id": "12"}],
        "users": [{"forgotten": "suspended", "id": "7"}, {"id": "8"}],
        "topics": [{"id": "1"}],
    }


def test_a_lookup_keeps_the_name_that_it_was_asked_for_and_nothing_else_of_a_user():
    user = {"id": "7", "username": "NASA", "name": "Nasa", "description": "space"}
    left = without(LOOKUP, page(user, errors=[{"value": "esa"}]), users=["7"])
    assert left["data"] == [{"forgotten": "suspended", "id": "7", "username": "NASA"}]
    assert left["errors"] == [{"value": "esa"}]


def test_a_place_alone_may_have_to_go():
    post = {"id": "1", "text": "t", "geo": {"place_id": "ab"}}
    scrubbed = Found(source="compliance jobs", posts={"1": "scrub_geo"}, users={})
    left = Page(TWEETS, page(post, includes={"places": [{"id": "ab"}]})).without(scrubbed.why)
    assert json.loads(left) == {"data": [{"id": "1", "text": "t"}], "includes": {"places": []}}
    assert Page(TWEETS, left).without(scrubbed.why) is None


def test_json_that_strict_parsers_refuse_is_read_all_the_same():
    body = b'{"data": [{"id": "1"}, {"id": "2", "text": "\xff", "x": NaN, "y": "\\ud83d"}]}'
    left = Page(TWEETS, body).without(found(posts=["1"]).why)
    assert [s.id for s in Page(TWEETS, left).subjects()] == ["2"]
    assert parse(left)["data"][1]["y"] == "\ud83d"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_what_is_no_page_is_named(body):
    with pytest.raises(UnreadablePage, match="account=nasa"):
        Page(TWEETS, body)


def test_an_id_is_digits_or_none():
    assert [Subject.of("users", {"id": i}).id for i in ("7", 7, "x7", None, "", "٧", 1.0)] == [
        "7",
        "7",
        None,
        None,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("kind", [["retweeted"], {"retweeted": 1}, None, 5])
def test_a_reference_of_an_odd_kind_is_no_repost(kind):
    body = page({"id": "2", "referenced_tweets": [{"type": kind, "id": "1"}]})
    (subject,) = Page(TWEETS, body).subjects()
    assert (subject.id, subject.reposts) == ("2", None)


@pytest.mark.parametrize("odd", [5, True, ["x", {}], {"3_1": 1}, None])
def test_what_points_oddly_points_to_nothing_and_nothing_odd_is_pointed_to(odd):
    items = [
        {"id": "1"},
        {"id": "2", "attachments": {"media_keys": odd, "poll_ids": odd}, "geo": {"place_id": odd}},
        {"id": "3", "attachments": {"media_keys": ["3_1", odd]}},
    ]
    includes = {
        "media": [{"media_key": "3_1"}, {"media_key": odd}],
        "polls": [{"id": odd}],
        "places": [{"id": odd}, odd],
    }
    left = without(TWEETS, page(*items, includes=includes), posts=["1"])
    assert left["data"] == [{"forgotten": "deleted", "id": "1"}, *items[1:]]
    assert left["includes"] == {"media": [{"media_key": "3_1"}], "polls": [], "places": []}


@pytest.mark.parametrize("name", [b"\xff", b"\\ud83d"])
def test_a_name_that_is_no_unicode_stays_wherever_it_stands(name):
    body = (
        b'{"data": [{"id": "1"}, {"id": "2", "geo": 5, "%b": 1}], "includes": {"%b": [1]}, "%b": 1}'
    ) % (name, name, name)
    reasons = {"1": "deleted", "2": "scrub_geo"}
    scrubbed = Found(source="compliance jobs", posts=reasons, users={})
    left = parse(Page(TWEETS, body).without(scrubbed.why))
    odd = parse(b'"%b"' % name)
    assert left == {
        "data": [{"forgotten": "deleted", "id": "1"}, {"id": "2", odd: 1}],
        "includes": {odd: [1]},
        odd: 1,
    }


@pytest.mark.parametrize("name", ["half \ud83d", "\udc4d", ["\ud83d"], None])
def test_a_user_with_an_odd_name_goes_for_good(name):
    left = Page(LOOKUP, page({"id": "7", "username": name})).without(found(users=["7"]).why)
    assert list(Page(LOOKUP, left).subjects()) == []
