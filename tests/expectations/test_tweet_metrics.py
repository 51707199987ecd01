"""Every expectation of the suite for post metrics: a clean batch meets it, an example breaks it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pandas as pd
import pytest

from tests.expectations.suite_tests import AT, ROW, ROWS, SuiteTests, failed, quality_of

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
END = datetime(2026, 11, 20, 12, tzinfo=UTC)
COUNTS = ("retweet_count", "reply_count", "like_count", "quote_count")
NEWER_COUNTS = ("bookmark_count", "impression_count")


def gone(number: int, kind: str = "resource-not-found", **fields: Any) -> dict[str, Any]:
    """What X says of a post that it does not show."""
    return {
        "resource_id": str(1991000000000000000 + number),
        "resource_type": "tweet",
        "detail": "Could not find tweet with ids.",
        "type": f"https://api.x.com/2/problems/{kind}",
    } | fields


class TestTweetMetrics(SuiteTests):
    dataset = "tweet_metrics"
    parameters: ClassVar[dict[str, Any]] = {
        "interval_start": START,
        "interval_end": END,
        "asked": ROWS,
    }
    bad_cells: ClassVar[dict[str, dict[str, Any]]] = {
        "every_post_decodes": {"decode_problem": "public_metrics: null is not an object"},
        "tweet_id_present": {"tweet_id": None},
        "tweet_id_is_digits": {"tweet_id": "1.99e18"},
        "observed_at_present": {"observed_at": pd.NaT},
        "observed_after_interval": {"observed_at": END - timedelta(seconds=1)},
        "status_known": {"status": "hidden"},
        "visible_post_has_counts": {"like_count": None},
        "observed_after_created": {"created_at": AT},
        "author_id_is_digits": {"author_id": "@nasa"},
        "retweet_count_not_negative": {"retweet_count": -1},
        "reply_count_not_negative": {"reply_count": -1},
        "like_count_not_negative": {"like_count": -1},
        "quote_count_not_negative": {"quote_count": -1},
        "bookmark_count_not_negative": {"bookmark_count": -1},
        "impression_count_not_negative": {"impression_count": -1},
    }
    bad_batches: ClassVar[dict[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
        "columns_are_the_schema": lambda frame: frame.assign(surprise=1),
        "tweet_id_is_text": lambda frame: frame.assign(tweet_id=frame["tweet_id"].astype("int64")),
        "observed_at_is_utc": lambda frame: frame.assign(
            observed_at=frame["observed_at"].dt.tz_localize(None)
        ),
        "like_count_is_number": lambda frame: frame.assign(
            like_count=frame["like_count"].astype(str)
        ),
        "every_post_is_answered": lambda frame: frame.head(-1),
        "most_posts_decode": lambda frame: frame.assign(
            decode_problem=["unreadable"] * 19 + [None] * (ROWS - 19)
        ),
        "tweet_id_unique": lambda frame: frame.assign(
            tweet_id=[*frame["tweet_id"].head(-1), frame["tweet_id"].iat[ROW]]
        ),
        "not_all_deleted": lambda frame: frame.assign(
            status=["deleted"] * (ROWS - 2) + ["visible"] * 2
        ),
    }
    of_rows = frozenset({"tweet_id_unique", "not_all_deleted"})

    @staticmethod
    def item(number: int, **fields: Any) -> dict[str, Any]:
        """A post as the API sends it, with what a snapshot asks for."""
        return {
            "id": str(1991000000000000000 + number),
            "author_id": "2244994945",
            "created_at": "2026-11-20T08:00:00.000Z",
            "public_metrics": dict.fromkeys((*COUNTS, *NEWER_COUNTS), number),
        } | fields

    def test_what_real_answers_are_like_passes(self) -> None:
        old = dict.fromkeys(COUNTS, 0)
        new = old | {"repost_count": 7, "bookmark_count": 0, "impression_count": 2**53}
        del new["retweet_count"]
        posts = [
            self.item(0, public_metrics=old),
            self.item(1, public_metrics=new),
            self.item(2, id="12345678901"),
            self.item(3, id="9" * 19),
            self.item(4, withheld={"copyright": False, "country_codes": ["DE", "FR"]}),
            self.item(5, withheld={"copyright": True, "country_codes": ["XX"]}),
            {"id": "20", "public_metrics": old},
        ]
        errors = [
            gone(11),
            gone(12, detail="User has been suspended: [20]."),
            gone(13, "not-authorized-for-resource"),
            gone(14, "disallowed-resource", resource_type="post"),
            gone(0, "not-authorized-for-field"),
        ]

        assert self.check(self.frame_of(*posts, errors=errors), asked=11).failed == []

    @pytest.mark.parametrize(
        "kind", ["resource-not-found", "not-authorized-for-resource", "disallowed-resource"]
    )
    def test_a_tombstone_needs_no_counts(self, clean: pd.DataFrame, kind: str) -> None:
        frame = self.frame_of(*map(self.item, range(1, ROWS)), errors=[gone(0, kind)])

        assert len(frame) == len(clean)
        assert self.check(frame).failed == []

    def test_a_withheld_post_needs_no_counts_and_a_visible_one_does(self) -> None:
        withheld = {"copyright": False, "country_codes": ["XY"]}
        posts = [
            self.item(0, public_metrics={}, withheld=withheld),
            self.item(1, public_metrics={}, withheld=withheld | {"country_codes": ["DE"]}),
            self.item(2, public_metrics={"reply_count": 4}),
        ]

        verdict = self.check(self.frame_of(*posts), asked=3)

        assert verdict.bad_rows == {row: ["visible_post_has_counts"] for row in (1, 2)}

    @pytest.mark.parametrize(
        ("visible", "deleted", "believed"),
        [(0, 19, True), (2, 18, True), (1, 19, False), (0, 20, False), (9, 91, False)],
    )
    def test_an_answer_that_everything_is_deleted_is_not_believed(
        self, visible: int, deleted: int, believed: bool
    ) -> None:
        posts = [self.item(number) for number in range(visible)]
        errors = [gone(visible + number) for number in range(deleted)]

        verdict = self.check(self.frame_of(*posts, errors=errors), asked=visible + deleted)

        held_back = range(0) if believed else range(visible, visible + deleted)
        assert verdict.bad_rows == {row: ["not_all_deleted"] for row in held_back}
        assert not verdict.batch_failed, "what is visible lands"

    @pytest.mark.parametrize("detail", ["User has been suspended: [20].", "Sorry."])
    def test_a_whole_account_may_be_suspended_or_protected(self, detail: str) -> None:
        errors = [
            gone(number, "not-authorized-for-resource", detail=detail) for number in range(ROWS)
        ]

        assert self.check(self.frame_of(errors=errors)).failed == []

    def test_counts_whose_time_nobody_knows_are_bad_each_alone(self) -> None:
        frame = self.frame_of(*map(self.item, range(1, ROWS)), errors=[gone(0)], at=None)

        verdict = self.check(frame)

        assert failed(verdict) == {"observed_at_present"}
        assert set(verdict.bad_rows) == set(range(ROWS))
        assert not verdict.batch_failed

    def test_the_interval_s_end_is_after_it(self, clean: pd.DataFrame) -> None:
        times = [END, END - timedelta(microseconds=1), END + timedelta(days=3)]
        clean["observed_at"] = pd.Series(times + [AT] * (ROWS - 3)).astype(
            clean["observed_at"].dtype
        )

        assert self.check(clean).bad_rows == {1: ["observed_after_interval"]}

    @pytest.mark.parametrize(
        ("asked", "answered"), [(ROWS, True), (ROWS + 1, False), (ROWS - 1, False), (None, True)]
    )
    def test_every_post_is_answered_once(
        self, clean: pd.DataFrame, asked: int | None, answered: bool
    ) -> None:
        assert failed(self.check(clean, asked=asked)) == (
            set() if answered else {"every_post_is_answered"}
        )

    def test_a_batch_in_parts_is_asked_for_its_number_as_a_whole(self, clean: pd.DataFrame) -> None:
        clean.loc[ROW, "like_count"] = None

        parts = [self.check(part, level="row") for part in (clean.head(10), clean.tail(14))]
        whole = self.check(clean[list(quality_of(self.dataset).batch_columns)], level="batch")

        assert [part.bad_rows for part in parts] == [{ROW: ["visible_post_has_counts"]}, {}]
        assert failed(whole) == set()
