"""Every expectation of the suite for tweets: a clean batch meets it, an example breaks it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from include.datasets.tweets.checks import check_frame
from include.datasets.tweets.decode import RawPage, decode
from include.quality import Quality, Verdict

ROOM = Path(__file__).parents[2] / "expectations"
SUITE = json.loads((ROOM / "tweets.json").read_text())
ENTRIES = {entry["meta"]["key"]: entry for entry in SUITE["expectations"]}

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
END = datetime(2026, 11, 20, 12, tzinfo=UTC)
AUTHOR = "2244994945"
POSTS = 24
ROW = 3
"""The row that the examples break."""

BAD_CELLS: dict[str, dict[str, Any]] = {
    "every_post_decodes": {"decode_problem": "like_count: 1.5 is not a whole number"},
    "tweet_id_present": {"tweet_id": None},
    "tweet_id_is_digits": {"tweet_id": "1.99e18"},
    "author_id_present": {"author_id": None},
    "author_id_is_digits": {"author_id": "@nasa"},
    "author_is_the_account": {"author_id": "11"},
    "conversation_id_is_digits": {"conversation_id": "12345678901234567890"},
    "created_at_present": {"created_at": pd.NaT},
    "created_at_in_interval": {"created_at": END},
    "editable_until_after_created_at": {"editable_until": START - timedelta(minutes=1)},
    "edit_count_plausible": {"edit_count": 7},
    "text_present": {"text": None},
    "text_without_nul": {"text": "nothing\x00more"},
    "text_length_plausible": {"text": ""},
    "note_text_length_plausible": {"note_text": "n" * 30_001},
    "lang_is_code": {"lang": "English"},
    "retweet_count_not_negative": {"retweet_count": -1},
    "reply_count_not_negative": {"reply_count": -1},
    "like_count_not_negative": {"like_count": -1},
    "quote_count_not_negative": {"quote_count": -1},
    "bookmark_count_not_negative": {"bookmark_count": -1},
    "impression_count_not_negative": {"impression_count": -1},
    "entities_inside_text": {"entity_problem": "hashtag 270-290 of a text of 280"},
    "hashtag_count_plausible": {"hashtag_count": 501},
    "mention_count_plausible": {"mention_count": 501},
    "url_count_plausible": {"url_count": 501},
    "media_count_plausible": {"media_count": 21},
    "reference_count_plausible": {"reference_count": 4},
    "retweet_names_its_post": {"is_retweet": True, "retweeted_tweet_id": None},
    "reply_settings_known": {"reply_settings": "friends"},
    "latitude_on_earth": {"latitude": 90.5},
    "longitude_on_earth": {"longitude": -180.5},
    "place_country_code_is_iso": {"place_country_code": "usa"},
}
"""Row-level expectations: the cells of one row that break each."""

BAD_BATCHES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "columns_are_the_schema": lambda frame: frame.assign(surprise=1),
    "tweet_id_is_text": lambda frame: frame.assign(tweet_id=frame["tweet_id"].astype("float64")),
    "created_at_is_utc": lambda frame: frame.assign(
        created_at=frame["created_at"].dt.tz_localize(None)
    ),
    "like_count_is_number": lambda frame: frame.assign(like_count=frame["like_count"].astype(str)),
    "volume_as_usual": lambda frame: frame.head(1),
    "most_posts_decode": lambda frame: frame.assign(
        decode_problem=["unreadable"] * 19 + [None] * (POSTS - 19)
    ),
    "mostly_by_the_account": lambda frame: frame.assign(
        author_id=["11"] * 13 + [AUTHOR] * (POSTS - 13)
    ),
    "newest_post_in_interval": lambda frame: frame.assign(
        created_at=frame["created_at"] - timedelta(hours=9)
    ),
    "lang_reported": lambda frame: frame.assign(lang=["en"] * 11 + [None] * (POSTS - 11)),
    "like_count_reported": lambda frame: frame.assign(
        like_count=[5.0] * 11 + [None] * (POSTS - 11)
    ),
    "tweet_id_unique": lambda frame: frame.assign(
        tweet_id=[*frame["tweet_id"].head(-1), frame["tweet_id"].iat[ROW]]
    ),
    "likes_within_impressions": lambda frame: frame.assign(
        impression_count=[*frame["impression_count"].head(-3), 1.0, 1.0, 1.0]
    ),
}
"""The others: what to do to a clean batch to break each."""


def post(number: int, **fields: Any) -> dict[str, Any]:
    """A post as the API sends it."""
    metrics = ("retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count")
    written = START + number * timedelta(minutes=5)
    return {
        "id": str(1991000000000000000 + number),
        "author_id": AUTHOR,
        "created_at": written.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "text": f"Post {number}",
        "lang": "en",
        "conversation_id": str(1991000000000000000 + number),
        "edit_history_tweet_ids": [str(1991000000000000000 + number)],
        "reply_settings": "everyone",
        "public_metrics": dict.fromkeys(metrics, number) | {"impression_count": 50 * number},
    } | fields


def frame_of(*posts: dict[str, Any]) -> pd.DataFrame:
    """The frame that Great Expectations sees of these posts."""
    page = RawPage(key="raw/tweets/page-0000.json.gz", body=json.dumps({"data": posts}).encode())
    return check_frame(decode([page]))


@pytest.fixture(scope="session")
def quality() -> Quality:
    return Quality(ROOM / "tweets.json", "tweet_id")


@pytest.fixture
def clean() -> pd.DataFrame:
    return frame_of(*(post(number) for number in range(POSTS)))


def check(quality: Quality, frame: pd.DataFrame, **parameters: Any) -> Verdict:
    given = {
        "interval_start": START,
        "interval_end": END,
        "author_id": AUTHOR,
        "volume_min": 0,
        "volume_max": 1000,
    }
    return quality.check(
        frame,
        asset="tweets/nasa",
        run_name="20261120T0800Z_20261120T1200Z",
        run_time=END,
        parameters=given | parameters,
    )


def failed(verdict: Verdict) -> set[str]:
    return {expectation.key for expectation in verdict.failed}


def test_every_expectation_has_an_example_that_breaks_it() -> None:
    assert BAD_CELLS.keys() | BAD_BATCHES.keys() == ENTRIES.keys()


def test_clean_batch_meets_every_expectation(quality: Quality, clean: pd.DataFrame) -> None:
    verdict = check(quality, clean)

    assert verdict.failed == []
    assert verdict.bad_rows == {}
    assert not verdict.batch_failed
    assert len(verdict.result["results"]) == len(ENTRIES)


@pytest.mark.parametrize("key", BAD_CELLS)
def test_one_bad_row_fails_alone(quality: Quality, clean: pd.DataFrame, key: str) -> None:
    for column, value in BAD_CELLS[key].items():
        clean[column] = [value if row == ROW else cell for row, cell in enumerate(clean[column])]
    clean = clean.astype(frame_of(post(1)).dtypes)

    verdict = check(quality, clean)

    found = {expectation.key: expectation for expectation in verdict.failed}[key]
    assert (found.level, found.unexpected_count) == ("row", 1)
    assert found.severity == ENTRIES[key]["severity"]
    if key != "tweet_id_present":
        assert found.examples[0]["id"] == clean["tweet_id"][ROW]
    quarantined = {ROW} if found.severity == "critical" else set()
    assert {row for row, keys in verdict.bad_rows.items() if key in keys} == quarantined
    assert not verdict.batch_failed, "one bad row is no reason to hold back the others"


@pytest.mark.parametrize("key", BAD_BATCHES)
def test_bad_batch_fails(quality: Quality, clean: pd.DataFrame, key: str) -> None:
    verdict = check(quality, BAD_BATCHES[key](clean), volume_min=5)

    found = {expectation.key: expectation for expectation in verdict.failed}[key]
    assert found.severity == ENTRIES[key]["severity"]
    if found.level == "batch" and found.severity == "critical":
        assert verdict.batch_failed


def test_repeated_post_fails_in_every_copy(quality: Quality, clean: pd.DataFrame) -> None:
    verdict = check(quality, BAD_BATCHES["tweet_id_unique"](clean))

    assert verdict.bad_rows == {ROW: ["tweet_id_unique"], POSTS - 1: ["tweet_id_unique"]}


def test_interval_holds_its_start_and_not_its_end(quality: Quality, clean: pd.DataFrame) -> None:
    just_before = pd.Timestamp(END) - timedelta(microseconds=1)
    clean["created_at"] = pd.Series([START, just_before, END] + [START] * (POSTS - 3)).astype(
        clean["created_at"].dtype
    )

    assert check(quality, clean).bad_rows == {2: ["created_at_in_interval"]}


def test_id_with_a_line_break_is_no_id(quality: Quality, clean: pd.DataFrame) -> None:
    clean.loc[ROW, "tweet_id"] += "\n"

    assert check(quality, clean).bad_rows == {ROW: ["tweet_id_is_digits"]}


@pytest.mark.parametrize("posts", [1, 2, 3, 4])
def test_few_posts_without_metrics_and_language_are_no_trend(quality: Quality, posts: int) -> None:
    bare = [post(number, public_metrics={}) for number in range(posts)]
    for each in bare:
        del each["lang"]

    verdict = check(quality, frame_of(*bare))

    assert verdict.failed == []


def test_what_real_posts_are_like_passes(quality: Quality) -> None:
    old = {"retweet_count": 1, "reply_count": 0, "like_count": 2, "quote_count": 0}
    posts = [
        post(0, text="&amp;" * 114 + "=1"),  # 572 code points, and a formula to a spreadsheet
        post(1, text="This post is withheld."),
        post(2, text="This post is withheld."),
        post(3, lang="und"),
        post(4, lang="qme"),
        post(5, lang="zh-cn"),
        post(6, id="12345678901"),
        post(7, public_metrics=old),
        post(8, edit_history_tweet_ids=[""]),
        post(9, text="x", note_tweet={"text": "long " * 5000}),
        post(10, geo={"coordinates": {"type": "Point", "coordinates": [-79.9, 36.1]}}),
        post(
            11,
            in_reply_to_user_id="12",
            referenced_tweets=[
                {"type": "quoted", "id": "1990000000000000000"},
                {"type": "replied_to", "id": "1990000000000000001"},
            ],
        ),
        post(12, referenced_tweets=[{"type": "retweeted", "id": "1990000000000000000"}]),
        post(13, in_reply_to_user_id="12"),  # begins with @name and answers no post
    ]

    assert check(quality, frame_of(*posts)).failed == []


def test_author_is_judged_where_one_is_given(quality: Quality, clean: pd.DataFrame) -> None:
    clean["author_id"] = pd.Series(map(str, range(11, 11 + POSTS)), dtype="str")

    assert {"author_is_the_account", "mostly_by_the_account"} <= failed(check(quality, clean))
    assert check(quality, clean, author_id=None).failed == []


def test_unreadable_posts_do_not_hide_behind_an_exception(quality: Quality) -> None:
    lost = {"every_post_decodes", "created_at_present", "tweet_id_present"}

    for others in [[], [post(1)]]:
        verdict = check(quality, frame_of({"id": 5, "created_at": "soon"}, *others))

        assert lost <= set(verdict.bad_rows[0])
        assert set(verdict.bad_rows) == {0}
        assert not verdict.batch_failed


def test_batch_in_parts_is_judged_like_the_whole(quality: Quality, clean: pd.DataFrame) -> None:
    clean.loc[ROW, "like_count"] = -1
    clean["lang"] = pd.Series([None] * POSTS, dtype="str")
    given: dict[str, Any] = {
        "asset": "tweets/nasa",
        "run_name": "run",
        "run_time": END,
        "parameters": {
            "interval_start": START,
            "interval_end": END,
            "author_id": AUTHOR,
            "volume_min": 0,
            "volume_max": 10,
        },
    }

    parts = [quality.check(part, **given, level="row") for part in (clean.head(10), clean.tail(14))]
    whole = quality.check(clean[list(quality.batch_columns)], **given, level="batch")

    assert [part.bad_rows for part in parts] == [{ROW: ["like_count_not_negative"]}, {}]
    assert failed(whole) == {"lang_reported", "volume_as_usual"}


def test_readme_explains_the_suite_as_it_is() -> None:
    readme = (ROOM / "README.md").read_text()
    table = re.findall(r"^\| `(\w+)` \| (row|batch) \| (\w+) \| (.+) \|$", readme, re.MULTILINE)
    levels = dict.fromkeys(BAD_CELLS, "row") | {
        key: "row" if key in {"tweet_id_unique", "likes_within_impressions"} else "batch"
        for key in BAD_BATCHES
    }

    assert table == [
        (key, levels[key], entry["severity"], entry["notes"]) for key, entry in ENTRIES.items()
    ]
