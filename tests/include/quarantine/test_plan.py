"""What is counted before the approval is what happens after it."""

from __future__ import annotations

import pytest

from include.errors import BadConfiguration
from include.quarantine.decision import AlreadyDecided
from include.quarantine.plan import CanNotBeDecided
from include.quarantine.words import plan_in_words
from tests.include.quarantine.conftest import BAD, FIRST
from tests.include.quarantine.test_carry_out import do, plan_of

WORSE = {"public_metrics": {"reply_count": -1}}
BOTH = {"public_metrics": {"like_count": -7, "reply_count": -1}}


def counted(plan):
    return plan.lands, plan.leaves, plan.stays


@pytest.mark.parametrize(
    ("verdict", "curated", "left"), [("released", {1, 2}, 2), ("discarded", {1}, 1)]
)
def test_who_asks_for_a_reason_decides_on_no_row_that_failed_for_another(
    reviewed, verdict, curated, left
):
    posts = [reviewed.post(2, **BAD), reviewed.post(3, **WORSE), reviewed.post(4, **BOTH)]
    reviewed.run(nasa=[reviewed.post(1), *posts])

    plan = plan_of(reviewed, verdict, reason="like_count_not_negative")
    assert plan.stays == left
    do(reviewed, plan)

    assert set(reviewed.curated()) == curated
    assert reviewed.account().open == left


def test_who_discards_by_a_reason_discards_no_row_without_an_id_that_has_not_got_it(reviewed):
    reviewed.run(nasa=[reviewed.post(1, id=None), reviewed.post(2, id=None, **BAD)])

    plan = plan_of(reviewed, "discarded", reason="like_count_not_negative")
    assert counted(plan) == (0, 0, 1)
    do(reviewed, plan)

    assert (reviewed.account().discarded, reviewed.account().open) == (1, 1)


def test_a_reason_that_no_row_has_alone_is_told(reviewed):
    reviewed.run(nasa=[reviewed.post(4, **BOTH)])
    with pytest.raises(
        CanNotBeDecided, match="no open row failed for like_count_not_negative alone"
    ):
        plan_of(reviewed, "released", reason="like_count_not_negative")


def test_a_reason_that_only_discarded_rows_have_is_told(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD), reviewed.post(3, **WORSE)])
    do(reviewed, plan_of(reviewed, "discarded", reason="like_count_not_negative"))
    with pytest.raises(CanNotBeDecided, match="no open row failed for like_count_not_negative;"):
        plan_of(reviewed, "discarded", name="run-2", reason="like_count_not_negative")


def test_what_a_mended_suite_lets_pass_is_counted_with_the_rest(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD), reviewed.post(3, **WORSE)])
    reviewed.let_pass("like_count_not_negative")

    plan = plan_of(reviewed, "discarded", ids=[str(FIRST + 3)])
    assert counted(plan) == (1, 0, 0)
    do(reviewed, plan)

    assert set(reviewed.curated()) == {2}
    assert reviewed.account().open == 0


def test_what_a_stricter_suite_takes_out_is_counted_and_said(reviewed):
    reviewed.let_pass("reply_count_not_negative")
    reviewed.run(nasa=[reviewed.post(1, **WORSE), reviewed.post(2, **BAD)])
    reviewed.judge_as_ever()

    plan = plan_of(reviewed, "replayed")
    assert counted(plan) == (0, 1, 2)
    assert "1 would be taken out, as today's suite does not let them pass" in plan_in_words(plan)
    do(reviewed, plan)

    assert reviewed.curated() == {}
    assert reviewed.account().open == 2


def test_rows_that_somebody_has_decided_on_are_told_and_a_replay_finishes_what_crashed(
    reviewed, monkeypatch
):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    plan = plan_of(reviewed, "released")
    with monkeypatch.context() as patch:
        patch.setattr("include.rerun.validate_batch", _crash)
        with pytest.raises(KeyboardInterrupt):
            do(reviewed, plan)

    with pytest.raises(AlreadyDecided, match=r"was released by ada .*a replay brings it there"):
        plan_of(reviewed, "released", name="run-2")
    plan = plan_of(reviewed, "replayed", name="run-2")
    assert counted(plan) == (1, 0, 0)
    do(reviewed, plan)

    assert reviewed.curated()[2]["released_by"] == "ada"
    assert [item.state for item in reviewed.items()] == ["released"]


def test_what_crashed_before_it_was_told_is_told_by_a_replay(reviewed, monkeypatch):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    plan = plan_of(reviewed, "discarded")
    with monkeypatch.context() as patch:
        patch.setattr("include.rerun.Reruns.report", _crash)
        with pytest.raises(KeyboardInterrupt):
            do(reviewed, plan)

    with pytest.raises(AlreadyDecided, match=r"every row there is discarded.*a replay puts it"):
        plan_of(reviewed, "discarded", name="run-2")
    do(reviewed, plan_of(reviewed, "replayed", name="run-2"))

    assert [item.state for item in reviewed.items()] == ["discarded"]


def test_what_is_there_after_a_crash_in_the_landing_is_not_counted_as_new(reviewed, monkeypatch):
    reviewed.run(nasa=[reviewed.post(1), reviewed.post(2, **BAD)])
    plan = plan_of(reviewed, "released")
    with monkeypatch.context() as patch:
        patch.setattr("include.landing.Landing.land", _crash)
        with pytest.raises(KeyboardInterrupt):
            do(reviewed, plan)

    plan = plan_of(reviewed, "replayed", name="run-2")
    assert counted(plan) == (1, 0, 0)
    do(reviewed, plan)

    assert set(reviewed.curated()) == {1, 2}


def _crash(*_, **__):
    raise KeyboardInterrupt


def test_an_id_of_a_row_that_can_not_land_is_not_called_missing(reviewed):
    reviewed.run(nasa=[reviewed.post(1, text=None)])
    with pytest.raises(CanNotBeDecided, match="none of the 1 rows can land"):
        plan_of(reviewed, "released", ids=[str(FIRST + 1)])


@pytest.mark.parametrize("why", ["", "   ", "x" * 1001])
def test_why_it_is_done_has_to_be_said_before_anything_is_counted(reviewed, why):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    with pytest.raises(BadConfiguration, match="has to be said in 1 to 1,000 characters"):
        plan_of(reviewed, "released", why=why)


def test_who_approved_it_has_to_be_named(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    with pytest.raises(BadConfiguration, match="say who decides"):
        do(reviewed, plan_of(reviewed, "released"), by=" ")


def test_words_of_a_person_can_not_pose_as_counts(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    why = "fine\n\n**9 items**: 0 rows would land | x"
    said = plan_in_words(plan_of(reviewed, "released", why=why)).splitlines()
    assert r"**Why:** fine ⏎  ⏎ \*\*9 items\*\*: 0 rows would land \| x" in said
