"""What is missing: the raw zone tells of every account and interval how far it came.

Nothing else keeps a list. ``fetch.json`` means complete, ``partial.json`` and ``error.json`` say
why it is not, and where nothing lies nothing was run. What is complete has landed once the
account's report was written after it, and the run's after that: until then Airflow may have lost
the run, whatever an earlier run over the interval reported.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from include.accounts import Account, Search
from include.datasets import dataset_named
from include.interval import Interval
from include.lake import (
    ALL_ACCOUNTS,
    Lake,
    account_report_key,
    at_once,
    batch_prefix,
    day_prefix,
    run_report_key,
)
from include.lookup import known_key
from include.raw import fetched_key
from include.report import reported_runs

_UNDER_WAY = timedelta(hours=1)
"""So long after an interval its own run may still be at work."""
_MARKERS = ("fetch.json", "partial.json", "error.json")
"""By what they say of a batch, the weightiest first; ``lacks.json`` is about a complete one."""


class State(StrEnum):
    """How far an account and interval came."""

    LIMITED = "limited"
    """All that X gives was fetched; what it does not give is said."""
    PARTIAL = "partial"
    FAILED = "failed"
    NOT_RUN = "not run"
    UNLANDED = "unlanded"
    """All is fetched, and no run came so far since as to land it and report on it."""

    @property
    def can_be_filled(self) -> bool:
        """Whether another run may bring more."""
        return self is not State.LIMITED


@dataclass(frozen=True, slots=True)
class Gap:
    """One account and interval that is not complete."""

    dataset: str
    account: str
    interval: Interval
    state: State
    why: str
    """Empty where nothing was run."""


def intervals_between(dataset: str, begin: datetime, end: datetime) -> list[Interval]:
    """The dataset's scheduled intervals that lie in the span as a whole, oldest first."""
    length = timedelta(hours=dataset_named(dataset).hours)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    start = epoch - (epoch - begin) // length * length
    found = []
    while start + length <= end:
        found.append(Interval(start, start + length))
        start += length
    return found


def raw_since(raw_days: int, now: datetime) -> datetime:
    """Where the memory of ``raw/`` begins: what is missing before it may just have expired."""
    return now - timedelta(days=raw_days)


def gaps(
    lake: Lake,
    dataset: str,
    accounts: Sequence[Account | Search],
    begin: datetime,
    end: datetime,
) -> list[Gap]:
    """What is not complete of the scheduled intervals in the span, by account and time."""
    wanted = list(_wanted(dataset, accounts, intervals_between(dataset, begin, end)))
    states = _states(lake, dataset, wanted)
    open_ones = [
        (account, interval, states.get((account, interval), ""))
        for account, interval in wanted
        if states.get((account, interval)) != "fetch.json"
    ]
    return at_once(lambda one: _gap(lake, dataset, *one), open_ones)


def _wanted(
    dataset: str, accounts: Sequence[Account | Search], intervals: Sequence[Interval]
) -> Iterator[tuple[str, Interval]]:
    if dataset_named(dataset).source.of_all_accounts:
        yield from ((ALL_ACCOUNTS, interval) for interval in intervals)
        return
    for account in sorted(accounts, key=lambda account: account.name):
        for interval in intervals:
            if account.enabled and account.start < interval.end:
                yield account.name, interval


def _states(
    lake: Lake, dataset: str, wanted: Sequence[tuple[str, Interval]]
) -> dict[tuple[str, Interval], str]:
    """The weightiest marker of each batch of which anything is there."""
    there: dict[str, set[str]] = defaultdict(set)
    written: dict[str, datetime] = {}
    for day in sorted({interval.day for _, interval in wanted}):
        for zone in ("raw", "validations"):
            for entry in lake.entries(day_prefix(zone, dataset, day)):
                folder, _, name = entry.key.rpartition("/")
                there[f"{folder}/"].add(name)
                if name == "fetch.json" or zone == "validations":
                    written[entry.key] = entry.at
    states = {}
    for account, interval in wanted:
        names = there.get(batch_prefix("raw", dataset, interval, account))
        if names is None:
            continue
        marker = next((m for m in _MARKERS if m in names), "pages")
        if marker == "fetch.json" and not _has_landed(written, dataset, account, interval):
            marker = "not landed"
        elif marker == "fetch.json" and "lacks.json" in names:
            marker = "lacks.json"
        states[account, interval] = marker
    return states


def _has_landed(
    written: Mapping[str, datetime], dataset: str, account: str, interval: Interval
) -> bool:
    """Whether fetch, landing and report of the run were written in this order."""
    steps = [
        written.get(key)
        for key in (
            fetched_key(dataset, interval, account),
            account_report_key(dataset, interval, account),
            run_report_key(dataset, interval),
        )
    ]
    return all(
        before is not None and after is not None and before <= after
        for before, after in pairwise(steps)
    )


def _gap(lake: Lake, dataset: str, account: str, interval: Interval, marker: str) -> Gap:
    prefix = batch_prefix("raw", dataset, interval, account)
    match marker:
        case "lacks.json":
            state, why = State.LIMITED, str(lake.get_json(f"{prefix}{marker}")["lacks"])
        case "partial.json":
            state, why = State.PARTIAL, str(lake.get_json(f"{prefix}{marker}")["partial"])
        case "error.json":
            state, why = State.FAILED, str(lake.get_json(f"{prefix}{marker}")["message"])
        case "not landed":
            state, why = State.UNLANDED, "All of it is fetched, and its run did not end."
        case "pages":
            state, why = State.FAILED, "The fetch did not finish."
        case _:
            state, why = State.NOT_RUN, ""
    return Gap(dataset, account, interval, state, why)


def fillable(
    lake: Lake,
    dataset: str,
    accounts: Sequence[Account | Search],
    now: datetime,
    look_back: timedelta,
) -> list[Interval]:
    """Intervals of the look-back that another run may bring more of, oldest first.

    Of an account only those count that came after X had shown it first: an account that was added
    today does not fetch last week by itself. An account whose newest interval failed, or did not
    land, is left alone: what stopped it would stop it again.
    """
    begin, end = now - look_back, now - _UNDER_WAY
    missing = gaps(lake, dataset, accounts, begin, end)
    newest = intervals_between(dataset, begin, end)[-1]
    failing = {
        gap.account
        for gap in missing
        if gap.interval == newest and gap.state in {State.FAILED, State.UNLANDED}
    }
    found = [gap for gap in missing if gap.state.can_be_filled and gap.account not in failing]
    first_seen = {
        account: _first_seen(lake, dataset, account) for account in {gap.account for gap in found}
    }
    return sorted({gap.interval for gap in found if first_seen[gap.account] <= gap.interval.start})


def _first_seen(lake: Lake, dataset: str, account: str) -> datetime:
    """The start of the first interval over which an account was seen, or a search was run."""
    body = lake.find(known_key(account))
    if body is not None:
        return Interval.parse(json.loads(body)["first_seen"]).start
    for folder in lake.folders(f"raw/{dataset}/"):
        for key in lake.keys(f"{folder}account={account}/"):
            return Interval.parse(key.split("/")[-2]).start
    return datetime.max.replace(tzinfo=UTC)


def missed_before(
    lake: Lake, dataset: str, interval: Interval, look_back: timedelta
) -> Interval | None:
    """The time before the interval over which no run left a report, though one before it did.

    None where nothing was missed in the look-back, and where the interval is not the newest.
    """
    runs = reported_runs(lake, dataset, interval.day, look_back.days)
    last = max((run.end for run in runs if run.end <= interval.start), default=interval.start)
    is_newest = all(run.start <= interval.start for run in runs)
    return Interval(last, interval.start) if is_newest and last < interval.start else None
