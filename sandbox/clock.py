"""The time that posts and intervals live in: the real one, or one that stands still."""

from datetime import UTC, datetime


class ClockRunsError(RuntimeError):
    """The clock is the real one, and nobody can move that."""


class Clock:
    """Tells the time in UTC when it is called; `now` freezes it, None is the real time."""

    def __init__(self, now: datetime | None = None) -> None:
        """Raise ValueError for a time without a zone."""
        self._frozen = None if now is None else _utc("now", now)

    def __call__(self) -> datetime:
        """Return the time it is here."""
        return datetime.now(UTC) if self._frozen is None else self._frozen

    def travel(self, to: datetime) -> None:
        """Move the frozen clock, forwards or back.

        Raise ClockRunsError on the real clock and ValueError for a time without a zone.
        """
        if self._frozen is None:
            msg = "the sandbox runs on the real clock; only one frozen with `now` can be moved"
            raise ClockRunsError(msg)
        self._frozen = _utc("to", to)


def _utc(name: str, time: datetime) -> datetime:
    if time.tzinfo is None:
        msg = f"{name}={time.isoformat()} has no time zone; give UTC"
        raise ValueError(msg)
    return time.astimezone(UTC)
