"""Intervals and outcomes as a reader sees them, on pages and in mails."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from include.interval import Interval
from include.outcomes import Outcome
from include.report import AccountReport, FailedExpectation, RunReport
from include.spending.purse import Bill

if TYPE_CHECKING:
    from include.data_docs.history import RunSummary


class Nouns(NamedTuple):
    """What pages and mails call that which a report counts."""

    subject: str
    """What a line of the report is about."""
    unit: str
    """What is counted of it."""
    labels: tuple[str, ...]
    """Names of what came, passed and did not pass and, where there can be any, of duplicates."""
    has_cost: bool = True
    example: str = "id"
    """What stands above that which names an example."""

    def figures(self, counted: AccountReport | RunSummary) -> list[tuple[str, int]]:
        """Each count with its name."""
        counts = (counted.rows_in, counted.curated, counted.quarantined, counted.duplicates)
        return list(zip(self.labels, counts, strict=False))


_OF_ROWS = Nouns("account", "row", ("Fetched", "Curated", "Quarantined", "Duplicates"))
_OF_THE_WAREHOUSE = Nouns("check", "expectation", ("Expectations", "Met", "Not met"), False, "what")


def nouns(dataset: str) -> Nouns:
    """The words for reports of a dataset, or for those about the warehouse."""
    return _OF_THE_WAREHOUSE if dataset == "warehouse" else _OF_ROWS


def interval_in_words(interval: Interval) -> str:
    """``2026-11-20 00:00–04:00 UTC``; with both dates where it spans more than a day."""
    if interval.end <= _midnight_after(interval.start):
        end = f"{interval.end:%H:%M}" if interval.end.date() == interval.day else "24:00"
        return f"{interval.start:%Y-%m-%d %H:%M}–{end} UTC"
    return f"{interval.start:%Y-%m-%d %H:%M} – {interval.end:%Y-%m-%d %H:%M} UTC"


def _midnight_after(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0) + timedelta(days=1)


_URGENCY = (
    Outcome.FAILED,
    Outcome.WRONG,
    Outcome.BATCH_QUARANTINED,
    Outcome.ROWS_QUARANTINED,
    Outcome.NOT_FOUND,
    Outcome.DELETED,
    Outcome.SUSPENDED,
    Outcome.PROTECTED,
    Outcome.PARTIAL,
    Outcome.TOO_LATE,
    Outcome.LANDED,
    Outcome.CHECKED,
    Outcome.EMPTY,
)


def to_review(report: RunReport) -> list[AccountReport]:
    """Accounts that a reviewer has to look at, the most urgent first.

    An expectation of severity ``info`` that failed is shown with its account, but is no reason to
    call anybody.
    """
    return sorted(
        (account for account in report.accounts if _needs_review(account)),
        key=lambda account: (_URGENCY.index(account.outcome), account.account),
    )


def _needs_review(account: AccountReport) -> bool:
    return account.outcome.needs_attention or bool(loud(account))


def loud(account: AccountReport) -> list[FailedExpectation]:
    """Its failed expectations that are more than ``info`` and not decided on by a person."""
    decided = {"critical"} if (account.released or account.discarded) and not account.open else ()
    return [
        failed
        for failed in account.failed_expectations
        if failed.severity != "info" and failed.severity not in decided
    ]


def tone(account: AccountReport) -> str:
    """How loudly a page says an account's outcome: ``good``, ``quiet``, ``warn`` or ``bad``."""
    match account.outcome:
        case Outcome.LANDED | Outcome.CHECKED:
            return "warn" if loud(account) else "good"
        case Outcome.EMPTY:
            return "quiet"
        case Outcome.ROWS_QUARANTINED | Outcome.PARTIAL:
            return "warn"
        case _:
            return "bad"


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """``1 account``, ``2 accounts``, ``1,234 accounts``."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {noun}"


def percent(share: float) -> str:
    """``98.2 %``, rounded down: only what is whole is ``100 %``."""
    return f"{math.floor(share * 1000) / 10:g} %"


def cost_in_words(bill: Bill) -> str:
    """What a run cost, what it saved, and how the month stands."""
    saved = f" (${bill.saved_usd:.2f} more was free: returned before, the same day)"
    return (
        f"At the configured prices this run cost ${bill.usd:.2f}"
        f"{saved if bill.saved_usd else ''}: {count_of(bill.charged.posts, 'post')}, "
        f"{count_of(bill.charged.users, 'user')}. "
        f"The month so far: ${bill.month_usd:.2f}, about ${bill.month_forecast_usd:.2f} by its end."
    )
