"""The data interval: the only clock of the pipeline; every key is made from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

_MINUTE = "%Y%m%dT%H%MZ"


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The half-open span ``[start, end)``, both UTC and on a whole minute.

    Raises:
        ValueError: a bound is naive or not on a whole minute, or the span is empty.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for bound in (self.start, self.end):
            if bound.tzinfo is None:
                raise ValueError(f"interval bound {bound.isoformat()} has no time zone; give UTC")
            if bound.second or bound.microsecond:
                raise ValueError(
                    f"interval bound {bound.isoformat()} is not on a whole minute; "
                    "intervals are named to the minute"
                )
        if self.start >= self.end:
            raise ValueError(
                f"interval {self.start.isoformat()} to {self.end.isoformat()} is empty; "
                "run the DAG on a schedule or with a logical date after its start"
            )
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    @classmethod
    def parse(cls, name: str) -> Interval:
        """Read back what :attr:`name` wrote, for example ``20261120T0000Z_20261120T0400Z``."""
        try:
            start, end = (
                datetime.strptime(bound, _MINUTE).replace(tzinfo=UTC) for bound in name.split("_")
            )
        except ValueError as error:
            raise ValueError(
                f"{name!r} is not an interval; write 20261120T0000Z_20261120T0400Z"
            ) from error
        return cls(start, end)

    @property
    def name(self) -> str:
        """The name in keys, for example ``20261120T0000Z_20261120T0400Z``."""
        return f"{self.start.strftime(_MINUTE)}_{self.end.strftime(_MINUTE)}"

    @property
    def day(self) -> date:
        """The UTC date on which the interval starts: its ``dt=`` partition."""
        return self.start.date()

    def __str__(self) -> str:
        return self.name
