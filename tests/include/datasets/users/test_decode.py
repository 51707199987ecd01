from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from include.datasets.dataset import RawPage, UnreadablePage
from include.datasets.users.decode import decode
from include.datasets.users.schema import SCHEMA

AT = datetime(2026, 11, 21, 0, 0, 41, tzinfo=UTC)


def user(number: int = 0, **fields: Any) -> dict[str, Any]:
    return {"id": str(2_000_000 + number), "username": f"Quay_{number}", "name": "Quay", **fields}


def page(*users: Any, key: str = "raw/page-0000.json.gz", **parts: Any) -> RawPage:
    return RawPage(key, json.dumps({"data": list(users), **parts}).encode(), AT)


def rows(*pages: RawPage) -> list[dict[str, Any]]:
    return decode(pages).to_pylist()


def row(one: Any, **parts: Any) -> dict[str, Any]:
    (only,) = rows(page(one, **parts))
    return only


def described(text: str, *links: tuple[str | None, str | None]) -> str | None:
    """The description of a user whose text holds these links, as short and as whole address."""
    urls = [{"start": 0, "end": 1, "url": url, "expanded_url": whole} for url, whole in links]
    found = row(user(description=text, entities={"description": {"urls": urls}}))
    assert found["decode_problem"] is None
    return found["description"]


def test_every_user_is_a_row_in_order_and_knows_its_place() -> None:
    found = rows(page(user(3), user(1), key="a"), page(key="b"), page(user(2), key="c"))
    assert [r["username"] for r in found] == ["Quay_3", "Quay_1", "Quay_2"]
    assert [(r["raw_key"], r["raw_position"]) for r in found] == [("a", 0), ("a", 1), ("c", 0)]


def test_the_table_has_the_schema_s_columns_then_what_the_checks_need() -> None:
    names = decode([page(user())]).schema.names
    assert names == [*SCHEMA.names, "decode_problem", "raw_post"]


@pytest.mark.parametrize(
    "body", [b'{"meta": {"result_count": 0}}', b'{"data": null}', b'{"errors": [{"title": "x"}]}']
)
def test_a_page_without_data_has_no_rows(body: bytes) -> None:
    assert decode([RawPage("k", body, AT)]).num_rows == 0


def test_no_pages_are_no_rows() -> None:
    assert decode([]).num_rows == 0


def test_a_user_whom_x_does_not_show_is_no_row() -> None:
    error = {
        "value": "gone",
        "detail": "Could not find user with usernames: [gone].",
        "title": "Not Found Error",
        "resource_type": "user",
        "parameter": "usernames",
        "resource_id": "gone",
        "type": "https://api.x.com/2/problems/resource-not-found",
    }
    assert [r["user_id"] for r in rows(page(user(), errors=[error]))] == ["2000000"]


def test_a_bare_user_has_empty_lists_and_nulls_and_no_problem() -> None:
    found = row(user())
    filled = {name for name, value in found.items() if value not in (None, [])}
    assert filled == {"user_id", "observed_at", "username", "name", "raw_key", "raw_position"}
    assert found["description_urls"] == found["withheld_country_codes"] == []


def full_user() -> dict[str, Any]:
    return user(
        created_at="2008-01-02T03:04:05.000Z",
        description="Tides, see https://t.co/1",
        entities={
            "url": {
                "urls": [
                    {
                        "start": 0,
                        "end": 14,
                        "url": "https://t.co/9",
                        "expanded_url": "https://quay.example",
                        "display_url": "quay.example",
                    }
                ]
            },
            "description": {
                "hashtags": [{"start": 0, "end": 5, "tag": "Tides"}],
                "urls": [
                    {
                        "start": 11,
                        "end": 25,
                        "url": "https://t.co/1",
                        "expanded_url": "https://example.org/1",
                        "display_url": "example.org/1",
                    }
                ],
            },
        },
        location="Quay, Coast",
        url="https://t.co/9",
        verified=True,
        verified_type="government",
        protected=False,
        pinned_tweet_id="2123566994027446272",
        profile_image_url="https://pbs.example/1_normal.jpg",
        withheld={"country_codes": ["DE", "FR"], "scope": "user"},
        public_metrics={
            "followers_count": 1,
            "following_count": 2,
            "tweet_count": 3,
            "listed_count": 4,
            "like_count": 5,
            "media_count": 6,
        },
    )


def test_every_field_reaches_its_column() -> None:
    assert row(full_user()) == {
        "user_id": "2000000",
        "observed_at": AT,
        "username": "Quay_0",
        "name": "Quay",
        "created_at": datetime(2008, 1, 2, 3, 4, 5, tzinfo=UTC),
        "description": "Tides, see https://example.org/1",
        "description_urls": [
            {
                "url": "https://t.co/1",
                "expanded_url": "https://example.org/1",
                "display_url": "example.org/1",
            }
        ],
        "location": "Quay, Coast",
        "url": "https://quay.example",
        "is_verified": True,
        "verified_type": "government",
        "is_protected": False,
        "pinned_tweet_id": "2123566994027446272",
        "profile_image_url": "https://pbs.example/1_normal.jpg",
        "withheld_country_codes": ["DE", "FR"],
        "followers_count": 1,
        "following_count": 2,
        "tweet_count": 3,
        "listed_count": 4,
        "like_count": 5,
        "media_count": 6,
        "raw_key": "raw/page-0000.json.gz",
        "raw_position": 0,
        "decode_problem": None,
        "raw_post": None,
    }


def test_the_new_vocabulary_gives_the_same_rows() -> None:
    new = full_user()
    new["pinned_post_id"] = new.pop("pinned_tweet_id")
    new["public_metrics"]["post_count"] = new["public_metrics"].pop("tweet_count")
    assert row(new) == row(full_user())


def test_a_count_of_no_posts_is_0_in_either_vocabulary() -> None:
    assert row(user(public_metrics={"tweet_count": 0}))["tweet_count"] == 0
    assert row(user(public_metrics={"post_count": 0}))["tweet_count"] == 0


def test_old_payloads_lack_counts_which_are_null_and_not_0() -> None:
    found = row(user(public_metrics={"followers_count": 0, "listed_count": 0}))
    assert (found["followers_count"], found["listed_count"]) == (0, 0)
    assert found["like_count"] is found["media_count"] is found["tweet_count"] is None
    assert found["decode_problem"] is None


def test_null_is_as_good_as_absent_where_x_says_it_may_be() -> None:
    nulls = dict.fromkeys(
        ["description", "entities", "location", "url", "withheld", "pinned_tweet_id", "verified"]
    )
    assert row(user(**nulls)) == row(user())
    inside = {
        "entities": {"url": None, "description": {"urls": None}},
        "withheld": {"country_codes": None, "scope": None},
        "public_metrics": {"like_count": None, "media_count": None},
    }
    assert row(user(**inside)) == row(user())


def test_what_the_owner_left_empty_is_null() -> None:
    found = row(user(description="", location="", url=""))
    assert found["description"] is found["location"] is found["url"] is None
    assert found["decode_problem"] is None


def test_a_name_may_be_empty() -> None:
    found = row(user(name=""))
    assert (found["name"], found["decode_problem"]) == ("", None)


@pytest.mark.parametrize("digits", ["12", "12345678901", "123456789012345678", "9" * 19])
def test_ids_keep_every_digit(digits: str) -> None:
    found = row(user() | {"id": digits, "pinned_tweet_id": digits})
    assert (found["user_id"], found["pinned_tweet_id"]) == (digits, digits)


def test_several_links_are_expanded_wherever_they_stand() -> None:
    assert (
        described(
            "a https://t.co/1, b https://t.co/2; again https://t.co/1.",
            ("https://t.co/1", "https://one.example/?a=1&b=2"),
            ("https://t.co/2", r"https://two.example/\1\g<0>"),
        )
        == "a https://one.example/?a=1&b=2, b https://two.example/\\1\\g<0>; "
        "again https://one.example/?a=1&b=2."
    )


@pytest.mark.parametrize("order", [1, -1])
def test_a_link_that_is_the_beginning_of_another_leaves_it_alone(order: int) -> None:
    links = [("https://t.co/a", "https://one.example"), ("https://t.co/ab", "https://two.example")]
    found = described("https://t.co/a https://t.co/ab", *links[::order])
    assert found == "https://one.example https://two.example"


def test_a_link_that_x_does_not_list_stays_as_it_is() -> None:
    found = described("https://t.co/a https://t.co/ab", ("https://t.co/a", "https://one.example"))
    assert found == "https://one.example https://t.co/ab"


@pytest.mark.parametrize("order", [1, -1])
def test_an_address_that_holds_another_s_link_is_not_expanded_again(order: int) -> None:
    links = [
        ("https://t.co/1", "https://archive.example/https://t.co/2"),
        ("https://t.co/2", "https://two.example"),
    ]
    found = described("https://t.co/1 https://t.co/2", *links[::order])
    assert found == "https://archive.example/https://t.co/2 https://two.example"


def test_a_link_without_its_address_stays_short() -> None:
    assert described("see https://t.co/1", ("https://t.co/1", None)) == "see https://t.co/1"
    assert described("see it", (None, "https://one.example")) == "see it"
    assert described("see https://t.co/1") == "see https://t.co/1"


def test_text_right_behind_a_link_stays() -> None:
    found = described("(https://t.co/1)海", ("https://t.co/1", "https://one.example"))
    assert found == "(https://one.example)海"


@pytest.mark.parametrize(
    ("url", "urls", "expected"),
    [
        ("https://t.co/9", [{"url": "https://t.co/9", "expanded_url": "https://a"}], "https://a"),
        ("https://t.co/9", [{"url": "https://t.co/9"}], "https://t.co/9"),
        ("https://t.co/9", [{"url": "https://t.co/9", "expanded_url": ""}], "https://t.co/9"),
        ("https://t.co/9", [], "https://t.co/9"),
        ("https://t.co/9", None, "https://t.co/9"),
        (None, [{"url": "https://t.co/9", "expanded_url": "https://a"}], "https://a"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_the_link_of_the_profile(url: str | None, urls: Any, expected: str | None) -> None:
    assert row(user(url=url, entities={"url": {"urls": urls}}))["url"] == expected


@pytest.mark.parametrize(
    "text",
    [
        "\u202eright to left\u202c, \u2028 a line, \U0001f468\u200d\U0001f469 and &amp;",
        "nul\x00in it",
        "=cmd|' /C calc'!A0",
        "x" * 5_000,
    ],
)
def test_texts_stay_as_they_are(text: str) -> None:
    found = row(user(name=text, description=text, location=text))
    assert [found[name] for name in ("name", "description", "location")] == [text] * 3
    assert found["decode_problem"] is None


def test_times_are_those_of_the_page() -> None:
    later = datetime(2026, 11, 21, 0, 1, tzinfo=UTC)
    body = json.dumps({"data": [user()]}).encode()
    found = rows(RawPage("a", body, AT), RawPage("b", body, later), RawPage("c", body))
    assert [r["observed_at"] for r in found] == [AT, later, None]
    assert [r["user_id"] for r in found] == ["2000000"] * 3


ODD = [
    ({"id": 20}, {"user_id": None}, "id: 20 is a number, not a text"),
    ({"id": None}, {"user_id": None}, "id: null is not a text"),
    ({"username": ["q"]}, {"username": None}, 'username: ["q"] is a list, not a text'),
    ({"name": None}, {"name": None}, "name: null is not a text"),
    (
        {"created_at": "2008-02-30T00:00:00.000Z"},
        {"created_at": None},
        "created_at: '2008-02-30T00:00:00.000Z' is not a time in UTC",
    ),
    ({"created_at": 1199243045}, {"created_at": None}, "created_at: 1199243045 is a number, not a"),
    ({"description": {"text": "x"}}, {"description": None}, 'description: {"text": "x"} is an obj'),
    (
        {"description": "half \ud83d pair", "location": "Quay"},
        {"description": None, "location": "Quay"},
        "description: 'half \\ud83d pair' is no valid Unicode",
    ),
    (
        {"description": "see https://t.co/1", "entities": ["https://t.co/1"]},
        {"description": "see https://t.co/1", "description_urls": []},
        'entities: ["https://t.co/1"] is a list, not an object',
    ),
    (
        {
            "description": "https://t.co/1 https://t.co/2",
            "entities": {
                "description": {
                    "urls": [
                        {"url": "https://t.co/1", "expanded_url": 1},
                        "https://t.co/2",
                        {"url": "https://t.co/2", "expanded_url": "https://two.example"},
                    ]
                }
            },
        },
        {"description": "https://t.co/1 https://two.example"},
        (
            "entities.description.urls[0].expanded_url: 1 is a number, not a text; "
            "entities.description.urls[1]: 'https://t.co/2' is a text, not an object"
        ),
    ),
    (
        {"url": "https://t.co/9", "entities": {"url": {"urls": {"url": "x"}}}},
        {"url": "https://t.co/9"},
        'entities.url.urls: {"url": "x"} is an object, not a list',
    ),
    ({"location": 7}, {"location": None}, "location: 7 is a number, not a text"),
    ({"url": True}, {"url": None}, "url: true is true or false, not a text"),
    ({"verified": "yes"}, {"is_verified": None}, "verified: 'yes' is a text, not true or false"),
    ({"verified_type": 1}, {"verified_type": None}, "verified_type: 1 is a number, not a text"),
    ({"protected": 0}, {"is_protected": None}, "protected: 0 is a number, not true or false"),
    ({"pinned_tweet_id": 2}, {"pinned_tweet_id": None}, "pinned_tweet_id: 2 is a number, not a"),
    (
        {"withheld": {"country_codes": "DE"}},
        {"withheld_country_codes": []},
        "withheld.country_codes: 'DE' is a text, not a list",
    ),
    ({"public_metrics": None}, {"followers_count": None}, "public_metrics: null is not an object"),
    (
        {"public_metrics": {"followers_count": "12", "listed_count": 3}},
        {"followers_count": None, "listed_count": 3},
        "public_metrics.followers_count: '12' is a text, not a whole number",
    ),
    (
        {"public_metrics": {"followers_count": None, "like_count": 3}},
        {"followers_count": None, "like_count": 3},
        "public_metrics.followers_count: null is not a whole number",
    ),
    (
        {"public_metrics": {"like_count": 1.5}},
        {"like_count": None},
        "public_metrics.like_count: 1.5 is not a whole number",
    ),
    (
        {"public_metrics": {"media_count": 2**63, "post_count": 2**63 - 1}},
        {"media_count": None, "tweet_count": 2**63 - 1},
        "public_metrics.media_count: 9223372036854775808 is beyond 64 bits",
    ),
]


@pytest.mark.parametrize(("odd", "kept", "problem"), ODD, ids=[problem[:40] for *_, problem in ODD])
def test_an_odd_value_takes_nothing_else_down(
    odd: dict[str, Any], kept: dict[str, Any], problem: str
) -> None:
    strange = user(1) | odd
    before, found, after = rows(page(full_user(), strange, full_user()))
    assert found["decode_problem"].startswith(problem)
    assert {name: found[name] for name in kept} == kept
    assert found["observed_at"] == AT
    assert json.loads(found["raw_post"]) == strange
    assert before == row(full_user())
    assert after | {"raw_position": 0} == before


@pytest.mark.parametrize(
    ("odd", "problem"),
    [
        ("user 5", "user: 'user 5' is a text, not an object"),
        (None, "user: null is not an object"),
        (7, "user: 7 is a number, not an object"),
        ([user()], "is a list, not an object"),
    ],
)
def test_a_user_that_is_none_is_a_row_of_nulls(odd: Any, problem: str) -> None:
    _, found, _ = rows(page(user(0), odd, user(2)))
    assert found["user_id"] is None
    assert problem in found["decode_problem"]
    assert json.loads(found["raw_post"]) == odd
    assert (found["raw_key"], found["raw_position"]) == ("raw/page-0000.json.gz", 1)


@pytest.mark.parametrize("broken", [b"\xed\xa0\xbd", b"\xff"])
def test_bytes_that_are_no_utf_8_cost_one_field_only(broken: bytes) -> None:
    body = page(user(0), user(1, description="@@@"), user(2)).body.replace(b"@@@", broken)
    found = rows(RawPage("k", body, AT))
    assert [bool(r["decode_problem"]) for r in found] == [False, True, False]
    assert (found[1]["description"], found[1]["username"]) == (None, "Quay_1")
    assert json.loads(found[1]["raw_post"])["id"] == found[1]["user_id"]


def test_what_nests_too_deeply_costs_one_field_only() -> None:
    body = page(user(0), user(1, entities="@@@", location="Quay"), user(2)).body
    found = rows(RawPage("k", body.replace(b'"@@@"', b"[" * 5_000 + b"]" * 5_000), AT))
    assert [bool(r["decode_problem"]) for r in found] == [False, True, False]
    assert found[1]["location"] == "Quay"


def test_what_is_odd_where_no_column_looks_is_no_problem() -> None:
    found = row(user(affiliation=[5], entities={"description": {"hashtags": "none"}}))
    assert (found["decode_problem"], found["raw_post"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Expecting value"),
        (b"<html>502</html>", "Expecting value"),
        (b"[]", "it is no JSON object"),
        (b'{"data": {"id": "1"}}', "its data is no list"),
        (b'{"data": [], "errors": "none"}', "its errors is no list"),
    ],
)
def test_what_is_no_page_is_named(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePage, match=reason) as caught:
        decode([page(user()), RawPage("raw/users/page-0007.json.gz", body, AT)])
    assert "raw/users/page-0007.json.gz" in str(caught.value)
