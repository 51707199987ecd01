"""How much of what came passed, by account and day: one small object per dataset and month.

The pass rate of a day is ``curated / (curated + quarantined)`` over the runs that began on it
(UTC). What somebody released did not pass. A day without rows has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from include.data_docs.history import HistoryUnreadable
from include.data_docs.keys import month_prefix
from include.interval import Interval
from include.lake import Lake
from include.report import RunReport

DAYS = 30
"""How far back the plots go."""


class Tally(NamedTuple):
    """Rows of a day, or of many."""

    curated: int = 0
    quarantined: int = 0

    @property
    def rows(self) -> int:
        """All that was checked; duplicates are not."""
        return self.curated + self.quarantined

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(self.curated + other.curated, self.quarantined + other.quarantined)

    @property
    def share(self) -> float | None:
        """What part passed, 0 to 1; None where there was nothing."""
        return self.curated / self.rows if self.rows else None


class MonthRates(BaseModel):
    """A month's runs, each with its accounts that had rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: dict[str, dict[str, Tally]]
    """Interval → account → rows."""

    def with_run(self, report: RunReport) -> MonthRates:
        """The month with this run in the place of an earlier one over the same interval."""
        run = {
            account.account: Tally(
                account.curated - account.released, account.quarantined + account.released
            )
            for account in report.accounts
            if account.curated or account.quarantined
        }
        runs = {**self.runs, report.interval: run}
        return self.model_copy(update={"runs": dict(sorted(runs.items()))})


@dataclass(frozen=True)
class Course:
    """A tally for each of some days, oldest first, at least one of them with rows."""

    days: list[Tally]

    @property
    def shares(self) -> list[float | None]:
        """What part passed on each day."""
        return [day.share for day in self.days]

    @property
    def days_with_rows(self) -> int:
        """How many days had any."""
        return sum(day.rows > 0 for day in self.days)

    @property
    def least(self) -> float:
        """The share of the day of which least passed."""
        return min(share for share in self.shares if share is not None)

    @property
    def total(self) -> Tally:
        """All days together."""
        return together(self.days)


@dataclass(frozen=True)
class Rates:
    """The last :data:`DAYS` days of a dataset, oldest first."""

    dataset: str
    days: list[date]
    accounts: list[tuple[str, Course]]
    """Accounts that had rows, those of which least passed before the others."""

    @property
    def whole(self) -> Course | None:
        """All accounts together; None where no account had rows."""
        days = zip(*(course.days for _, course in self.accounts), strict=True)
        return Course([together(day) for day in days]) if self.accounts else None


def together(tallies: Iterable[Tally]) -> Tally:
    """Their sum."""
    curated, quarantined = 0, 0
    for tally in tallies:
        curated, quarantined = curated + tally.curated, quarantined + tally.quarantined
    return Tally(curated, quarantined)


def rates_key(dataset: str, month: str) -> str:
    """``data-docs/tweets/2026-11/rates.json``."""
    return f"{month_prefix(dataset, month)}rates.json"


def record_rates(lake: Lake, month: str, report: RunReport) -> None:
    """Put a run's figures into its month, also while other runs do the same.

    Raises:
        HistoryUnreadable: the object is not what this module wrote.
        LakeBusy: others were faster every time.
        LakeUnavailable: S3 refused.
    """
    key = rates_key(report.dataset, month)
    lake.update(
        key, lambda body: _parse(lake, key, body).with_run(report).model_dump_json().encode()
    )


def read_rates(lake: Lake, dataset: str, last: date) -> Rates:
    """The figures of ``last`` and the days before it; reads two small objects at most.

    Raises:
        HistoryUnreadable: an object is not what this module wrote.
        LakeUnavailable: S3 refused.
    """
    days = [last - timedelta(days=age) for age in reversed(range(DAYS))]
    places = {day: place for place, day in enumerate(days)}
    accounts: dict[str, list[Tally]] = defaultdict(lambda: [Tally()] * DAYS)
    for month in sorted({day.isoformat()[:7] for day in days}):
        key = rates_key(dataset, month)
        for name, run in _parse(lake, key, lake.find(key)).runs.items():
            interval = Interval.parse(name)
            place = places.get(interval.day)
            if place is None:
                continue
            for account, tally in run.items():
                accounts[account][place] = accounts[account][place].plus(tally)
    courses = [(account, Course(tallies)) for account, tallies in accounts.items()]
    courses.sort(key=lambda known: (known[1].total.share, known[0]))
    return Rates(dataset, days, courses)


def _parse(lake: Lake, key: str, body: bytes | None) -> MonthRates:
    if body is None:
        return MonthRates(runs={})
    try:
        return MonthRates.model_validate_json(body)
    except ValidationError as error:
        raise HistoryUnreadable(
            f"s3://{lake.bucket}/{key} is not a month's pass rates; restore an earlier version of "
            "it, or delete it and clear 'publish_data_docs' of the runs that it should hold"
        ) from error
