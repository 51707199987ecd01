"""Every expectation of the suite for tweets: a clean batch meets it, an example breaks it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pandas as pd
import pytest

from tests.expectations.suite_tests import ROW, ROWS, SuiteTests, failed, quality_of

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
END = datetime(2026, 11, 20, 12, tzinfo=UTC)
AUTHOR = "2244994945"


class TestTweets(SuiteTests):
    dataset = "tweets"
    parameters: ClassVar[dict[str, Any]] = {
        "interval_start": START,
        "interval_end": END,
        "author_id": AUTHOR,
        "volume_min": 0,
        "volume_max": 100,
    }
    bad_cells: ClassVar[dict[str, dict[str, Any]]] = {
        "every_post_decodes": {"decode_problem": "like_count: 1.5 is not a whole number"},
        "tweet_id_present": {"tweet_id": None},
        "tweet_id_is_digits": {"tweet_id": "1.99e18"},
        "author_id_present": {"author_id": None},
        "author_id_is_digits": {"author_id": "@nasa"},
        "author_is_the_account": {"author_id": "11"},
        "conversation_id_is_digits": {"conversation_id": "12345678901234567890"},
        "in_reply_to_user_id_is_digits": {"in_reply_to_user_id": "-1"},
        "community_id_is_digits": {"community_id": "moon"},
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
    bad_batches: ClassVar[dict[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
        "columns_are_the_schema": lambda frame: frame.assign(surprise=1),
        "tweet_id_is_text": lambda frame: frame.assign(
            tweet_id=frame["tweet_id"].astype("float64")
        ),
        "created_at_is_utc": lambda frame: frame.assign(
            created_at=frame["created_at"].dt.tz_localize(None)
        ),
        "like_count_is_number": lambda frame: frame.assign(
            like_count=frame["like_count"].astype(str)
        ),
        "volume_as_usual": lambda frame: pd.concat([frame] * 5, ignore_index=True).assign(
            tweet_id=list(map(str, range(5 * ROWS)))
        ),
        "most_posts_decode": lambda frame: frame.assign(
            decode_problem=["unreadable"] * 19 + [None] * (ROWS - 19)
        ),
        "mostly_by_the_account": lambda frame: frame.assign(
            author_id=["11"] * 13 + [AUTHOR] * (ROWS - 13)
        ),
        "newest_post_in_interval": lambda frame: frame.assign(
            created_at=frame["created_at"] - timedelta(hours=9)
        ),
        "lang_reported": lambda frame: frame.assign(lang=["en"] * 11 + [None] * (ROWS - 11)),
        "like_count_reported": lambda frame: frame.assign(
            like_count=[5.0] * 11 + [None] * (ROWS - 11)
        ),
        "tweet_id_unique": lambda frame: frame.assign(
            tweet_id=[*frame["tweet_id"].head(-1), frame["tweet_id"].iat[ROW]]
        ),
        "likes_within_impressions": lambda frame: frame.assign(
            impression_count=[*frame["impression_count"].head(-3), 1.0, 1.0, 1.0]
        ),
    }
    of_rows = frozenset({"tweet_id_unique", "likes_within_impressions"})

    @staticmethod
    def item(number: int, **fields: Any) -> dict[str, Any]:
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

    def test_repeated_post_fails_in_every_copy(self, clean: pd.DataFrame) -> None:
        verdict = self.check(self.bad_batches["tweet_id_unique"](clean))

        assert verdict.bad_rows == {ROW: ["tweet_id_unique"], ROWS - 1: ["tweet_id_unique"]}

    def test_interval_holds_its_start_and_not_its_end(self, clean: pd.DataFrame) -> None:
        just_before = pd.Timestamp(END) - timedelta(microseconds=1)
        clean["created_at"] = pd.Series([START, just_before, END] + [START] * (ROWS - 3)).astype(
            clean["created_at"].dtype
        )

        assert self.check(clean).bad_rows == {2: ["created_at_in_interval"]}

    def test_id_with_a_line_break_is_no_id(self, clean: pd.DataFrame) -> None:
        clean.loc[ROW, "tweet_id"] += "\n"

        assert self.check(clean).bad_rows == {ROW: ["tweet_id_is_digits"]}

    @pytest.mark.parametrize("posts", [1, 2, 3, 4])
    def test_few_posts_without_metrics_and_language_are_no_trend(self, posts: int) -> None:
        bare = [self.item(number, public_metrics={}) for number in range(posts)]
        for each in bare:
            del each["lang"]

        verdict = self.check(self.frame_of(*bare))

        assert verdict.failed == []

    def test_what_real_posts_are_like_passes(self) -> None:
        old = {"retweet_count": 1, "reply_count": 0, "like_count": 2, "quote_count": 0}
        posts = [
            self.item(0, text="=" + "&amp;" * 114 + "1"),  # 572 code points, a formula to Excel
            self.item(1, text="This post is withheld."),
            self.item(2, text="This post is withheld."),
            self.item(3, lang="und"),
            self.item(4, lang="qme"),
            self.item(5, lang="zh-cn"),
            self.item(6, id="12345678901"),
            self.item(7, public_metrics=old),
            self.item(8, edit_history_tweet_ids=[""]),
            self.item(9, text="x", note_tweet={"text": "long " * 5000}),
            self.item(10, geo={"coordinates": {"type": "Point", "coordinates": [-79.9, 36.1]}}),
            self.item(
                11,
                in_reply_to_user_id="12",
                referenced_tweets=[
                    {"type": "quoted", "id": "1990000000000000000"},
                    {"type": "replied_to", "id": "1990000000000000001"},
                ],
            ),
            self.item(12, referenced_tweets=[{"type": "retweeted", "id": "1990000000000000000"}]),
            self.item(13, in_reply_to_user_id="12"),  # begins with @name and answers no post
        ]

        assert self.check(self.frame_of(*posts)).failed == []

    def test_author_is_judged_where_one_is_given(self, clean: pd.DataFrame) -> None:
        clean["author_id"] = pd.Series(map(str, range(11, 11 + ROWS)), dtype="str")

        assert {"author_is_the_account", "mostly_by_the_account"} <= failed(self.check(clean))
        assert self.check(clean, author_id=None).failed == []

    def test_unreadable_posts_do_not_hide_behind_an_exception(self) -> None:
        lost = {"every_post_decodes", "created_at_present", "tweet_id_present"}

        for others in [[], [self.item(1)]]:
            verdict = self.check(self.frame_of({"id": 5, "created_at": "soon"}, *others))

            assert lost <= set(verdict.bad_rows[0])
            assert set(verdict.bad_rows) == {0}
            assert not verdict.batch_failed

    def test_batch_in_parts_is_judged_like_the_whole(self, clean: pd.DataFrame) -> None:
        clean.loc[ROW, "like_count"] = -1
        clean["lang"] = pd.Series([None] * ROWS, dtype="str")

        parts = [self.check(part, level="row") for part in (clean.head(10), clean.tail(14))]
        kept = list(quality_of("tweets").batch_columns)
        whole = self.check(clean[kept], level="batch", volume_max=10)

        assert [part.bad_rows for part in parts] == [{ROW: ["like_count_not_negative"]}, {}]
        assert failed(whole) == {"lang_reported", "volume_as_usual"}
