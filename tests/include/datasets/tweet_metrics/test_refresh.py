from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.directory_lake import DirectoryLake
from include.datasets.schema import TIMESTAMP
from include.datasets.tweet_metrics.refresh import due, returned_on
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, Lake, curated_key
from include.raw import Fetched, RawBatch, Wanted
from include.settings import Settings
from include.x_api.answer import Answer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND, INSTANT = timedelta(seconds=1), timedelta(microseconds=1)
RUN = 2 * HOUR
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AGES = [3 * DAY, 7 * DAY, 30 * DAY]


def settings(**changes: Any) -> Settings:
    required = {
        "bucket": "lake",
        "alert_to": ("data-team@example.org",),
        "data_docs_url": "http://docs.example.org",
    }
    return Settings.model_validate({**required, **changes})


def run_to(end: datetime) -> Interval:
    """The two hours before ``end``."""
    return Interval(end - RUN, end)


def asked(lake: Lake, end: datetime = NOON, **changes: Any) -> list[str]:
    """Whom the run of the two hours before ``end`` asks for."""
    return due(lake, run_to(end), settings(**changes))


def put(lake: Lake, key: str, **columns: pa.Array) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    lake.put(key, sink.getvalue().to_pybytes())


def land(
    lake: Lake,
    written: Mapping[str, datetime],
    *,
    over: Interval | None = None,
    account: str = "quay",
) -> None:
    """Curate posts by id and time, of the four hours that the first was written in."""
    if over is None:
        first = min(written.values())
        start = first.replace(hour=first.hour // 4 * 4, minute=0, second=0, microsecond=0)
        over = Interval(start, start + 4 * HOUR)
    by_day: dict[date, dict[str, datetime]] = {}
    for post_id, moment in written.items():
        by_day.setdefault(moment.date(), {})[post_id] = moment
    for day, posts in by_day.items():
        put(
            lake,
            curated_key("tweets", over, account, day, "parquet"),
            tweet_id=pa.array(posts, pa.string()),
            created_at=pa.array(posts.values(), TIMESTAMP),
        )


def observe(lake: Lake, end: datetime, statuses: Mapping[str, str], *, at: datetime) -> None:
    """Curate what the run of the two hours before ``end`` saw ``at`` a time."""
    put(
        lake,
        curated_key("tweet_metrics", run_to(end), ALL_ACCOUNTS, at.date(), "parquet"),
        tweet_id=pa.array(statuses, pa.string()),
        status=pa.array(statuses.values(), pa.string()),
    )


def finish(lake: Lake, *ends: datetime, outcome: str = "fetched", partial: str = "") -> None:
    """Let the runs that end there have fetched what they wanted."""
    for end in ends:
        raw = RawBatch(lake, "tweet_metrics", run_to(end), ALL_ACCOUNTS)
        raw.finish(
            Fetched.model_validate(
                {
                    "account": ALL_ACCOUNTS,
                    "outcome": outcome,
                    "detail": "",
                    "author_id": None,
                    "pages": 1,
                    "posts_returned": 1,
                    "users_returned": 0,
                    "requests": 1,
                    "partial": partial,
                }
            )
        )


def ends(first: datetime, last: datetime) -> Iterable[datetime]:
    """The ends of every two-hourly run from ``first`` to ``last``."""
    return [first + n * RUN for n in range((last - first) // RUN + 1)]


def test_an_empty_lake_has_nothing_to_look_at_again(lake: Lake) -> None:
    assert asked(lake) == []


def test_a_post_is_asked_for_in_every_run_while_young_and_once_at_each_age(tmp_path: Path) -> None:
    lake = DirectoryLake(tmp_path)  # 500 runs
    written = datetime(2026, 10, 1, 9, 30, tzinfo=UTC)
    land(lake, {"7": written})
    first_end = datetime(2026, 10, 1, 10, tzinfo=UTC)
    finish(lake, first_end - RUN)
    ages = []
    for end in ends(first_end, first_end + 40 * DAY):
        if asked(lake, end) == ["7"]:
            ages.append(end - written)
        finish(lake, end)
    late = timedelta(minutes=30)
    young = [late + n * RUN for n in range(12)]
    assert ages == [*young, *(age + late for age in AGES)]


@pytest.mark.parametrize("age", AGES)
def test_each_age_is_that_of_one_run_to_the_instant(lake: Lake, age: timedelta) -> None:
    begin = NOON - RUN - age
    land(
        lake,
        {
            "10": begin - INSTANT,
            "11": begin,
            "12": begin + HOUR,
            "13": NOON - age - INSTANT,
            "14": NOON - age,
        },
        over=Interval(begin - 2 * HOUR, begin + 4 * HOUR),
    )
    finish(lake, NOON - RUN, NOON, NOON + RUN)
    assert asked(lake) == ["11", "12", "13"]
    assert asked(lake, NOON + RUN) == ["14"]
    assert asked(lake, NOON + 2 * RUN) == []


def test_young_is_from_the_first_instant_to_the_last(lake: Lake) -> None:
    land(
        lake,
        {"1": NOON - DAY - INSTANT, "2": NOON - DAY, "3": NOON - INSTANT, "4": NOON},
        over=Interval(NOON - 2 * DAY, NOON + HOUR),
    )
    assert asked(lake) == ["2", "3"]


def test_posts_of_the_interval_s_end_belong_to_the_next_one(lake: Lake) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    land(
        lake,
        {"1": midnight - INSTANT, "2": midnight},
        over=Interval(midnight - 2 * HOUR, midnight + 2 * HOUR),
    )
    assert asked(lake, midnight) == ["1"]
    assert asked(lake, midnight + RUN) == ["1", "2"]


def test_the_first_run_of_all_has_nothing_to_make_up_for(lake: Lake) -> None:
    """Else it would pay for weeks of posts at once."""
    for n, age in enumerate([HOUR, 3 * DAY + HOUR, 3 * DAY + 3 * HOUR, 9 * DAY, 36 * DAY]):
        land(lake, {str(n): NOON - age}, account=f"quay_{n}")
    assert asked(lake) == ["0", "1"]

    finish(lake, NOON - 40 * DAY)
    assert asked(lake) == ["0", "1", "2", "3", "4"]


def test_a_first_run_that_was_cut_short_does_not_open_the_past(lake: Lake) -> None:
    land(lake, {"7": NOON - 3 * DAY - RUN - HOUR})
    land(lake, {"8": NOON - 3 * DAY - 2 * RUN - HOUR})
    cut_short(lake, NOON - RUN)
    assert asked(lake) == ["7"]


@pytest.mark.parametrize("age", AGES)
def test_missed_runs_are_made_up_for(lake: Lake, age: timedelta) -> None:
    missed = {str(n): NOON - age - n * DAY for n in range(1, 6)}
    for post_id, written in missed.items():
        land(lake, {post_id: written})
    finish(lake, NOON - 5 * DAY - RUN)
    only = {"refresh_hours": 0, "refresh_days": (age.days,)}
    assert asked(lake, **only) == list(missed)
    finish(lake, NOON)
    assert asked(lake, NOON + RUN, **only) == []


@pytest.mark.parametrize("look_back_days", [1, 7, 30])
def test_what_was_missed_before_the_look_back_stays_missed(lake: Lake, look_back_days: int) -> None:
    earliest = NOON - RUN - 3 * DAY - look_back_days * DAY
    posts = {"1": earliest - INSTANT, "2": earliest, "3": earliest + INSTANT}
    land(lake, posts, over=Interval(earliest - HOUR, earliest + HOUR))
    only = {"look_back_days": look_back_days, "refresh_days": (3,)}
    finish(lake, earliest + 3 * DAY - 40 * DAY)
    assert asked(lake, **only) == ["2", "3"]


def test_a_run_earlier_on_the_day_where_the_look_back_begins_is_too_long_ago(lake: Lake) -> None:
    earliest = NOON - RUN - 7 * DAY
    finish(lake, earliest - 4 * HOUR)
    land(lake, {"1": earliest - 3 * DAY - HOUR}, over=run_to(earliest - 3 * DAY))
    assert asked(lake, refresh_days=(3,)) == []


def test_a_run_that_began_before_the_look_back_counts(lake: Lake) -> None:
    """It lies under the day on which it began."""
    midnight = datetime(2026, 11, 13, tzinfo=UTC)
    end = midnight + 7 * DAY + RUN
    finish(lake, midnight + HOUR)
    land(lake, {"1": midnight - 3 * DAY + timedelta(minutes=30)})
    land(lake, {"2": midnight - 3 * DAY + HOUR}, account="coast")
    assert asked(lake, end, refresh_days=(3,)) == ["2"]


def test_a_run_is_not_its_own_past(lake: Lake) -> None:
    land(lake, {"7": NOON - 3 * DAY - HOUR})
    finish(lake, NOON - RUN, NOON)
    assert asked(lake) == ["7"]


def test_later_runs_are_not_the_past(lake: Lake) -> None:
    land(lake, {"7": NOON - 3 * DAY - HOUR})
    finish(lake, NOON - RUN, NOON + RUN, NOON + DAY)
    assert asked(lake) == ["7"]


def test_a_run_that_came_too_late_asked_for_nothing(lake: Lake) -> None:
    land(lake, {"7": NOON - 3 * DAY - 3 * HOUR})
    finish(lake, NOON - 2 * RUN)
    finish(lake, NOON - RUN, outcome="too late")
    assert asked(lake) == ["7"]


def test_a_run_that_had_nothing_to_ask_for_counts(lake: Lake) -> None:
    land(lake, {"7": NOON - 3 * DAY - 3 * HOUR})
    finish(lake, NOON - RUN, outcome="empty")
    assert asked(lake) == []


def test_a_run_that_the_budget_cut_short_asked_for_too_little(lake: Lake) -> None:
    land(lake, {"7": NOON - 3 * DAY - 3 * HOUR})
    finish(lake, NOON - 2 * RUN)
    finish(lake, NOON - RUN, partial="The budget was too small for 1 more.")
    assert asked(lake) == ["7"]


def test_a_run_that_never_finished_asked_for_too_little(lake: Lake) -> None:
    land(lake, {"7": NOON - 3 * DAY - 3 * HOUR})
    finish(lake, NOON - 2 * RUN)
    raw = RawBatch(lake, "tweet_metrics", run_to(NOON - RUN), ALL_ACCOUNTS)
    raw.want(Wanted(names=["7"], planned_at=NOON - RUN))
    raw.fail(RuntimeError("X is down"))
    assert asked(lake) == ["7"]


def cut_short(lake: Lake, end: datetime, *names: str, pages: int = 1) -> None:
    """Let the run that ends there have got so many pages of what it wanted, and stopped."""
    raw = RawBatch(lake, "tweet_metrics", run_to(end), ALL_ACCOUNTS)
    raw.want(Wanted(names=list(names), planned_at=end, left_out=1))
    for _ in range(pages):
        raw.add_page(Answer(b"{}", end))
    finish(lake, end, partial="The budget was too small for 1 more.")


@pytest.mark.parametrize("age", AGES)
def test_only_what_the_budget_left_out_is_carried_over(lake: Lake, age: timedelta) -> None:
    land(lake, {"7": NOON - age - 5 * HOUR, "8": NOON - age - 5 * HOUR})
    finish(lake, NOON - 3 * RUN)
    cut_short(lake, NOON - 2 * RUN, "7")
    cut_short(lake, NOON - RUN)
    assert asked(lake, NOON - RUN) == ["8"]
    assert asked(lake) == ["8"]
    cut_short(lake, NOON, "8")
    assert asked(lake, NOON + RUN) == []


def test_what_a_run_that_stopped_did_not_get_to_is_carried_over(lake: Lake) -> None:
    names = [str(n) for n in range(1, 251)]
    land(lake, dict.fromkeys(names, NOON - 3 * DAY - 3 * HOUR))
    finish(lake, NOON - 2 * RUN)
    cut_short(lake, NOON - RUN, *names, pages=2)
    assert asked(lake) == names[200:]


def test_what_was_asked_for_before_it_was_of_an_age_is_asked_for_at_that_age(lake: Lake) -> None:
    land(lake, {"7": NOON - 3 * DAY - HOUR, "8": NOON - 3 * DAY - RUN - INSTANT})
    finish(lake, NOON - 2 * RUN)
    cut_short(lake, NOON - RUN, "7", "8")
    assert asked(lake) == ["7"]


def test_what_is_carried_over_to_the_next_age_is_asked_for_once(lake: Lake) -> None:
    land(lake, {"7": NOON - 7 * DAY - HOUR})
    finish(lake, NOON - 5 * DAY)
    cut_short(lake, NOON - 4 * DAY)
    assert asked(lake, NOON) == ["7"]
    cut_short(lake, NOON, "7")
    assert asked(lake, NOON + RUN) == []


def test_a_young_post_is_asked_for_again_after_a_run_that_was_cut_short(lake: Lake) -> None:
    land(lake, {"7": NOON - 5 * HOUR})
    cut_short(lake, NOON - RUN, "7")
    assert asked(lake) == ["7"]


@pytest.mark.parametrize("status", ["deleted", "suspended", "protected", "withheld"])
def test_what_is_gone_is_due_no_more(lake: Lake, status: str) -> None:
    land(lake, {"7": NOON - HOUR - RUN, "8": NOON - HOUR - RUN})
    observe(lake, NOON - RUN, {"7": status, "8": "visible"}, at=NOON - RUN + HOUR / 60)
    assert asked(lake) == ["8"]
    finish(lake, NOON + 3 * DAY - 2 * RUN)
    assert asked(lake, NOON + 3 * DAY) == ["8"]


def test_what_is_gone_stays_so_to_its_greatest_age(lake: Lake) -> None:
    written = NOON - 30 * DAY - HOUR
    land(lake, {"7": written, "8": written})
    observe(lake, written + HOUR, {"7": "deleted", "8": "visible"}, at=written + HOUR)
    finish(lake, NOON - RUN)
    assert asked(lake) == ["8"]


def test_what_was_gone_before_runs_were_missed_is_not_made_up_for(lake: Lake) -> None:
    written = NOON - 35 * DAY
    land(lake, {"7": written, "8": written})
    observe(lake, written + RUN, {"7": "deleted", "8": "visible"}, at=written + RUN)
    finish(lake, written + RUN)
    assert asked(lake) == ["8"]


def test_what_an_earlier_run_saw_late_is_gone_all_the_same(lake: Lake) -> None:
    """Its observation lies under the day on which it was made, be it that of this run."""
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    land(lake, {"7": midnight - 3 * HOUR, "8": midnight - 3 * HOUR})
    observe(
        lake, midnight - RUN, {"7": "deleted", "8": "visible"}, at=midnight + timedelta(minutes=5)
    )
    assert asked(lake, midnight) == ["8"]


def test_a_post_that_came_back_before_it_was_given_up_is_gone(lake: Lake) -> None:
    land(lake, {"7": NOON - 8 * HOUR})
    observe(lake, NOON - 2 * RUN, {"7": "protected"}, at=NOON - 2 * RUN)
    observe(lake, NOON - RUN, {"7": "visible"}, at=NOON - RUN)
    assert asked(lake) == []


def test_posts_of_an_interval_over_several_days(lake: Lake) -> None:
    week = Interval(NOON - 8 * DAY, NOON - DAY / 2)
    land(lake, {str(n): NOON - n * DAY + INSTANT for n in range(1, 8)}, over=week)
    finish(lake, NOON - RUN)
    assert asked(lake) == ["1"]
    finish(lake, NOON + 2 * DAY - RUN)
    finish(lake, NOON)
    assert asked(lake, NOON + 2 * DAY + RUN) == ["1", "5"]


def test_accounts_and_searches_share_a_post(lake: Lake) -> None:
    for account in ("quay", "coast", "tide_search"):
        land(lake, {"7": NOON - HOUR}, account=account)
    assert asked(lake) == ["7"]


def test_a_post_that_is_young_and_of_an_age_is_asked_for_once(lake: Lake) -> None:
    land(lake, {"7": NOON - 3 * DAY - HOUR})
    finish(lake, NOON - RUN)
    assert asked(lake, refresh_hours=168) == ["7"]


def test_ids_are_in_the_order_of_numbers(lake: Lake) -> None:
    ids = ["9", "12345678901", "10", "2123566994027446272", "999999999999999999", "100"]
    land(lake, dict.fromkeys(ids, NOON - HOUR))
    land(lake, {"11": NOON - 2 * HOUR}, account="coast")
    assert asked(lake) == sorted([*ids, "11"], key=int)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["1", "4", "31"]),
        ({"refresh_hours": 0}, ["4", "31"]),
        ({"refresh_hours": 72}, ["1", "2", "3", "4", "31"]),
        ({"refresh_days": ()}, ["1"]),
        ({"refresh_days": (1, 2)}, ["1", "2", "3"]),
        ({"refresh_days": (30, 3)}, ["1", "4", "31"]),
        ({"refresh_hours": 0, "refresh_days": ()}, []),
        ({"refresh_hours": 0, "refresh_days": (2,), "look_back_days": 30}, ["3"]),
    ],
)
def test_the_settings_are_the_policy(
    lake: Lake, changes: dict[str, Any], expected: list[str]
) -> None:
    """Post n is an hour older than n - 1 days."""
    for n in (1, 2, 3, 4, 31):
        land(lake, {str(n): NOON - (n - 1) * DAY - HOUR})
    finish(lake, NOON - RUN)
    assert asked(lake, **changes) == expected


def test_other_objects_of_the_lake_are_no_posts(lake: Lake) -> None:
    land(lake, {"7": NOON - HOUR})
    day = (NOON - HOUR).date()
    over = Interval(NOON - 4 * HOUR, NOON)
    lake.put(curated_key("tweets", over, "quay", day, "csv"), b"tweet_id\r\n")
    finish(lake, NOON - RUN)
    lake.put_json(f"raw/tweet_metrics/dt={day}/{run_to(NOON - RUN).name}/wanted.json", [])
    lake.put_page(f"raw/tweet_metrics/dt={day}/{run_to(NOON - RUN).name}/page-0000.json.gz", b"{}")
    assert asked(lake) == ["7"]


TODAY = NOON.date()


def snapshot(lake: Lake, end: datetime, *ids: str, at: datetime, partial: str = "") -> None:
    """Let the run that ends there have asked for posts, and X have answered at a time."""
    raw = RawBatch(lake, "tweet_metrics", run_to(end), ALL_ACCOUNTS)
    raw.want(Wanted(names=list(ids), planned_at=at))
    raw.add_page(page(*ids, at=at))
    finish(lake, end, partial=partial)


def page(*ids: str, at: datetime) -> Answer:
    """X's answer at a time: the posts."""
    return Answer(json.dumps({"data": [{"id": post_id} for post_id in ids]}).encode(), at)


def returned(lake: Lake, *ids: str, end: datetime = NOON) -> list[str]:
    """Those that X has returned today, as the run that ends there sees it."""
    return sorted(returned_on(lake, TODAY, run_to(end), set(ids)))


def test_what_a_run_of_today_took_down_was_returned_today(lake: Lake) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    minute = timedelta(minutes=1)
    snapshot(lake, midnight - RUN, "1", at=midnight - RUN + minute)
    snapshot(lake, midnight, "2", at=midnight + minute)
    snapshot(lake, NOON - RUN, "3", "9", at=NOON - RUN + minute)
    snapshot(lake, NOON, "4", at=NOON + minute)
    assert returned(lake, "1", "2", "3", "4", "5") == ["2", "3"]


def test_a_run_that_the_budget_cut_short_has_brought_what_it_asked_for(lake: Lake) -> None:
    snapshot(lake, NOON - RUN, "1", at=NOON - RUN, partial="The budget was too small for 1 more.")
    assert returned(lake, "1", "2") == ["1"]


def test_a_run_over_midnight_has_brought_each_page_on_its_own_day(lake: Lake) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    raw = RawBatch(lake, "tweet_metrics", run_to(midnight), ALL_ACCOUNTS)
    raw.want(Wanted(names=["1", "2", "3"], planned_at=midnight - HOUR))
    for post_id, at in {"1": midnight - 2 * SECOND, "2": midnight, "3": midnight + HOUR}.items():
        raw.add_page(page(post_id, at=at))
    finish(lake, midnight)
    assert returned(lake, "1", "2", "3") == ["2", "3"]


def test_what_x_did_not_show_was_not_returned(lake: Lake) -> None:
    raw = RawBatch(lake, "tweet_metrics", run_to(NOON - RUN), ALL_ACCOUNTS)
    raw.want(Wanted(names=["1", "2"], planned_at=NOON - RUN))
    raw.add_page(Answer(b'{"data": [{"id": "1"}, {}, 7], "errors": [{"value": "2"}]}', NOON - RUN))
    raw.add_page(Answer(b'{"errors": [{"value": "3"}]}', NOON - RUN))
    finish(lake, NOON - RUN)
    assert returned(lake, "1", "2", "3") == ["1"]


def test_a_run_that_failed_has_brought_the_pages_before(lake: Lake) -> None:
    raw = RawBatch(lake, "tweet_metrics", run_to(NOON - RUN), ALL_ACCOUNTS)
    raw.want(Wanted(names=["1", "2"], planned_at=NOON - RUN))
    raw.add_page(page("1", at=NOON - RUN))
    raw.fail(RuntimeError("X is down"))
    finish(lake, NOON - 2 * RUN, outcome="too late")
    assert returned(lake, "1", "2") == ["1"]


def test_posts_of_an_interval_that_ended_today_were_returned_today(lake: Lake) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    land(lake, {"1": midnight - 5 * HOUR})  # 16 to 20 o'clock
    land(lake, {"2": midnight - HOUR})  # 20 to 24
    land(lake, {"3": midnight + HOUR}, account="coast")
    assert returned(lake, "1", "2", "3", "4") == ["2", "3"]
