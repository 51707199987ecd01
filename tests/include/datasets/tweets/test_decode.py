from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from include.datasets.dataset import RawPage, UnreadablePage
from include.datasets.tweets.decode import decode
from include.datasets.tweets.schema import SCHEMA

SNOWFLAKE = 2_123_566_994_027_446_272


def post(number: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(SNOWFLAKE + number),
        "author_id": "1001",
        "created_at": "2026-11-20T01:02:03.000Z",
        "text": "Low tide at noon",
        **fields,
    }


def page(*posts: Any, key: str = "raw/page-0000.json.gz", **parts: Any) -> RawPage:
    return RawPage(key, json.dumps({"data": list(posts), **parts}).encode())


def rows(*pages: RawPage) -> list[dict[str, Any]]:
    return decode(pages).to_pylist()


def row(one: Any, **parts: Any) -> dict[str, Any]:
    (only,) = rows(page(one, **parts))
    return only


def test_every_post_is_a_row_in_order_and_knows_its_place() -> None:
    found = rows(page(post(3), post(1), key="a"), page(key="b"), page(post(2), post(9), key="c"))
    assert [r["tweet_id"] for r in found] == [str(SNOWFLAKE + n) for n in (3, 1, 2, 9)]
    assert [(r["raw_key"], r["raw_position"]) for r in found] == [
        ("a", 0),
        ("a", 1),
        ("c", 0),
        ("c", 1),
    ]


def test_the_table_has_the_schema_s_columns_then_what_the_checks_need() -> None:
    names = decode([page(post())]).schema.names
    assert names[: len(SCHEMA)] == SCHEMA.names
    assert names[len(SCHEMA) :] == ["entity_problem", "decode_problem", "raw_post"]


@pytest.mark.parametrize(
    "body", [b'{"meta": {"result_count": 0}}', b'{"data": null}', b'{"errors": [{"title": "x"}]}']
)
def test_a_page_without_data_has_no_rows(body: bytes) -> None:
    assert decode([RawPage("k", body)]).num_rows == 0


def test_no_pages_are_no_rows() -> None:
    assert decode([]).num_rows == 0


def test_a_bare_post_has_empty_lists_and_nulls_and_no_problem() -> None:
    found = row(post())
    lists = {f.name for f in SCHEMA if str(f.type).startswith("list")}
    assert {name for name, value in found.items() if value == []} == lists
    assert found["is_reply"] is found["is_retweet"] is found["is_quote"] is False
    assert found["bookmark_count"] is None
    assert found["decode_problem"] is found["raw_post"] is found["entity_problem"] is None


def full_post() -> dict[str, Any]:
    return post(
        lang="und",
        conversation_id="77",
        in_reply_to_user_id="88",
        referenced_tweets=[{"type": "quoted", "id": "20"}, {"type": "replied_to", "id": "21"}],
        entities={
            "hashtags": [{"start": 0, "end": 3, "tag": "Low"}],
            "cashtags": [{"start": 0, "end": 3, "tag": "ABC"}],
            "mentions": [{"start": 0, "end": 3, "username": "quay"}],
            "urls": [
                {
                    "start": 4,
                    "end": 8,
                    "url": "https://t.co/1",
                    "expanded_url": "https://example.org/1",
                    "display_url": "example.org/1",
                    "images": [{"url": "x", "width": 1, "height": 1}],
                    "title": "One",
                }
            ],
            "annotations": [
                {"start": 0, "end": 2, "type": "Place", "normalized_text": "Low", "probability": 1}
            ],
        },
        context_annotations=[{"domain": {"id": "46", "name": "D"}, "entity": {"id": "5"}}],
        attachments={"media_keys": ["3_1", "7_2"], "poll_ids": ["5"]},
        geo={"place_id": "p1", "coordinates": {"type": "Point", "coordinates": [-4.5, 52]}},
        edit_history_tweet_ids=["1", "2"],
        edit_controls={
            "edits_remaining": 4,
            "is_edit_eligible": True,
            "editable_until": "2026-11-20T01:32:03.000Z",
        },
        possibly_sensitive=False,
        reply_settings="everyone",
        source="Web",
        community_id="6",
        withheld={"copyright": True, "country_codes": ["DE", "FR"]},
        public_metrics={
            "retweet_count": 1,
            "reply_count": 2,
            "like_count": 3,
            "quote_count": 4,
            "bookmark_count": 5,
            "impression_count": 6,
        },
    )


INCLUDES = {
    "media": [{"media_key": "3_1", "type": "photo", "url": "https://m/1", "width": 4, "height": 3}],
    "places": [{"id": "p1", "full_name": "Quay, Coast", "country_code": "XS"}],
    "users": [{"id": "1001", "name": 5}],
}


def test_every_field_reaches_its_column() -> None:
    found = row(full_post(), includes=INCLUDES)
    nothing = dict.fromkeys(["preview_image_url", "alt_text", "duration_ms"])
    assert found == {
        "tweet_id": str(SNOWFLAKE),
        "author_id": "1001",
        "created_at": datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC),
        "text": "Low tide at noon",
        "note_text": None,
        "lang": "und",
        "conversation_id": "77",
        "in_reply_to_user_id": "88",
        "is_reply": True,
        "is_retweet": False,
        "is_quote": True,
        "replied_to_tweet_id": "21",
        "retweeted_tweet_id": None,
        "quoted_tweet_id": "20",
        "referenced_tweets": [
            {"type": "quoted", "tweet_id": "20"},
            {"type": "replied_to", "tweet_id": "21"},
        ],
        "hashtags": ["Low"],
        "cashtags": ["ABC"],
        "mentions": [{"username": "quay", "user_id": None}],
        "urls": [
            {
                "url": "https://t.co/1",
                "expanded_url": "https://example.org/1",
                "display_url": "example.org/1",
                "unwound_url": None,
                "title": "One",
            }
        ],
        "annotations": [{"type": "Place", "normalized_text": "Low", "probability": 1.0}],
        "context_annotations": [
            {"domain_id": "46", "domain_name": "D", "entity_id": "5", "entity_name": None}
        ],
        "media": [
            {
                "media_key": "3_1",
                "type": "photo",
                "url": "https://m/1",
                "width": 4,
                "height": 3,
                **nothing,
            },
            {
                "media_key": "7_2",
                "type": None,
                "url": None,
                "width": None,
                "height": None,
                **nothing,
            },
        ],
        "poll_ids": ["5"],
        "place_id": "p1",
        "place_full_name": "Quay, Coast",
        "place_country_code": "XS",
        "longitude": -4.5,
        "latitude": 52.0,
        "edit_history_tweet_ids": ["1", "2"],
        "edits_remaining": 4,
        "is_edit_eligible": True,
        "editable_until": datetime(2026, 11, 20, 1, 32, 3, tzinfo=UTC),
        "is_possibly_sensitive": False,
        "reply_settings": "everyone",
        "source": "Web",
        "community_id": "6",
        "withheld_country_codes": ["DE", "FR"],
        "is_withheld_for_copyright": True,
        "retweet_count": 1,
        "reply_count": 2,
        "like_count": 3,
        "quote_count": 4,
        "bookmark_count": 5,
        "impression_count": 6,
        "raw_key": "raw/page-0000.json.gz",
        "raw_position": 0,
        "entity_problem": None,
        "decode_problem": None,
        "raw_post": None,
    }


def test_the_new_vocabulary_gives_the_same_rows() -> None:
    classic = full_post() | {"note_tweet": {"text": "Low tide at noon, high at six"}}
    new = dict(classic)
    for old_name, new_name in {
        "referenced_tweets": "referenced_posts",
        "edit_history_tweet_ids": "edit_history_post_ids",
        "note_tweet": "note_post",
    }.items():
        new[new_name] = new.pop(old_name)
    new["public_metrics"] = dict(new["public_metrics"])
    new["public_metrics"]["repost_count"] = new["public_metrics"].pop("retweet_count")
    assert row(new, includes=INCLUDES) == row(classic, includes=INCLUDES)


def test_a_long_post_has_the_entities_of_its_whole_text() -> None:
    found = row(
        post(
            text="Low… https://t.co/1",
            entities={"hashtags": [{"start": 0, "end": 3, "tag": "first"}]},
            note_tweet={
                "text": "Low tide " * 40,
                "entities": {"hashtags": [{"start": 300, "end": 304, "tag": "last"}]},
            },
        )
    )
    assert found["hashtags"] == ["last"]
    assert found["note_text"] == "Low tide " * 40
    assert found["entity_problem"] is None


def test_a_long_post_without_entities_of_its_own_keeps_those_of_its_first_part() -> None:
    tag = {"start": 0, "end": 3, "tag": "first"}
    found = row(post(entities={"hashtags": [tag]}, note_tweet={"text": "Low tide and more"}))
    assert found["hashtags"] == ["first"]


@pytest.mark.parametrize(
    "text",
    [
        "\u202eright to left\u202c, \u2028 a line, \U0001f468\u200d\U0001f469 and &amp;",
        "nul\x00in it",
        "=cmd|' /C calc'!A0",
        "",
        "x" * 5_000,
    ],
)
def test_texts_stay_as_they_are(text: str) -> None:
    found = row(post(text=text))
    assert (found["text"], found["decode_problem"]) == (text, None)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("2026-11-20T01:02:03Z", 3.0), ("2026-11-20T01:02:03.250Z", 3.25)],
)
def test_times_with_and_without_milliseconds(written: str, seconds: float) -> None:
    found = row(post(created_at=written))
    assert found["created_at"].timestamp() == (
        datetime(2026, 11, 20, 1, 2, tzinfo=UTC).timestamp() + seconds
    )
    assert found["decode_problem"] is None


def test_an_edit_history_of_one_empty_id_is_none_at_all() -> None:
    found = row(post(edit_history_tweet_ids=[""]))
    assert (found["edit_history_tweet_ids"], found["decode_problem"]) == ([], None)


def test_edits_remaining_was_a_text_in_2022() -> None:
    found = row(post(edit_controls={"edits_remaining": "4"}))
    assert (found["edits_remaining"], found["decode_problem"]) == (4, None)


def test_null_is_as_good_as_absent_where_x_says_it_may_be() -> None:
    bare = post()
    nulls = dict.fromkeys(["lang", "entities", "geo", "attachments", "withheld", "edit_controls"])
    assert row(bare | nulls) == row(bare)


ODD = [
    (
        {"public_metrics": {"like_count": "12", "reply_count": 3}},
        {"like_count": None, "reply_count": 3},
        "public_metrics.like_count: '12' is a text, not a whole number",
    ),
    (
        {"public_metrics": {"reply_count": 1.5}},
        {"reply_count": None},
        "public_metrics.reply_count: 1.5 is not a whole number",
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
    ({"public_metrics": None}, {"like_count": None}, "public_metrics: null is not an object"),
    (
        {"id": SNOWFLAKE},
        {"tweet_id": None},
        f"id: {SNOWFLAKE} is a number, not a text",
    ),
    ({"author_id": None}, {"author_id": None}, "author_id: null is not a text"),
    (
        {"created_at": "yesterday"},
        {"created_at": None},
        "created_at: 'yesterday' is not a time in UTC",
    ),
    (
        {"created_at": "2026-02-30T00:00:00.000Z"},
        {"created_at": None},
        "created_at: '2026-02-30T00:00:00.000Z' is not a time in UTC",
    ),
    (
        {"created_at": "2026-11-20T01:02:03"},
        {"created_at": None},
        "created_at: '2026-11-20T01:02:03' is not a time in UTC",
    ),
    (
        {"edit_controls": {"edits_remaining": "none", "is_edit_eligible": True}},
        {"edits_remaining": None, "is_edit_eligible": True},
        "edit_controls.edits_remaining: 'none' is a text, not a whole number",
    ),
    (
        {"entities": {"hashtags": [{"tag": "a"}, "b", {"tag": 7}, {"tag": "d"}]}},
        {"hashtags": ["a", None, "d"]},
        (
            "entities.hashtags[1]: 'b' is a text, not an object; "
            "entities.hashtags[2].tag: 7 is a number, not a text"
        ),
    ),
    (
        {"entities": {"urls": {"url": "x"}, "hashtags": [{"tag": "a"}]}},
        {"urls": [], "hashtags": ["a"]},
        'entities.urls: {"url": "x"} is an object, not a list',
    ),
    (
        {"referenced_tweets": [{"type": "quoted", "id": 5}]},
        {"is_quote": True, "quoted_tweet_id": None},
        "referenced_tweets[0].id: 5 is a number, not a text",
    ),
    (
        {"geo": {"place_id": "p", "coordinates": {"coordinates": [1.5]}}},
        {"place_id": "p", "longitude": None, "latitude": None},
        "geo.coordinates.coordinates: [1.5] is a list, not a longitude and a latitude",
    ),
    (
        {"text": "half \ud83d pair"},
        {"text": None, "tweet_id": str(SNOWFLAKE + 1)},
        "text: 'half \\ud83d pair' is no valid Unicode",
    ),
    (
        {"public_metrics": {"like_count": "half \ud83d pair", "reply_count": 3}},
        {"like_count": None, "reply_count": 3},
        "public_metrics.like_count: 'half \\ud83d pair' is no valid Unicode",
    ),
    ({"text": ["Low"]}, {"text": None}, 'text: ["Low"] is a list, not a text'),
]


@pytest.mark.parametrize(("odd", "kept", "problem"), ODD, ids=[problem[:40] for *_, problem in ODD])
def test_an_odd_value_takes_nothing_else_down(
    odd: dict[str, Any], kept: dict[str, Any], problem: str
) -> None:
    before, found, after = rows(page(full_post(), post(1, **odd), full_post(), includes=INCLUDES))
    assert found["decode_problem"] == problem
    assert {name: found[name] for name in kept} == kept
    assert found["author_id"] in {"1001", None}
    assert before == row(full_post(), includes=INCLUDES)
    assert after | {"raw_position": 0} == before


@pytest.mark.parametrize("odd", [odd for odd, *_ in ODD])
def test_the_odd_post_s_json_is_kept(odd: dict[str, Any]) -> None:
    assert json.loads(row(post(1, **odd))["raw_post"]) == post(1, **odd)


@pytest.mark.parametrize(
    ("odd", "problem"),
    [
        ("post 5", "post: 'post 5' is a text, not an object"),
        (None, "post: null is not an object"),
        (7, "post: 7 is a number, not an object"),
        ([post()], "is a list, not an object"),
    ],
)
def test_a_post_that_is_none_is_a_row_of_nulls(odd: Any, problem: str) -> None:
    _, found, _ = rows(page(post(0), odd, post(2)))
    assert found["tweet_id"] is None
    assert found["hashtags"] == []
    assert problem in found["decode_problem"]
    assert json.loads(found["raw_post"]) == odd
    assert (found["raw_key"], found["raw_position"]) == ("raw/page-0000.json.gz", 1)


def test_a_page_in_which_every_post_is_odd_keeps_them_all() -> None:
    found = rows(page(*(post(n, lang=n) for n in range(100))))
    assert [r["tweet_id"] for r in found] == [str(SNOWFLAKE + n) for n in range(100)]
    assert all(r["decode_problem"] for r in found)


@pytest.mark.parametrize("broken", [b"\xed\xa0\xbd", b"\xff"])
def test_bytes_that_are_no_utf_8_cost_one_post_only(broken: bytes) -> None:
    body = page(post(0), post(1, text="@@@"), post(2)).body.replace(b"@@@", broken)
    found = rows(RawPage("k", body))
    assert [bool(r["decode_problem"]) for r in found] == [False, True, False]
    assert found[1]["text"] is None
    assert json.loads(found[1]["raw_post"])["id"] == found[1]["tweet_id"]
    assert found[2]["text"] == "Low tide at noon"


@pytest.mark.parametrize(
    ("field", "is_odd"), [("new_field", False), ("lang", True), ("entities", True)]
)
def test_what_nests_too_deeply_costs_one_field_only(field: str, is_odd: bool) -> None:
    body = page(post(0), post(1, **{field: "@@@"}), post(2)).body
    deep = "[" * 5_000 + "]" * 5_000
    found = rows(RawPage("k", body.replace(b'"@@@"', deep.encode())))
    assert [r["tweet_id"] for r in found] == [str(SNOWFLAKE + n) for n in range(3)]
    assert [r["decode_problem"] is not None for r in found] == [False, is_odd, False]
    assert found[1]["text"] == "Low tide at noon"


@pytest.mark.parametrize("depth", range(900, 1_010))
def test_no_depth_takes_other_posts_down(depth: int) -> None:
    body = page(post(0), post(1, entities={"hashtags": [{"tag": "@@@"}]}), post(2)).body
    deep = "[" * depth + "]" * depth
    found = rows(RawPage("k", body.replace(b'"@@@"', deep.encode())))
    assert [bool(r["decode_problem"]) for r in found] == [False, True, False]


def test_what_is_odd_where_no_column_looks_is_no_problem() -> None:
    found = row(post(new_field="half \ud83d pair"))
    assert (found["decode_problem"], found["raw_post"]) == (None, None)
    assert found["tweet_id"] == str(SNOWFLAKE)


def test_a_number_of_5000_digits_costs_one_field_only() -> None:
    body = page(post(0), post(1, public_metrics={"like_count": "@@@", "reply_count": 3})).body
    found = rows(RawPage("k", body.replace(b'"@@@"', b"9" * 5_000)))
    assert [r["decode_problem"] for r in found] == [
        None,
        "public_metrics.like_count: Infinity is not a whole number",
    ]
    assert (found[1]["like_count"], found[1]["reply_count"]) == (None, 3)


def test_an_odd_include_is_a_problem_of_the_posts_that_show_it() -> None:
    media = [{"media_key": "3_1", "type": "photo", "width": "wide"}, "3_2", {"media_key": "3_3"}]
    found = rows(
        page(
            post(0, attachments={"media_keys": ["3_1"]}),
            post(1, attachments={"media_keys": ["3_3"]}),
            post(2),
            includes={"media": media},
        )
    )
    assert found[0]["media"][0]["type"] == "photo"
    assert found[0]["decode_problem"] == (
        "3_1 in includes: width: 'wide' is a text, not a whole number"
    )
    assert [r["decode_problem"] for r in found[1:]] == [None, None]


@pytest.mark.parametrize("includes", [None, [], "none", {"media": None}, {"media": "3_1"}])
def test_includes_may_be_anything(includes: Any) -> None:
    found = row(post(attachments={"media_keys": ["3_1"]}), includes=includes)
    assert [m["media_key"] for m in found["media"]] == ["3_1"]
    assert found["decode_problem"] is None


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        (0, 16, None),
        (0, 17, "tag from 0 to 17, but the text has 16 characters"),
        (5, 5, "tag from 5 to 5, but the text has 16 characters"),
        (9, 3, "tag from 9 to 3, but the text has 16 characters"),
        (-1, 3, "tag from -1 to 3, but the text has 16 characters"),
    ],
)
def test_entities_outside_their_text_are_told(start: int, end: int, problem: str | None) -> None:
    tag = {"start": start, "end": end, "tag": "t"}
    found = row(post(entities={"hashtags": [tag]}))
    assert found["entity_problem"] == problem
    assert found["decode_problem"] is None


def test_offsets_count_code_points() -> None:
    tag = {"start": 2, "end": 4, "tag": "t"}
    assert row(post(text="\U0001f30a #t", entities={"hashtags": [tag]}))["entity_problem"] is None


def test_entities_of_a_long_post_lie_in_its_whole_text() -> None:
    note = {"text": "short", "entities": {"mentions": [{"start": 0, "end": 9, "username": "u"}]}}
    assert row(post(note_tweet=note))["entity_problem"] == (
        "mention from 0 to 9, but the whole text has 5 characters"
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Expecting value"),
        (b"<html>502</html>", "Expecting value"),
        (b'{"data": [', "Expecting value"),
        (b"[]", "it is no JSON object"),
        (b'{"data": {"id": "1"}}', "its data is no list"),
    ],
)
def test_what_is_no_page_is_named(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePage, match=reason) as caught:
        decode([page(post()), RawPage("raw/tweets/page-0007.json.gz", body)])
    assert "raw/tweets/page-0007.json.gz" in str(caught.value)
