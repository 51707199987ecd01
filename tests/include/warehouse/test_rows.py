"""Curated rows on their way to PostgreSQL: nothing lost, and what it would refuse is named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from include.datasets import dataset_named
from include.datasets.tweets.schema import MENTION
from include.warehouse.accepted import BadRows
from include.warehouse.rows import tweet_metric_rows, tweet_rows, user_rows
from tests.include.landed_rows import interval, row

LARGEST = 2**63 - 1
MOMENT = datetime(2026, 11, 2, 23, 59, tzinfo=UTC)
READERS = {"tweets": tweet_rows, "users": user_rows, "tweet_metrics": tweet_metric_rows}
NUMBERS = {
    "tweet_id": "7",
    "author_id": "12",
    "user_id": "12",
    "created_at": MOMENT,
    "observed_at": MOMENT,
}


def curated(dataset: str, *rows: dict[str, Any], objects: list[int] | None = None) -> pa.Table:
    """Rows of a dataset as the loader hands them over."""
    schema = dataset_named(dataset).curated_schema
    known = {name: value for name, value in NUMBERS.items() if name in schema.names}
    made = [
        row(dataset, number, interval(0), "harbour") | known | fields
        for number, fields in enumerate(rows)
    ]
    table = pa.Table.from_pylist(made, schema)
    numbers = pa.array(objects or [1] * len(rows), pa.int32())
    accounts = pa.array(["harbour"] * len(rows), pa.string())
    return table.append_column("object_id", numbers).append_column("account", accounts)


def posts(*rows: dict[str, Any], objects: list[int] | None = None) -> pa.Table:
    return curated("tweets", *rows, objects=objects)


def test_a_post_keeps_what_it_was_and_gets_numbers_for_ids():
    (made,) = tweet_rows(
        posts(
            {
                "tweet_id": str(LARGEST),
                "in_reply_to_user_id": "11348282",
                "edit_history_tweet_ids": ["5", "6", "7"],
                "note_text": "long",
                "is_reply": True,
                "is_quote": True,
                "is_retweet": False,
                "bookmark_count": 0,
                "released_by": "ana",
            }
        )
    ).tweets.to_pylist()
    assert (made["tweet_id"], made["author_id"], made["in_reply_to_user_id"]) == (
        LARGEST,
        12,
        11348282,
    )
    assert (made["created_at"], made["created_on"]) == (MOMENT, date(2026, 11, 2))
    assert (made["edit_count"], made["kind"], made["character_count"]) == (3, "reply+quote", 4)
    assert (made["account"], made["object_id"], made["released_by"]) == ("harbour", 1, "ana")
    assert (made["bookmark_count"], made["impression_count"], made["community_id"]) == (
        0,
        None,
        None,
    )


def test_a_post_whose_versions_are_not_told_has_no_count_of_them():
    assert tweet_rows(posts({})).tweets["edit_count"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ([], []),
        (["Rain", "rain", "RAIN", "sea"], ["rain", "sea"]),
        (["İstanbul", "ISTANBUL", "ıstanbul"], ["istanbul", "ıstanbul"]),
        (["STRASSE", "STRAẞE", "straße"], ["strasse", "straße"]),
        (["天気", "Ελλάδα", None, ""], ["天気", "ελλάδα"]),
    ],
)
def test_a_hashtag_is_one_whatever_its_case(tags, kept):
    made = tweet_rows(posts({"hashtags": ["Rain"]}, {"tweet_id": "8", "hashtags": tags}))
    rows = made.hashtags.drop_columns("object_id").to_pylist()
    assert rows[0] == {"tweet_id": 7, "hashtag": "rain"}
    assert rows[1:] == [{"tweet_id": 8, "hashtag": tag} for tag in kept]


def test_mentions_keep_their_places_and_may_lack_an_id():
    first = [{"username": "Ana", "user_id": str(LARGEST)}, {"username": "ana", "user_id": None}]
    table = posts({"mentions": first}, {"tweet_id": "8"}, {"tweet_id": "9", "mentions": first[:1]})
    assert [
        tuple(row.values())
        for row in tweet_rows(table).mentions.drop_columns("object_id").to_pylist()
    ] == [
        (7, 0, "Ana", LARGEST),
        (7, 1, "ana", None),
        (9, 0, "Ana", LARGEST),
    ]


def test_links_keep_all_that_x_told_of_them():
    link = {
        "url": "https://t.co/1",
        "expanded_url": "https://www.a.example/1",
        "display_url": "a.example/1",
        "unwound_url": None,
        "title": "Tide",
    }
    assert tweet_rows(posts({"urls": [link, link]})).urls.drop_columns("object_id").to_pylist() == [
        {"tweet_id": 7, "position": place, **link, "domain": "a.example"} for place in (0, 1)
    ]


def test_references_are_told_once_each():
    references = [("quoted", "5"), ("replied_to", "5"), ("quoted", "6"), ("quoted", "5")]
    several = {"referenced_tweets": [{"type": t, "tweet_id": i} for t, i in references]}
    nameless = {"tweet_id": "8", "referenced_tweets": [{"type": "quoted", "tweet_id": None}]}
    made = (
        tweet_rows(posts(several, nameless, several | {"tweet_id": "9"}))
        .references.drop_columns("object_id")
        .to_pylist()
    )
    assert [tuple(row.values()) for row in made] == [
        (post, *reference)
        for post in (7, 9)
        for reference in [("quoted", 5), ("replied_to", 5), ("quoted", 6)]
    ]


def test_the_tables_of_no_posts_have_the_columns_of_many():
    many, none = tweet_rows(posts({})), tweet_rows(posts({}).slice(0, 0))
    for name in ("tweets", "hashtags", "mentions", "urls", "references"):
        assert getattr(none, name).schema.equals(getattr(many, name).schema)
        assert len(getattr(none, name)) == 0


def test_a_table_cut_from_another_gives_its_own_rows():
    whole = posts(*({"tweet_id": str(n), "hashtags": [f"t{n}"]} for n in range(5)))
    cut = pa.concat_tables([whole.slice(1, 1), whole.slice(3)])
    assert tweet_rows(cut).hashtags.drop_columns("object_id").to_pylist() == [
        {"tweet_id": n, "hashtag": f"t{n}"} for n in (1, 3, 4)
    ]


def test_columns_that_an_earlier_version_did_not_write_are_null():
    older = posts({}).drop_columns(["community_id", "impression_count", "released_by"])
    (made,) = tweet_rows(older).tweets.to_pylist()
    assert (made["community_id"], made["impression_count"], made["released_by"]) == (None,) * 3


def users(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return user_rows(curated("users", *rows)).to_pylist()


def digest(**fields: Any) -> str:
    (made,) = users({"username": "ana", "name": "Ana", **fields})
    return str(made["profile_digest"])


def test_a_profile_has_the_same_digest_in_every_version():
    code = digest(
        created_at=datetime(2010, 1, 2, tzinfo=UTC),
        is_verified=True,
        pinned_tweet_id="9",
        withheld_country_codes=["TR", "DE"],
    )
    # md5 of "account_created_at=16:1262390400000000\nis_verified=4:true\nname=3:Ana\n
    # pinned_tweet_id=1:9\nusername=3:ana\nwithheld_country_codes=5:DE,TR\n", a line each.
    assert code == "14d345fc-e627-88fc-525f-c73fba0cf595"


@pytest.mark.parametrize(
    "other",
    [
        {"followers_count": 5},
        {"observed_at": datetime(2026, 11, 3, tzinfo=UTC)},
        {"withheld_country_codes": ["TR", "DE"]},
        {"released_by": "ana"},
    ],
)
def test_what_does_not_describe_an_account_leaves_its_digest(other):
    codes = {"withheld_country_codes": ["DE", "TR"]}
    assert digest(**codes | other) == digest(**codes)


@pytest.mark.parametrize(
    "other",
    [
        {"username": "Ana"},
        {"created_at": None},
        {"description": ""},
        {"location": "x\nurl=1:y"},
        {"url": "y", "location": "x"},
        {"is_verified": False},
        {"is_protected": False},
        {"pinned_tweet_id": "1"},
        {"withheld_country_codes": ["DE"]},
    ],
)
def test_what_describes_an_account_changes_its_digest(other):
    assert digest(**other) != digest()


def test_a_profile_becomes_a_row():
    (made,) = users({"user_id": "5", "withheld_country_codes": ["TR", "DE"], "created_at": None})
    assert (made["user_id"], made["account_created_at"], made["observed_on"]) == (
        5,
        None,
        date(2026, 11, 2),
    )
    assert made["withheld_country_codes"] == ["DE", "TR"]
    assert "created_at" not in made


def test_counts_become_a_row():
    table = curated(
        "tweet_metrics",
        {"like_count": 3, "reply_count": 2, "retweet_count": 1, "quote_count": 0},
        {"tweet_id": "8", "status": "deleted"},
    )
    counted, deleted = tweet_metric_rows(table).to_pylist()
    assert (counted["tweet_id"], counted["engagement_count"]) == (7, 6)
    assert counted["observed_on"] == date(2026, 11, 2)
    assert (deleted["status"], deleted["engagement_count"]) == ("deleted", None)


@pytest.mark.parametrize(
    ("dataset", "fields", "column", "reason"),
    [
        ("tweets", {"author_id": "12a"}, "author_id", "is no whole number"),
        ("tweets", {"author_id": ""}, "author_id", "is no whole number"),
        ("tweets", {"author_id": "-1"}, "author_id", "is no whole number"),
        ("tweets", {"author_id": "0x1F"}, "author_id", "is no whole number"),
        ("tweets", {"conversation_id": str(2**63)}, "conversation_id", "is no whole number"),
        ("tweets", {"tweet_id": "9" * 19}, "tweet_id", "is no whole number"),
        ("tweets", {"community_id": "9" * 40}, "community_id", "is no whole number"),
        (
            "tweets",
            {"mentions": [{"username": "a", "user_id": "b"}]},
            "mentions.user_id",
            "is no whole number",
        ),
        ("tweets", {"text": "nul \0 inside"}, "text", "holds the character NUL"),
        ("tweets", {"hashtags": ["a", "\0"]}, "hashtags", "holds the character NUL"),
        ("tweets", {"urls": [{"title": "a\0"}]}, "urls.title", "holds the character NUL"),
        ("tweets", {"author_id": None}, "author_id", "is null"),
        ("tweets", {"hashtags": None}, "hashtags", "is null"),
        ("tweets", {"like_count": 2**61}, "like_count", "is beyond"),
        ("tweets", {"quote_count": -(2**63)}, "quote_count", "is beyond"),
        (
            "tweets",
            {"created_at": datetime(2005, 12, 31, tzinfo=UTC)},
            "created_at",
            "is not from 2006-01-01 to 2049-12-31",
        ),
        ("users", {"pinned_tweet_id": "none"}, "pinned_tweet_id", "is no whole number"),
        ("users", {"description": "\0"}, "description", "holds the character NUL"),
        (
            "tweet_metrics",
            {"observed_at": datetime(2050, 1, 1, tzinfo=UTC)},
            "observed_at",
            "is not from",
        ),
    ],
)
def test_a_row_that_cannot_be_stored_is_named(dataset, fields, column, reason):
    key = "user_id" if dataset == "users" else "tweet_id"
    bad = {key: "99", **fields}
    table = curated(
        dataset, {key: "1"}, {key: "98"}, bad, {**bad, key: "100"}, objects=[3, 4, 4, 5]
    )
    with pytest.raises(BadRows) as error:
        READERS[dataset](table)
    assert (error.value.column, error.value.row_id) == (column, bad[key])
    assert error.value.object_id == 4
    assert f"curated/{dataset}: {column} {reason}" in str(error.value)
    assert f"the row of {bad[key]}." in str(error.value)


def test_a_text_that_is_no_utf_8_is_named():
    table = posts({"tweet_id": "1"}, {"tweet_id": "2"})
    broken = pa.array([b"good", b"\xff"], pa.binary()).view(pa.string())
    table = table.set_column(table.schema.get_field_index("lang"), "lang", broken)
    with pytest.raises(BadRows, match="lang is no UTF-8, first in the row of 2"):
        tweet_rows(table)


def test_what_is_wrong_with_an_id_does_not_spoil_the_message():
    with pytest.raises(BadRows) as error:
        tweet_rows(posts({"tweet_id": "1\0" + "2" * 99}))
    assert "\0" not in str(error.value)
    assert error.value.row_id == "1\N{REPLACEMENT CHARACTER}" + "2" * 58
    broken = pa.array([b"\xff"], pa.binary()).view(pa.string())
    with pytest.raises(BadRows, match="tweet_id is no UTF-8"):
        tweet_rows(posts({}).set_column(0, "tweet_id", broken))


def test_a_nul_that_no_value_holds_is_no_fault():
    hidden = pa.array(["en", "\0", "de"]).slice(2)
    null = pa.Array.from_buffers(
        pa.string(), 1, [pa.py_buffer(b"\0"), *pa.array(["\0"]).buffers()[1:]]
    )
    for lang in (hidden, null):
        table = posts({})
        table = table.set_column(table.schema.get_field_index("lang"), "lang", lang)
        assert tweet_rows(table).tweets["lang"].to_pylist() == lang.to_pylist()


def test_a_nul_that_would_not_be_stored_is_no_fault():
    table = posts({"media": [{"media_key": "3_1", "type": "photo", "alt_text": "a\0"}]})
    assert tweet_rows(table).tweets["photo_count"].to_pylist() == [1]


def test_an_id_is_in_an_object_once():
    same = [{"tweet_id": i} for i in ("1", "2", "1", "2")]
    assert len(tweet_rows(posts(*same, objects=[3, 3, 4, 4])).tweets) == 4
    with pytest.raises(
        BadRows, match="tweet_id is in its object twice, first in the row of 1"
    ) as e:
        tweet_rows(posts(*same, objects=[4, 3, 4, 4]))
    assert e.value.object_id == 4


def test_a_column_that_is_missing_or_of_another_type_is_named():
    with pytest.raises(BadRows, match="curated/tweets: urls is missing") as missing:
        tweet_rows(posts({}).drop_columns(["urls"]))
    assert (missing.value.row_id, missing.value.column) == (None, "urls")
    table = posts({})
    for name, array in {
        "tweet_id": pa.array([7]),
        "like_count": pa.array([1.0]),
        "created_at": pa.array([MOMENT], pa.timestamp("us")),
        "mentions": pa.array([[]], pa.list_(pa.struct([MENTION.field(0)]))),
    }.items():
        with pytest.raises(BadRows, match=f"{name} is of type .*, not "):
            tweet_rows(table.set_column(table.schema.get_field_index(name), name, array))
