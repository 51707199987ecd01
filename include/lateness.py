"""Which datasets are late: no run has left a report over an interval that is long over.

It is told by the reports in the lake, so that it does not matter why there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.datasets import dataset_named, dataset_names
from include.gaps import intervals_between
from include.interval import Interval
from include.lake import Lake, day_of
from include.report import reported_runs


@dataclass(frozen=True, slots=True)
class Late:
    """A dataset that is late."""

    dataset: str
    missing: Interval
    """The oldest scheduled interval without a report since the newest that has one."""
    newest: Interval | None
    """The newest interval with a report; None where there never was one."""


def late(lake: Lake, now: datetime, grace: timedelta) -> list[Late]:
    """Datasets of which a report should be there and is not, in order of their names.

    An interval that was missed is a gap, and not late, once a newer one has its report. In a lake
    without any report nothing is late; a dataset that never ran is so from its first interval on
    that ends after the first run of another.

    Args:
        lake: holds the reports.
        now: the wall clock.
        grace: how long after the end of its interval a report has to be there.
    """
    newest = {name: _newest(lake, name) for name in dataset_names()}
    if not any(newest.values()):
        return []
    found = []
    for name, run in newest.items():
        since = run or min(_oldest(lake, other) for other, there in newest.items() if there)
        # Scheduled intervals that end later; intervals are on whole minutes.
        begin = since.end - timedelta(hours=dataset_named(name).hours, minutes=-1)
        due = intervals_between(name, begin, now - grace)
        if due:
            found.append(Late(name, due[0], run))
    return found


def _newest(lake: Lake, dataset: str) -> Interval | None:
    return next((max(runs) for runs in _days(lake, dataset, newest_first=True)), None)


def _oldest(lake: Lake, dataset: str) -> Interval:
    return next(min(runs) for runs in _days(lake, dataset, newest_first=False))


def _days(lake: Lake, dataset: str, *, newest_first: bool) -> Iterator[list[Interval]]:
    """The reported runs of each day that has any."""
    for folder in sorted(lake.folders(f"validations/{dataset}/"), reverse=newest_first):
        if runs := list(reported_runs(lake, dataset, day_of(folder), days=0)):
            yield runs
