from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from include.data_docs.history import HistoryUnreadable
from include.data_docs.rates import Tally, rates_key, read_rates, record_rates
from include.interval import Interval
from include.lake import Lake
from include.outcomes import Outcome
from include.report import AccountReport, RunReport
from include.spending.purse import Bill

DAY = date(2026, 11, 20)


def run(interval: str, **accounts: tuple[int, int]) -> RunReport:
    """A run of accounts with their rows curated and quarantined."""
    return RunReport(
        dataset="tweets",
        interval=interval,
        accounts=[
            AccountReport(
                account=name,
                outcome=Outcome.LANDED,
                detail="",
                rows_in=curated + quarantined + 5,
                curated=curated,
                quarantined=quarantined,
                duplicates=5,
            )
            for name, (curated, quarantined) in accounts.items()
        ],
        bill=Bill(),
    )


def at(day: int, hour: int, month: int = 11) -> str:
    return f"2026{month:02}{day:02}T{hour:02}00Z_2026{month:02}{day:02}T{hour + 4:02}00Z"


def record(lake: Lake, *runs: RunReport) -> None:
    for one in runs:
        record_rates(lake, Interval.parse(one.interval).day.isoformat()[:7], one)


def test_a_day_is_all_its_runs_and_duplicates_are_no_rows(lake: Lake) -> None:
    record(lake, run(at(20, 0), nasa=(8, 2), esa=(5, 0)), run(at(20, 4), nasa=(1, 1)))

    rates = read_rates(lake, "tweets", DAY)
    assert rates.whole is not None
    assert rates.whole.days[-1] == Tally(14, 3)
    courses = dict(rates.accounts)
    assert courses["nasa"].total == Tally(9, 3)
    assert courses["nasa"].shares[-1] == pytest.approx(0.75)


def test_a_day_without_rows_is_a_gap_and_not_whole(lake: Lake) -> None:
    record(lake, run(at(18, 0), nasa=(10, 0)), run(at(19, 0), nasa=(0, 0)), run(at(20, 0)))

    ((account, course),) = read_rates(lake, "tweets", DAY).accounts
    assert (account, course.shares[-3:]) == ("nasa", [1.0, None, None])
    assert course.days_with_rows == 1


def test_a_rerun_replaces_its_figures_and_leaves_those_of_others(lake: Lake) -> None:
    first = run(at(20, 0), nasa=(8, 2), gone=(1, 1))
    record(lake, first, run(at(20, 4), nasa=(3, 0)), run(at(20, 0), nasa=(10, 0)))

    rates = read_rates(lake, "tweets", DAY)
    assert [(name, course.total) for name, course in rates.accounts] == [("nasa", Tally(13, 0))]


def test_the_same_runs_give_the_same_bytes_in_any_order(lake: Lake) -> None:
    runs = [run(at(20, hour), nasa=(hour, 1)) for hour in (0, 4, 8)]
    record(lake, *runs)
    body = lake.get(rates_key("tweets", "2026-11"))
    lake.delete(rates_key("tweets", "2026-11"))
    record(lake, *reversed(runs), runs[1])
    assert lake.get(rates_key("tweets", "2026-11")) == body


def test_thirty_days_reach_over_the_month_s_end_and_no_further(lake: Lake) -> None:
    record(
        lake,
        run(at(21, 0, month=10), nasa=(1, 1)),
        run(at(22, 0, month=10), nasa=(2, 2)),
        run(at(20, 20 - 20), nasa=(4, 0)),
        run(at(21, 0), nasa=(100, 0)),
    )
    rates = read_rates(lake, "tweets", DAY)
    assert (rates.days[0], rates.days[-1], len(rates.days)) == (date(2026, 10, 22), DAY, 30)
    assert dict(rates.accounts)["nasa"].total == Tally(6, 2)


def test_accounts_come_worst_first(lake: Lake) -> None:
    record(
        lake,
        run(at(19, 0), late=(9, 1), bad=(1, 9), good=(5, 0)),
        run(at(20, 4), late=(8, 2)),
    )
    rates = read_rates(lake, "tweets", DAY)
    assert [account for account, _ in rates.accounts] == ["bad", "late", "good"]


def test_a_lake_from_before_there_were_figures_has_none(lake: Lake) -> None:
    rates = read_rates(lake, "tweets", DAY)
    assert (rates.accounts, rates.whole) == ([], None)


def test_runs_of_a_backfill_record_themselves_at_once(lake: Lake) -> None:
    runs = [run(at(day, 0), nasa=(1, 0)) for day in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: record(lake, one), runs))
    assert dict(read_rates(lake, "tweets", DAY).accounts)["nasa"].total == Tally(8, 0)


def test_a_damaged_month_is_named_and_left_alone(lake: Lake) -> None:
    key = rates_key("tweets", "2026-11")
    lake.put(key, b'{"runs": {"x": {"nasa": ["many", 0]}}}')
    with pytest.raises(HistoryUnreadable, match=rf"s3://{lake.bucket}/{key} .* delete it"):
        record(lake, run(at(20, 0), nasa=(1, 0)))
    assert b"many" in lake.get(key)
