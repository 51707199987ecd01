"""Decisions: kept, obeyed, and one of two people who decide at once is told of the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from include.interval import Interval
from include.lake import Lake
from include.quarantine.decision import (
    Decision,
    Decisions,
    DecisionsUnreadable,
    decisions_key,
    grounds,
    read_decisions,
    record,
)

AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


def decision(name: str, verdict: str = "released", by: str = "ada", **rows: list[str]) -> Decision:
    return Decision.model_validate(
        {
            "name": name,
            "verdict": verdict,
            "by": by,
            "at": AT,
            "why": "seen",
            "grounds": grounds([(row_id.lstrip("t"), why) for row_id, why in rows.items()]),
        }
    )


def test_nothing_is_decided_about_what_nobody_looked_at(lake: Lake, interval: Interval):
    assert not read_decisions(lake, "tweets", interval, "nasa")


def test_what_is_recorded_is_read_back(lake: Lake, interval: Interval):
    made = decision("run-1", t1=["b", "a"], t2=["a"])
    record(lake, "tweets", interval, "nasa", made)

    found = read_decisions(lake, "tweets", interval, "nasa")

    assert found.made == (made,)
    assert found.about("1", ["a"]) == made
    assert found.about("3", ["a"]) is None


def test_recording_again_changes_nothing(lake: Lake, interval: Interval):
    record(lake, "tweets", interval, "nasa", decision("run-1", t1=["a"]))
    body = lake.get(decisions_key("tweets", interval, "nasa"))

    record(lake, "tweets", interval, "nasa", decision("run-1", t1=["a"]))

    assert lake.get(decisions_key("tweets", interval, "nasa")) == body


def test_the_second_who_decides_about_a_row_is_told_of_the_first(lake: Lake, interval: Interval):
    record(lake, "tweets", interval, "nasa", decision("run-1", t1=["a"], t2=["a"]))

    late = decision("run-2", "discarded", "bob", t2=["a"], t3=["a"])
    (told,) = record(lake, "tweets", interval, "nasa", late)

    assert told.endswith("/nasa: row 2 was released by ada at 2026-11-03 09:30 UTC: seen")
    found = read_decisions(lake, "tweets", interval, "nasa")
    assert [(found.about(i, ["a"]).by) for i in ("1", "2", "3")] == ["ada", "ada", "bob"]
    assert record(lake, "tweets", interval, "nasa", late) == [told]
    assert read_decisions(lake, "tweets", interval, "nasa") == found


def test_of_many_who_decide_at_once_one_wins_and_the_others_hear_of_it(
    lake: Lake, interval: Interval
):
    def decide(number: int) -> Any:
        made = decision(f"run-{number}", by=f"person {number}", t1=["a"])
        return record(lake, "tweets", interval, "nasa", made)

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(decide, range(8)))

    (winner,) = read_decisions(lake, "tweets", interval, "nasa").made
    assert [number for number, refused in enumerate(told) if not refused] == [
        int(winner.name.removeprefix("run-"))
    ]
    assert sum(winner.by in str(refused) for refused in told) == 7


def test_a_row_that_was_released_and_fails_for_something_new_can_be_decided_on_again():
    once, _ = Decisions().after(decision("run-1", t1=["a"]))
    assert once.about("1", ["a", "b"]) is None

    again, refused = once.after(decision("run-2", "discarded", t1=["a", "b"]))
    assert refused == []

    about = again.about("1", ["a"])
    assert about is not None
    assert about.verdict == "discarded"


def test_a_damaged_record_is_no_empty_one(lake: Lake, interval: Interval):
    lake.put(decisions_key("tweets", interval, "nasa"), b'{"made": 1}')

    with pytest.raises(DecisionsUnreadable, match=r"account=nasa/.*restore an earlier version"):
        read_decisions(lake, "tweets", interval, "nasa")


@pytest.mark.parametrize("field", ["by", "why"])
def test_a_decision_names_who_and_why(field: str):
    given = decision("run-1", t1=["a"]).model_dump()
    with pytest.raises(ValueError, match=field):
        Decision.model_validate({**given, field: "  "})


def test_a_run_that_is_made_to_decide_again_decides_about_other_rows_as_well():
    once, _ = Decisions().after(decision("run-1", t1=["a"]))
    again, refused = once.after(decision("run-1", t1=["a"], t2=["a"]))
    assert refused == []
    assert [ground.ids for made in again.made for ground in made.grounds] == [("1",), ("2",)]


def test_rows_without_an_id_are_told_apart_by_what_they_failed():
    made = Decision(
        name="run-1", verdict="discarded", by="ada", at=AT, why="seen",
        grounds=grounds([(None, ["tweet_id_missing", "lang_missing"])]),
    )  # fmt: skip
    found, _ = Decisions().after(made)
    assert found.about(None, ["lang_missing", "tweet_id_missing"]) == made
    assert found.about(None, ["tweet_id_missing", "lang_missing", "text_missing"]) is None
    assert found.about(None, ["tweet_id_missing"]) is None
