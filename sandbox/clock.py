"""The time that posts and intervals live in: the real one, or one that stands still."""

from collections.abc import Callable
from datetime import UTC, datetime


def real_clock() -> datetime:
    """Return the time it is."""
    return datetime.now(UTC)


def frozen_clock(now: datetime) -> Callable[[], datetime]:
    """Return a clock that stands still; ValueError for a naive time."""
    if now.tzinfo is None:
        msg = f"now={now.isoformat()} has no time zone; give UTC"
        raise ValueError(msg)
    return lambda: now
