"""Every expectation of the suite for users: a clean batch meets it, an example breaks it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pandas as pd
import pytest

from tests.expectations.suite_tests import AT, ROW, ROWS, SuiteTests, failed

START = datetime(2026, 11, 19, 12, tzinfo=UTC)
END = datetime(2026, 11, 20, 12, tzinfo=UTC)
NEXT_END = datetime(2026, 11, 21, 12, tzinfo=UTC)


class TestUsers(SuiteTests):
    dataset = "users"
    parameters: ClassVar[dict[str, Any]] = {
        "interval_start": START,
        "interval_end": END,
        "asked": ROWS + 2,
    }
    bad_cells: ClassVar[dict[str, dict[str, Any]]] = {
        "every_user_decodes": {"decode_problem": "public_metrics: null is not an object"},
        "user_id_present": {"user_id": None},
        "user_id_is_digits": {"user_id": "12345678901234567890"},
        "observed_at_present": {"observed_at": pd.NaT},
        "observed_in_time": {"observed_at": END - timedelta(seconds=1)},
        "username_present": {"username": None},
        "username_is_handle": {"username": "quay\n"},
        "name_present": {"name": None},
        "name_without_nul": {"name": "\x00"},
        "created_at_present": {"created_at": pd.NaT},
        "created_at_plausible": {"created_at": datetime(1970, 1, 1, tzinfo=UTC)},
        "observed_after_created": {"created_at": AT + timedelta(seconds=1)},
        "description_length_plausible": {"description": "d" * 4_001},
        "description_without_nul": {"description": "nothing\x00more"},
        "location_without_nul": {"location": "nowhere\x00else"},
        "verified_type_known": {"verified_type": "gold"},
        "pinned_tweet_id_is_digits": {"pinned_tweet_id": "-1"},
        "followers_count_not_negative": {"followers_count": -1},
        "following_count_not_negative": {"following_count": -1},
        "tweet_count_not_negative": {"tweet_count": -1},
        "listed_count_not_negative": {"listed_count": -1},
        "like_count_not_negative": {"like_count": -1},
        "media_count_not_negative": {"media_count": -1},
    }
    bad_batches: ClassVar[dict[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
        "columns_are_the_schema": lambda frame: frame.drop(columns="url"),
        "user_id_is_text": lambda frame: frame.assign(user_id=frame["user_id"].astype("int64")),
        "observed_at_is_utc": lambda frame: frame.assign(
            observed_at=frame["observed_at"].dt.tz_localize(None)
        ),
        "followers_count_is_number": lambda frame: frame.assign(
            followers_count=frame["followers_count"].astype(str)
        ),
        "most_accounts_are_shown": lambda frame: frame.head(12),
        "most_users_decode": lambda frame: frame.assign(
            decode_problem=["unreadable"] * 19 + [None] * (ROWS - 19)
        ),
        "user_id_unique": lambda frame: frame.assign(
            user_id=[*frame["user_id"].head(-1), frame["user_id"].iat[ROW]]
        ),
        "followers_count_reported": lambda frame: frame.assign(
            followers_count=[5.0] * 11 + [None] * (ROWS - 11)
        ),
    }
    of_rows = frozenset({"user_id_unique"})

    @staticmethod
    def item(number: int, **fields: Any) -> dict[str, Any]:
        """A user as the API sends it."""
        counts = ("followers_count", "following_count", "tweet_count", "listed_count")
        newer = ("like_count", "media_count")
        return {
            "id": str(2_244_994_945 + number),
            "username": f"Quay_{number}",
            "name": f"Quay {number}",
            "created_at": "2013-12-14T04:35:55.000Z",
            "description": "Low tide at noon",
            "location": "Quay",
            "protected": False,
            "verified": True,
            "verified_type": "blue",
            "pinned_tweet_id": "1991000000000000000",
            "public_metrics": dict.fromkeys((*counts, *newer), number),
        } | fields

    def test_what_real_profiles_are_like_passes(self) -> None:
        old = {"followers_count": 580, "following_count": 518, "tweet_count": 5, "listed_count": 0}
        new = {"followers_count": 580, "post_count": 5, "like_count": None, "media_count": None}
        bare = {"id": "12", "username": "j", "name": "", "created_at": "2006-03-21T20:50:14.000Z"}
        users = [
            self.item(0, public_metrics=old),
            self.item(1, public_metrics=new),
            self.item(2, id="12345678901"),
            self.item(3, id="1114981830799659009", username="_" * 15),
            self.item(4, protected=True, verified=False, verified_type="none"),
            self.item(5, url="", description="", location="", pinned_tweet_id=None),
            self.item(6, description="&amp;" * 160, name="\u202e\U0001f383\u200d" * 15),
            self.item(7, withheld={"country_codes": ["DE"], "scope": "user"}),
            self.item(8, public_metrics=old | {"followers_count": 250_000_000}),
            bare,
        ]

        assert self.check(self.frame_of(*users), asked=len(users)).failed == []

    def test_the_day_is_the_one_after_the_interval(self, clean: pd.DataFrame) -> None:
        just_before = pd.Timestamp(NEXT_END) - timedelta(microseconds=1)
        times = [END, just_before, NEXT_END, END - timedelta(microseconds=1)]
        clean["observed_at"] = pd.Series(times + [AT] * (ROWS - 4)).astype(
            clean["observed_at"].dtype
        )

        assert self.check(clean).bad_rows == {2: ["observed_in_time"], 3: ["observed_in_time"]}

    def test_profiles_whose_time_nobody_knows_are_bad_each_alone(self) -> None:
        verdict = self.check(self.frame_of(*map(self.item, range(ROWS)), at=None))

        assert failed(verdict) == {"observed_at_present"}
        assert set(verdict.bad_rows) == set(range(ROWS))
        assert not verdict.batch_failed

    @pytest.mark.parametrize(
        ("asked", "shown", "enough"),
        [(4, 1, True), (5, 3, True), (5, 2, False), (9, 4, False), (10, 5, True), (101, 50, False)],
    )
    def test_few_accounts_are_no_wave(self, asked: int, shown: int, enough: bool) -> None:
        verdict = self.check(self.frame_of(*map(self.item, range(shown))), asked=asked)

        assert ("most_accounts_are_shown" not in failed(verdict)) == enough

    @pytest.mark.parametrize("users", [1, 2, 3, 4])
    def test_few_profiles_without_counts_are_no_trend(self, users: int) -> None:
        bare = [self.item(number, public_metrics={}) for number in range(users)]

        assert self.check(self.frame_of(*bare), asked=users).failed == []

    def test_without_what_was_asked_nobody_is_missed(self, clean: pd.DataFrame) -> None:
        assert self.check(clean.head(1), asked=None).failed == []
