"""Derived columns of posts: what an analyst reads, and where a number would be a lie."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from include.datasets.tweets.schema import SCHEMA as POSTS
from include.warehouse import enrich
from include.warehouse.links import domain_of

QUIET = {
    "text": "",
    "lang": "en",
    "created_at": datetime(2026, 11, 2, tzinfo=UTC),
    **dict.fromkeys(("is_reply", "is_quote", "is_retweet"), False),
    **{name: [] for name in ("hashtags", "mentions", "urls", "media")},
}


def derived(*posts: dict[str, Any]) -> list[dict[str, Any]]:
    """The derived columns of posts that say nothing but what is named."""
    table = pa.Table.from_pylist([QUIET | post for post in posts], POSTS)
    made = enrich.enrich(table)
    made.validate(full=True)
    assert made.schema.equals(enrich.SCHEMA)
    return made.to_pylist()


def values(column: str, *posts: dict[str, Any]) -> list[Any]:
    return [row[column] for row in derived(*posts)]


def text(text: str) -> dict[str, Any]:
    return {"text": text}


def media(*types: str | None) -> dict[str, Any]:
    return {"media": [{"media_key": str(n), "type": kind} for n, kind in enumerate(types)]}


def links(*urls: dict[str, str] | str) -> list[dict[str, str]]:
    return [{"expanded_url": url} if isinstance(url, str) else url for url in urls]


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        ((), "original"),
        (("is_reply",), "reply"),
        (("is_quote",), "quote"),
        (("is_retweet",), "retweet"),
        (("is_quote", "is_reply"), "reply+quote"),
        (("is_retweet", "is_reply"), "reply+retweet"),
        (("is_reply", "is_quote", "is_retweet"), "reply+quote+retweet"),
    ],
)
def test_the_kind_names_all_that_a_post_is(flags, kind):
    assert values("kind", dict.fromkeys(flags, True)) == [kind]


COUNTS = {"like_count": 4, "reply_count": 3, "retweet_count": 2, "quote_count": 1}


@pytest.mark.parametrize(
    ("counts", "engagement", "rate"),
    [
        ({**COUNTS, "impression_count": 40}, 10, 0.25),
        ({**COUNTS, "impression_count": 0}, 10, None),
        (COUNTS, 10, None),
        ({**COUNTS, "quote_count": None, "impression_count": 40}, None, None),
        ({"impression_count": 40}, None, None),
        ({**dict.fromkeys(COUNTS, 0), "impression_count": 40}, 0, 0.0),
        ({**COUNTS, "impression_count": 40, "is_retweet": True}, None, None),
    ],
)
def test_engagement_is_told_only_where_x_told_all_of_it_and_it_is_the_posts_own(
    counts, engagement, rate
):
    (row,) = derived(counts)
    assert (row["engagement_count"], row["engagement_rate"]) == (engagement, rate)


@pytest.mark.parametrize(
    ("post", "characters"),
    [
        (text(""), 0),
        (text("fog &amp; rain &lt;3"), 13),
        (text("&amp;lt; is written so"), 18),
        (text("日本語"), 3),
        (text("👩‍👩‍👧 e\u0301"), 8),
        ({"text": "the first part …", "note_text": "the whole"}, 9),
        ({"text": "shown", "note_text": ""}, 0),
    ],
)
def test_characters_are_those_of_the_whole_text_as_it_is_read(post, characters):
    assert values("character_count", post) == [characters]


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("", 0),
        ("   \n\u3000 ", 0),
        ("two\u00a0words", 2),
        ("fog &amp; rain – don't mind", 4),
        ("11 mm, well-known.", 3),
        ("👍 🎉 !!", 0),
        ("@pilot see https://t.co/AbC1 (via @quay_four) now", 3),
        ("mail me@example.org", 2),
        ("RT @pilot: the tide", 2),
        ("#fog #12", 2),
        ("ميناء الصباح", 2),
        ("한국어 문장 입니다", 3),
        ("शुभ प्रभात", 2),
        ("港の天気は曇り", None),
        ("ship 船 ahead", None),
        ("ไทย", None),
        ("見てhttps://t.co/AbC1", None),
        ("https://t.co/AbC1です", None),
    ],
)
def test_words_are_counted_where_the_script_tells_them(words, count):
    assert values("word_count", text(words)) == [count]


def test_lists_are_counted_as_x_sent_them():
    tags = {"hashtags": ["Fog", "fog"], "mentions": [{"username": "a", "user_id": None}]}
    rows = derived(tags | {"urls": links("https://a.example/1", "https://a.example/2")}, {})
    counts = ["hashtag_count", "mention_count", "url_count", "media_count"]
    assert [[row[count] for count in counts] for row in rows] == [[2, 1, 2, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("types", "counts"),
    [
        ((), (0, 0, 0)),
        (("photo", "video", "animated_gif", "photo"), (4, 2, 2)),
        (("photo", None), (2, None, None)),
    ],
)
def test_photos_are_counted_where_every_type_is_known(types, counts):
    _, row, _ = derived(media("photo"), media(*types), media(None))
    assert (row["media_count"], row["photo_count"], row["video_count"]) == counts


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.Example.ORG/path?q=1", "example.org"),
        ("HTTP://news.example.org", "news.example.org"),
        ("https://user:word@example.org:8443/", "example.org"),
        ("https://example.org./", "example.org"),
        ("https://www.com/", "www.com"),
        ("https://MÜNCHEN.example/straße", "münchen.example"),
        ("https://xn--mnchen-3ya.de#top", "xn--mnchen-3ya.de"),
        ("https://t.co/AbC1", "t.co"),
        ("https://192.0.2.7/", None),
        ("https://[2001:db8::1]/", None),
        ("https://localhost/", None),
        ("mailto:me@example.org", None),
        ("", None),
    ],
)
def test_the_domain_of_a_link(url, domain):
    array = pa.array([{"expanded_url": url}], POSTS.field("urls").type.value_type)
    assert domain_of(array).to_pylist() == [domain]


def test_of_a_links_addresses_the_one_furthest_on_counts():
    array = pa.array(
        [
            {
                "url": "https://t.co/1",
                "expanded_url": "https://short.example/1",
                "unwound_url": "https://far.example/x",
            },
            {"url": "https://t.co/1", "expanded_url": "https://short.example/1"},
            {"url": "https://t.co/1"},
            {},
        ],
        POSTS.field("urls").type.value_type,
    )
    assert domain_of(array).to_pylist() == ["far.example", "short.example", "t.co", None]


def test_link_domains_are_different_in_order_and_not_xs_own():
    several = links(
        "https://x.com/a/status/1",
        "https://b.example/1",
        "https://mobile.twitter.com/a",
        "https://www.a.example/",
        "https://b.example/2",
        "https://notx.com/",
        {"url": "https://t.co/1"},
    )
    posts = [{"urls": several}, {}, {"urls": links("https://b.example")}, {"urls": several[:1]}]
    assert values("link_domains", *posts) == [
        ["b.example", "a.example", "notx.com"],
        [],
        ["b.example"],
        [],
    ]


@pytest.mark.parametrize(
    ("moment", "hour", "weekday"),
    [
        (datetime(2026, 11, 2, 0, 0, tzinfo=UTC), 0, 1),
        (datetime(2026, 11, 1, 23, 59, 59, 999_999, tzinfo=UTC), 23, 7),
        (datetime(2006, 3, 21, 20, 50, tzinfo=UTC), 20, 2),
    ],
)
def test_hour_and_weekday_are_those_of_utc(moment, hour, weekday):
    (row,) = derived({"created_at": moment})
    assert (row["posted_hour"], row["posted_weekday"]) == (hour, weekday)


GERMAN = "Die Fähre im Hafen wartet heute leider sehr lange auf besseres Wetter"


@pytest.mark.parametrize(
    ("lang", "words", "detected"),
    [
        (None, GERMAN, "de"),
        ("und", GERMAN, "de"),
        ("en", GERMAN, None),
        ("zxx", GERMAN, None),
        (None, "港の天気は曇りで、船はまだ出ません", "ja"),
        (None, "Все корабли ждут в гавани хорошей погоды", "ru"),
        ("und", f"{GERMAN} #weatherforecasttoday https://example.org/the-harbour-is-open", "de"),
        ("und", "@the_harbour_pilot https://t.co/harbour #weatherreport $QUAY", None),
        ("und", "ok ja", None),
        ("und", "👍👍👍👍👍👍👍👍👍👍👍👍", None),
        ("und", "", None),
    ],
)
def test_a_language_is_detected_only_where_x_gave_none_and_it_is_clear(lang, words, detected):
    rows = values("detected_lang", {"lang": lang, "text": words}, {"lang": "en"})
    assert rows == [detected, None]


def test_rows_keep_their_places_in_pieces_of_a_table():
    posts = [
        {"text": "word " * number, "urls": links(f"https://n{number}.example")} for number in (1, 2)
    ]
    whole = pa.Table.from_pylist([QUIET | post for post in posts] * 3, POSTS)
    cut = pa.concat_tables([whole.slice(1, 2), whole.slice(3)])
    made = enrich.enrich(cut)
    assert made["word_count"].to_pylist() == [2, 1, 2, 1, 2]
    assert [d for (d,) in made["link_domains"].to_pylist()] == [
        f"n{n}.example" for n in (2, 1, 2, 1, 2)
    ]


def test_no_posts_are_no_rows():
    assert derived() == []
