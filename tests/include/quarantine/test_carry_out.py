"""Decisions carried out: what lands, what stays, what is remembered, and who was first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pkgutil import resolve_name

import pytest

from include import rerun, steps
from include.data_docs import site
from include.data_docs.keys import run_page_key
from include.data_docs.site import PageNotRendered
from include.data_docs.words import to_review
from include.interval import Interval
from include.lake import run_report_key
from include.outcomes import Outcome
from include.quarantine import items
from include.quarantine.carry_out import carry_out
from include.quarantine.decision import (
    AlreadyDecided,
    DecisionsUnreadable,
    decisions_key,
    read_decisions,
)
from include.quarantine.items import OPEN_KEY, State, open_by_month
from include.quarantine.plan import CanNotBeDecided, make_plan
from include.quarantine.selection import parse_selection, select_open
from include.validation import RawIncompleteError
from tests.include.quarantine.conftest import BAD, FIRST

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


def plan_of(reviewed, verdict, *, ids=(), name="run-1", why="looked at it", **asked):
    return make_plan(
        reviewed.lake,
        reviewed.settings,
        select_open(reviewed.lake, parse_selection(**asked)),
        name=name,
        verdict=verdict,
        why=why,
        reason=asked.get("reason"),
        ids=ids,
    )


def do(reviewed, plan, by="ada"):
    carried = carry_out(reviewed.lake, reviewed.settings, plan, by=by, at=NOW)
    carried.check()
    return carried


def test_a_replay_after_a_suite_was_mended_empties_the_quarantine_of_what_was_wrongly_there(
    reviewed,
):
    later = Interval(reviewed.interval.end, reviewed.interval.end + timedelta(hours=4))
    worse = {"public_metrics": {"like_count": -7, "reply_count": -1}}
    reviewed.run(nasa=[reviewed.post(1), reviewed.post(2, **BAD), reviewed.post(3, **worse)])
    reviewed.run(over=later, nasa=[reviewed.post(250, **BAD)])
    reviewed.let_pass("like_count_not_negative")

    plan = plan_of(reviewed, "replayed", reason="like_count_not_negative")
    assert (plan.lands, plan.stays) == (2, 1)
    do(reviewed, plan)

    assert set(reviewed.curated()) == {1, 2, 250}
    assert reviewed.account().reasons == {"reply_count_not_negative": 1}
    assert {item.interval: item.state for item in reviewed.items()} == {
        reviewed.interval.name: State.OPEN,
        later.name: State.CLEARED,
    }
    assert open_by_month(reviewed.lake) == {"tweets": {"2026-11": 1}}


def test_a_replayed_lake_is_what_it_would_be_had_the_suite_been_right_from_the_start(reviewed, s3):
    posts = [reviewed.post(1), reviewed.post(2, **BAD), reviewed.post(3, text="\x00")]
    reviewed.run(nasa=posts, esa=[reviewed.post(9, "esa", **BAD)])
    reviewed.let_pass("like_count_not_negative")
    do(reviewed, plan_of(reviewed, "replayed"))
    replayed = reviewed.objects("review/")

    reviewed.rerun(reviewed.interval, "esa", "nasa")

    assert reviewed.objects("review/") == replayed


def test_a_released_row_lands_and_stays_landed_when_the_interval_is_rerun(reviewed):
    reviewed.run(nasa=[reviewed.post(1), reviewed.post(2, **BAD)])

    plan = plan_of(reviewed, "released")
    assert (plan.lands, plan.stays) == (1, 0)
    do(reviewed, plan)
    landed = reviewed.objects()
    reviewed.rerun(reviewed.interval, "nasa")

    assert reviewed.objects() == landed
    row = reviewed.curated()[2]
    assert (row["released_by"], row["released_at"], row["release_reason"]) == (
        "ada",
        NOW,
        "looked at it",
    )
    assert row["like_count"] == -7
    told = reviewed.account()
    assert (told.outcome, told.curated, told.quarantined, told.released) == (
        Outcome.LANDED,
        2,
        0,
        1,
    )
    assert to_review(reviewed.report()) == []
    assert [item.state for item in reviewed.items()] == [State.RELEASED]
    assert not list(reviewed.lake.keys("quarantine/"))


def test_only_the_rows_that_are_named_are_released(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD), reviewed.post(3, **BAD)])

    plan = plan_of(reviewed, "released", ids=[str(FIRST + 3)])
    assert (plan.lands, plan.stays) == (1, 1)
    do(reviewed, plan)

    assert set(reviewed.curated()) == {3}
    (item,) = reviewed.items()
    assert (item.state, item.open, item.released) == (State.OPEN, 1, 1)


def test_a_discarded_row_is_kept_and_nobody_is_called_for_it_again(reviewed):
    reviewed.run(nasa=[reviewed.post(1), reviewed.post(2, **BAD)])

    do(reviewed, plan_of(reviewed, "discarded"))
    reviewed.rerun(reviewed.interval, "nasa")

    told = reviewed.account()
    assert (told.outcome, told.quarantined, told.discarded) == (Outcome.LANDED, 1, 1)
    assert set(reviewed.curated()) == {1}
    assert to_review(reviewed.report()) == []
    assert [item.state for item in reviewed.items()] == [State.DISCARDED]
    page = reviewed.lake.get(run_page_key("tweets", reviewed.interval)).decode()
    assert "Nothing was quarantined" not in page


def test_a_discarded_row_does_not_come_back_with_a_replay(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD), reviewed.post(3, **BAD)])
    do(reviewed, plan_of(reviewed, "discarded", ids=[str(FIRST + 2)]))
    reviewed.let_pass("like_count_not_negative")

    do(reviewed, plan_of(reviewed, "replayed", name="run-2"))

    assert set(reviewed.curated()) == {3}
    assert reviewed.account().reasons == {"discarded": 1}


def test_a_whole_batch_can_be_released(reviewed):
    posts = [reviewed.post(n, public_metrics={"reply_count": 1}) for n in range(1, 7)]
    reviewed.run(nasa=posts)
    assert set(reviewed.account().reasons) == {"like_count_reported"}
    assert reviewed.account().outcome is Outcome.BATCH_QUARANTINED

    do(reviewed, plan_of(reviewed, "released"))

    assert set(reviewed.curated()) == set(range(1, 7))
    assert reviewed.account().outcome is Outcome.LANDED


def test_what_was_carried_out_is_done_once_however_often_it_is_tried(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    plan = plan_of(reviewed, "released")
    do(reviewed, plan)
    once = reviewed.objects()

    do(reviewed, plan)

    assert reviewed.objects() == once


def test_what_crashed_between_the_record_and_the_landing_goes_on_from_there(reviewed, monkeypatch):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    plan = plan_of(reviewed, "released")
    with monkeypatch.context() as patch:
        patch.setattr("include.rerun.validate_batch", _crash)
        with pytest.raises(KeyboardInterrupt):
            do(reviewed, plan)

    do(reviewed, plan)

    assert set(reviewed.curated()) == {2}


def _crash(*_, **__):
    raise KeyboardInterrupt


def test_of_two_who_decide_at_once_the_second_hears_how_the_first_decided(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)], esa=[reviewed.post(9, "esa", **BAD)])
    first = plan_of(reviewed, "discarded", account="nasa")
    second = plan_of(reviewed, "released", name="run-2")
    do(reviewed, first)

    with pytest.raises(
        AlreadyDecided,
        match=rf"meanwhile: 1 row, .*/nasa: row {FIRST + 2} was discarded by ada at 2026-11-03",
    ):
        do(reviewed, second, by="bob")

    assert set(reviewed.curated()) == {9}
    assert reviewed.account().discarded == 1


def test_decisions_about_different_rows_at_the_same_time_both_hold(reviewed):
    reviewed.run(nasa=[reviewed.post(n, **BAD) for n in range(1, 7)])
    plans = [
        plan_of(reviewed, "released", ids=[str(FIRST + n)], name=f"run-{n}") for n in range(1, 7)
    ]

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda plan: do(reviewed, plan), plans))

    assert set(reviewed.curated()) == set(range(1, 7))
    assert len(read_decisions(reviewed.lake, "tweets", reviewed.interval, "nasa").made) == 6
    (item,) = reviewed.items()
    assert (item.state, item.released) == (State.RELEASED, 6)
    (account,) = reviewed.report().accounts
    assert account == reviewed.account()


def test_a_plan_changes_nothing(reviewed):
    reviewed.run(nasa=[reviewed.post(1), reviewed.post(2, **BAD)])
    before = reviewed.objects()
    for verdict in ("replayed", "released", "discarded"):
        plan_of(reviewed, verdict)
    assert reviewed.objects() == before


def test_a_row_without_what_is_never_null_can_not_be_released(reviewed):
    reviewed.run(nasa=[reviewed.post(1, text=None), reviewed.post(2, **BAD)])

    plan = plan_of(reviewed, "released")
    assert (plan.lands, plan.stays, plan.items[0].can_not_land) == (1, 1, 1)
    do(reviewed, plan)

    assert set(reviewed.curated()) == {2}
    with pytest.raises(CanNotBeDecided, match=r"none of the 1 rows can land.*Discard them"):
        plan_of(reviewed, "released", name="run-2")


def test_an_id_that_is_not_there_is_told_before_anything_moves(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    with pytest.raises(CanNotBeDecided, match="no open row has the id 123"):
        plan_of(reviewed, "released", ids=["123", str(FIRST + 2)])


@pytest.mark.parametrize("gone", ["", "page-"])
def test_rows_whose_raw_pages_are_gone_are_told_before_anything_moves(reviewed, gone):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    for key in list(reviewed.lake.keys("raw/tweets/")):
        if gone in key:
            reviewed.lake.delete(key)
    with pytest.raises(CanNotBeDecided, match=r"nasa: its raw pages are not all there"):
        plan_of(reviewed, "replayed")


def test_the_rows_that_nobody_else_decided_on_are_done(reviewed):
    reviewed.run(nasa=[reviewed.post(n, **BAD) for n in (1, 2, 3)])
    second = plan_of(reviewed, "released", name="run-2")
    do(reviewed, plan_of(reviewed, "discarded", ids=[str(FIRST + 1)]))

    with pytest.raises(AlreadyDecided, match=r"decided on meanwhile: 1 row, which stay"):
        do(reviewed, second, by="bob")

    assert set(reviewed.curated()) == {2, 3}
    assert reviewed.account().discarded == 1


def test_an_account_that_can_not_be_made_anew_holds_up_no_other(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)], esa=[reviewed.post(9, "esa", **BAD)])
    plan = plan_of(reviewed, "released")
    for key in list(reviewed.lake.keys("raw/tweets/dt=2026-11-02/account=esa/")):
        reviewed.lake.delete(key)

    with pytest.raises(RawIncompleteError, match="esa"):
        do(reviewed, plan)

    assert set(reviewed.curated()) == {2}
    assert {item.account: item.state for item in reviewed.items()} == {
        "nasa": State.RELEASED,
        "esa": State.OPEN,
    }


def test_a_record_that_can_not_be_read_holds_up_no_other_account(reviewed):
    later = Interval(reviewed.interval.end, reviewed.interval.end + timedelta(hours=4))
    reviewed.run(nasa=[reviewed.post(2, **BAD)], esa=[reviewed.post(9, "esa", **BAD)])
    reviewed.run(over=later, nasa=[reviewed.post(250, **BAD)])
    plan = plan_of(reviewed, "released")
    reviewed.lake.put(decisions_key("tweets", reviewed.interval, "nasa"), b"nonsense")

    with pytest.raises(DecisionsUnreadable, match="is no record of decisions"):
        do(reviewed, plan)

    assert set(reviewed.curated()) == {9, 250}
    assert [item.account for item in reviewed.items(state="open")] == ["nasa"]


def test_a_run_whose_pages_can_not_be_published_holds_up_no_other(reviewed, monkeypatch):
    later = Interval(reviewed.interval.end, reviewed.interval.end + timedelta(hours=4))
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    reviewed.run(over=later, nasa=[reviewed.post(250, **BAD)])
    real, odd = rerun.publish, reviewed.interval.name

    def publish(lake, run, **named):
        if run.interval == odd:
            raise PageNotRendered("one of its results can't be shown")
        return real(lake, run, **named)

    monkeypatch.setattr(rerun, "publish", publish)
    with pytest.raises(PageNotRendered):
        do(reviewed, plan_of(reviewed, "released"))

    assert set(reviewed.curated()) == {2, 250}


def test_two_who_decide_about_accounts_of_one_run_both_show_on_its_pages(reviewed, monkeypatch):
    reviewed.run(nasa=[reviewed.post(2, **BAD)], esa=[reviewed.post(9, "esa", **BAD)])
    first = plan_of(reviewed, "released", account="nasa")
    second = plan_of(reviewed, "released", account="esa", name="run-2")
    real, others = rerun.publish, iter([second])

    def publish(*arguments, **named):
        if other := next(others, None):  # whole, in the middle of the first
            do(reviewed, other, by="bob")
        return real(*arguments, **named)

    monkeypatch.setattr(rerun, "publish", publish)
    do(reviewed, first)

    assert to_review(reviewed.report()) == []
    page = reviewed.lake.get(run_page_key("tweets", reviewed.interval)).decode()
    assert "Somebody has decided on all that was quarantined" in page
    assert {item.state for item in reviewed.items()} == {State.RELEASED}
    assert open_by_month(reviewed.lake) == {"tweets": {}}


def test_an_account_that_the_latest_run_left_out_is_decided_on_as_well(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)], esa=[reviewed.post(9, "esa", **BAD)])
    reviewed.rerun(reviewed.interval, "nasa")  # esa was disabled meanwhile

    do(reviewed, plan_of(reviewed, "released", account="esa"))

    assert set(reviewed.curated()) == {9}
    assert {item.account: item.state for item in reviewed.items()} == {
        "nasa": State.OPEN,
        "esa": State.RELEASED,
    }


@pytest.mark.parametrize("before", ["include.spending.usage.remarks", "include.run.items.record"])
def test_a_decision_while_a_rerun_writes_its_report_is_not_lost(reviewed, before, monkeypatch):
    reviewed.run(nasa=[reviewed.post(1), reviewed.post(2, **BAD)])
    real, left = resolve_name(before), [plan_of(reviewed, "released")]

    def decided_first(*arguments):
        if left:  # whole, once the rerun has read the account's report
            do(reviewed, left.pop())
        return real(*arguments)

    monkeypatch.setattr(before, decided_first)
    reviewed.rerun(reviewed.interval, "nasa")

    assert set(reviewed.curated()) == {1, 2}
    assert reviewed.report().accounts == [reviewed.account()]
    assert [item.state for item in reviewed.items()] == [State.RELEASED]


def test_a_decision_while_a_rerun_publishes_its_pages_shows_on_them(
    reviewed, connected, monkeypatch
):
    reviewed.run(nasa=[reviewed.post(1), reviewed.post(2, **BAD)])
    real, left = site.publish, [plan_of(reviewed, "released")]

    def decided_first(*arguments, **named):
        if left:  # whole, once the rerun has read the run's report
            do(reviewed, left.pop())
        return real(*arguments, **named)

    monkeypatch.setattr(site, "publish", decided_first)
    page = steps.publish_data_docs(run_report_key("tweets", reviewed.interval))

    assert "Somebody has decided on all" in reviewed.lake.get(page).decode()


def test_a_rerun_that_fails_leaves_what_waits_for_a_decision_on_the_list(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    failed = reviewed.account().model_copy(
        update={"outcome": Outcome.FAILED, "quarantined": 0, "reasons": {}}
    )
    items.record(reviewed.lake, "tweets", reviewed.interval, [failed])
    assert [item.state for item in reviewed.items()] == [State.OPEN]


@pytest.mark.parametrize("how", ["crashed before the counts", "deleted as the error says"])
def test_the_counts_are_made_again_by_a_retry(reviewed, how, monkeypatch):
    if how.startswith("crashed"):
        with monkeypatch.context() as patch:
            patch.setattr(items, "OPEN_KEY", "review/elsewhere.json")
            reviewed.run(nasa=[reviewed.post(2, **BAD)])
    else:
        reviewed.run(nasa=[reviewed.post(2, **BAD)])
        reviewed.lake.delete(OPEN_KEY)
    assert open_by_month(reviewed.lake) == {}

    items.record(reviewed.lake, "tweets", reviewed.interval, [reviewed.account()])

    assert open_by_month(reviewed.lake) == {"tweets": {"2026-11": 1}}
