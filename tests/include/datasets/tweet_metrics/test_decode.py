from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from include.datasets.dataset import RawPage, UnreadablePage
from include.datasets.tweet_metrics.decode import decode
from include.datasets.tweet_metrics.schema import SCHEMA

AT = datetime(2026, 11, 20, 2, 0, 41, tzinfo=UTC)
SNOWFLAKE = 2_123_566_994_027_446_272
COUNTS = {
    "retweet_count": 1,
    "reply_count": 2,
    "like_count": 3,
    "quote_count": 4,
    "bookmark_count": 5,
    "impression_count": 6,
}
EVERYTHING_A_TOMBSTONE_LACKS = ["author_id", "created_at", *COUNTS]


def post(number: int = 0, **fields: Any) -> dict[str, Any]:
    return {"id": str(SNOWFLAKE + number), "public_metrics": dict(COUNTS), **fields}


def problem(number: int = 0, kind: str = "resource-not-found", **fields: Any) -> dict[str, Any]:
    """What X says of a post that it does not show."""
    post_id = str(SNOWFLAKE + number)
    return {
        "value": post_id,
        "detail": f"Could not find post with ids: [{post_id}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": post_id,
        "type": f"https://api.x.com/2/problems/{kind}",
        **fields,
    }


def page(*posts: Any, errors: Any = (), key: str = "raw/page-0000.json.gz") -> RawPage:
    parts = {"data": list(posts), "errors": list(errors)}
    body = json.dumps({name: items for name, items in parts.items() if items})
    return RawPage(key, body.encode(), AT)


def rows(*pages: RawPage) -> list[dict[str, Any]]:
    return decode(pages).to_pylist()


def row(one: Any) -> dict[str, Any]:
    (only,) = rows(page(one))
    return only


def tombstone(error: Any) -> dict[str, Any]:
    (only,) = rows(page(errors=[error]))
    return only


def test_the_table_has_the_schema_s_columns_then_what_the_checks_need() -> None:
    assert decode([page(post())]).schema.names == [*SCHEMA.names, "decode_problem", "raw_post"]


@pytest.mark.parametrize("body", [b'{"meta": {"result_count": 0}}', b'{"data": null}', b"{}"])
def test_a_page_without_data_and_errors_has_no_rows(body: bytes) -> None:
    assert decode([RawPage("k", body, AT)]).num_rows == 0


def test_no_pages_are_no_rows() -> None:
    assert decode([]).num_rows == 0


def test_every_field_reaches_its_column() -> None:
    found = row(
        post(
            author_id="1001",
            created_at="2026-11-20T01:02:03.000Z",
            withheld={"copyright": True, "country_codes": ["DE", "FR"], "scope": "post"},
        )
    )
    assert found == {
        "tweet_id": str(SNOWFLAKE),
        "observed_at": AT,
        "status": "visible",
        "author_id": "1001",
        "created_at": datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC),
        **COUNTS,
        "withheld_country_codes": ["DE", "FR"],
        "raw_key": "raw/page-0000.json.gz",
        "raw_position": 0,
        "decode_problem": None,
        "raw_post": None,
    }


def test_the_new_vocabulary_gives_the_same_rows() -> None:
    counts = dict(COUNTS)
    counts["repost_count"] = counts.pop("retweet_count")
    assert row(post(public_metrics=counts)) == row(post())


def test_no_reposts_are_0_in_either_vocabulary() -> None:
    assert row(post(public_metrics={"retweet_count": 0}))["retweet_count"] == 0
    assert row(post(public_metrics={"repost_count": 0}))["retweet_count"] == 0


def test_old_payloads_lack_counts_which_are_null_and_not_0() -> None:
    found = row(post(public_metrics={"retweet_count": 0, "like_count": 0}))
    assert (found["retweet_count"], found["like_count"]) == (0, 0)
    assert found["bookmark_count"] is found["impression_count"] is None
    assert found["decode_problem"] is None


def test_a_bare_post_has_nulls_and_no_problem() -> None:
    found = row({})
    filled = {name for name, value in found.items() if value not in (None, [])}
    assert filled == {"observed_at", "status", "raw_key", "raw_position"}
    nulls = dict.fromkeys(["author_id", "created_at", "withheld"])
    assert row(post(**nulls)) == row(post())


@pytest.mark.parametrize("digits", ["12", "12345678901", "123456789012345678", "9" * 19])
def test_ids_keep_every_digit(digits: str) -> None:
    shown, gone = rows(page({"id": digits}, errors=[problem(resource_id=digits, value=digits)]))
    assert (shown["tweet_id"], gone["tweet_id"]) == (digits, digits)


@pytest.mark.parametrize(
    ("countries", "status"),
    [
        (["DE"], "visible"),
        (["DE", "FR"], "visible"),
        (["XX"], "withheld"),
        (["XY"], "withheld"),
        (["DE", "XY"], "withheld"),
        ([], "visible"),
        (None, "visible"),
    ],
)
def test_a_post_that_some_countries_do_not_show_is_visible(
    countries: list[str] | None, status: str
) -> None:
    found = row(post(withheld={"copyright": False, "country_codes": countries}))
    assert (found["status"], found["withheld_country_codes"]) == (status, countries or [])
    assert found["like_count"] == 3


PROTECTED = "Sorry, you are not authorized to see the Tweet with ids: [20]."
SUSPENDED = "User has been suspended: [20]."


@pytest.mark.parametrize("host", ["api.x.com", "api.twitter.com"])
@pytest.mark.parametrize("resource", ["tweet", "post"])
@pytest.mark.parametrize(
    ("kind", "detail", "status"),
    [
        ("resource-not-found", "Could not find tweet with ids: [20].", "deleted"),
        ("resource-not-found", SUSPENDED, "suspended"),
        ("not-authorized-for-resource", PROTECTED, "protected"),
        ("not-authorized-for-resource", SUSPENDED, "suspended"),
        ("disallowed-resource", "It is withheld.", "withheld"),
    ],
)
def test_what_x_says_is_gone_is_a_tombstone(
    host: str, resource: str, kind: str, detail: str, status: str
) -> None:
    error = problem(detail=detail, resource_type=resource, type=f"https://{host}/2/problems/{kind}")
    found = tombstone(error)
    assert (found["tweet_id"], found["status"]) == (str(SNOWFLAKE), status)
    assert found["observed_at"] == AT
    assert {found[name] for name in EVERYTHING_A_TOMBSTONE_LACKS} == {None}
    assert found["withheld_country_codes"] == []
    assert found["decode_problem"] is found["raw_post"] is None


@pytest.mark.parametrize(
    "kind",
    [
        "not-authorized-for-field",
        "field-unauthorized",
        "field-hydration-failure",
        "resource-unavailable",
        "internal-error",
        "invalid-request",
        "what-x-thinks-of-next",
        "",
    ],
)
def test_any_other_error_is_no_tombstone(kind: str) -> None:
    """Above all one that withholds a single field: the post itself is fine."""
    found = rows(page(post(), errors=[problem(0, kind), problem(1, kind)]))
    assert [(r["tweet_id"], r["status"]) for r in found] == [(str(SNOWFLAKE), "visible")]


@pytest.mark.parametrize("resource", ["user", "media", "list", None, 5])
def test_what_is_said_of_something_else_is_no_tombstone(resource: Any) -> None:
    assert rows(page(errors=[problem(resource_type=resource)])) == []


@pytest.mark.parametrize("error", [None, "gone", 5, [], {}, {"type": None}, {"type": 7}])
def test_an_error_that_says_nothing_is_no_tombstone(error: Any) -> None:
    assert rows(page(errors=[error])) == []


def test_an_id_is_found_under_either_name() -> None:
    for missing in ("resource_id", "value"):
        error = problem()
        del error[missing]
        assert tombstone(error)["tweet_id"] == str(SNOWFLAKE)
    assert tombstone(problem(resource_id=""))["tweet_id"] == str(SNOWFLAKE)


def test_a_tombstone_without_an_id_is_a_row_all_the_same() -> None:
    error = problem()
    del error["resource_id"], error["value"]
    found = tombstone(error)
    assert (found["tweet_id"], found["status"]) == (None, "deleted")


def test_what_is_odd_about_a_tombstone_is_told() -> None:
    error = problem(value=20)
    found = tombstone(error)
    assert (found["tweet_id"], found["status"]) == (str(SNOWFLAKE), "deleted")
    assert found["decode_problem"] == "value: 20 is a number, not a text"
    assert json.loads(found["raw_post"]) == error


def test_of_each_page_what_is_shown_comes_before_what_is_gone() -> None:
    found = rows(
        page(post(3), post(1), errors=[problem(7), problem(8, "field-unauthorized"), problem(9)]),
        page(key="b"),
        page(errors=[problem(5, "not-authorized-for-resource")], key="c"),
        page(post(2), key="d"),
    )
    assert [(int(r["tweet_id"]) - SNOWFLAKE, r["status"]) for r in found] == [
        (3, "visible"),
        (1, "visible"),
        (7, "deleted"),
        (9, "deleted"),
        (5, "protected"),
        (2, "visible"),
    ]
    first = "raw/page-0000.json.gz"
    assert [(r["raw_key"], r["raw_position"]) for r in found] == [
        (first, 0),
        (first, 1),
        (first, 0),
        (first, 2),
        ("c", 0),
        ("d", 0),
    ]


def test_times_are_those_of_the_page() -> None:
    later = datetime(2026, 11, 20, 2, 1, tzinfo=UTC)
    body = json.dumps({"data": [post()], "errors": [problem(1)]}).encode()
    found = rows(RawPage("a", body, AT), RawPage("b", body, later), RawPage("c", body))
    assert [r["observed_at"] for r in found] == [AT, AT, later, later, None, None]
    assert len({r["tweet_id"] for r in found}) == 2


ODD = [
    ({"id": SNOWFLAKE}, {"tweet_id": None}, f"id: {SNOWFLAKE} is a number, not a text"),
    ({"id": None}, {"tweet_id": None}, "id: null is not a text"),
    ({"author_id": 5}, {"author_id": None}, "author_id: 5 is a number, not a text"),
    ({"author_id": "half \ud83d"}, {"author_id": None}, "author_id: 'half \\ud83d' is no valid"),
    (
        {"created_at": "yesterday"},
        {"created_at": None},
        "created_at: 'yesterday' is not a time in UTC",
    ),
    ({"created_at": 5}, {"created_at": None}, "created_at: 5 is a number, not a text"),
    (
        {"withheld": "DE"},
        {"withheld_country_codes": [], "status": "visible"},
        "withheld: 'DE' is a text, not an object",
    ),
    (
        {"withheld": {"country_codes": ["DE", 7, "XX"]}},
        {"withheld_country_codes": ["DE", "XX"], "status": "withheld"},
        "withheld.country_codes[1]: 7 is a number, not a text",
    ),
    ({"public_metrics": None}, {"like_count": None}, "public_metrics: null is not an object"),
    ({"public_metrics": []}, {"like_count": None}, "public_metrics: [] is a list, not an object"),
    (
        {"public_metrics": {"like_count": "12", "reply_count": 3}},
        {"like_count": None, "reply_count": 3},
        "public_metrics.like_count: '12' is a text, not a whole number",
    ),
    (
        {"public_metrics": {"repost_count": 1.5, "reply_count": 3}},
        {"retweet_count": None, "reply_count": 3},
        "public_metrics.repost_count: 1.5 is not a whole number",
    ),
    (
        {"public_metrics": {"impression_count": 2**63, "like_count": 2**63 - 1}},
        {"impression_count": None, "like_count": 2**63 - 1},
        "public_metrics.impression_count: 9223372036854775808 is beyond 64 bits",
    ),
    (
        {"public_metrics": {"quote_count": True}},
        {"quote_count": None},
        "public_metrics.quote_count: true is true or false, not a whole number",
    ),
]


@pytest.mark.parametrize(("odd", "kept", "said"), ODD, ids=[said[:40] for *_, said in ODD])
def test_an_odd_value_takes_nothing_else_down(
    odd: dict[str, Any], kept: dict[str, Any], said: str
) -> None:
    strange = post(1) | odd
    before, found, after, gone = rows(page(post(0), strange, post(2), errors=[problem(3)]))
    assert found["decode_problem"].startswith(said)
    assert {name: found[name] for name in kept} == kept
    assert found["observed_at"] == AT
    assert json.loads(found["raw_post"]) == strange
    assert [r["decode_problem"] for r in (before, after, gone)] == [None] * 3
    assert [r["like_count"] for r in (before, after, gone)] == [3, 3, None]


@pytest.mark.parametrize("odd", ["post 5", None, 7, [post()]])
def test_a_post_that_is_none_is_a_row_of_nulls(odd: Any) -> None:
    _, found, _ = rows(page(post(0), odd, post(2)))
    assert (found["tweet_id"], found["status"], found["raw_position"]) == (None, "visible", 1)
    assert found["decode_problem"].startswith("post: ")
    assert json.loads(found["raw_post"]) == odd


@pytest.mark.parametrize("broken", [b"\xed\xa0\xbd", b"\xff"])
def test_bytes_that_are_no_utf_8_cost_one_field_only(broken: bytes) -> None:
    body = page(post(0), post(1, author_id="@@@"), errors=[problem(2, detail="@@@")]).body
    found = rows(RawPage("k", body.replace(b"@@@", broken), AT))
    assert [bool(r["decode_problem"]) for r in found] == [False, True, True]
    assert [r["like_count"] for r in found] == [3, 3, None]
    assert [r["status"] for r in found] == ["visible", "visible", "deleted"]
    assert json.loads(found[2]["raw_post"])["resource_id"] == found[2]["tweet_id"]


def test_nul_reaches_its_column() -> None:
    found = row(post(author_id="1\x002"))
    assert (found["author_id"], found["decode_problem"]) == ("1\x002", None)


def test_what_is_odd_where_no_column_looks_is_no_problem() -> None:
    found = row(post(text="half \ud83d pair", entities=5))
    assert (found["decode_problem"], found["raw_post"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Expecting value"),
        (b"<html>502</html>", "Expecting value"),
        (b"[]", "it is no JSON object"),
        (b'{"data": {"id": "1"}}', "its data is no list"),
        (b'{"data": [], "errors": {"title": "x"}}', "its errors is no list"),
    ],
)
def test_what_is_no_page_is_named(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePage, match=reason) as caught:
        decode([page(post()), RawPage("raw/tweet_metrics/page-0007.json.gz", body, AT)])
    assert "raw/tweet_metrics/page-0007.json.gz" in str(caught.value)
