"""Intervals and outcomes as a reader sees them, on pages and in mails."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from include.interval import Interval
from include.outcomes import Outcome
from include.report import AccountReport


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
    Outcome.BATCH_QUARANTINED,
    Outcome.ROWS_QUARANTINED,
    Outcome.NOT_FOUND,
    Outcome.DELETED,
    Outcome.SUSPENDED,
    Outcome.PROTECTED,
    Outcome.LANDED,
    Outcome.EMPTY,
)


def by_urgency(accounts: Iterable[AccountReport]) -> list[AccountReport]:
    """What a reviewer has to see first comes first; equals by name."""
    return sorted(accounts, key=lambda a: (_URGENCY.index(a.outcome), a.account))


def tone(account: AccountReport) -> str:
    """How loudly a page says an account's outcome: ``good``, ``quiet``, ``warn`` or ``bad``."""
    match account.outcome:
        case Outcome.LANDED:
            return "warn" if account.failed_expectations else "good"
        case Outcome.EMPTY:
            return "quiet"
        case Outcome.ROWS_QUARANTINED:
            return "warn"
        case _:
            return "bad"


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """``1 account``, ``2 accounts``, ``1,234 accounts``."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {noun}"
