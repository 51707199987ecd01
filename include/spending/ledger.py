"""The ledger: one small object a month in the raw zone, which any number of runs may change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from pydantic import BaseModel, ConfigDict, ValidationError

from include.errors import TweetLakeError
from include.interval import Interval
from include.lake import Lake
from include.settings import Settings

PREFIX = "raw/spending/"


class LedgerUnreadable(TweetLakeError):
    """The month's ledger is not what this module wrote."""


class Record(BaseModel):
    """A part of the ledger."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Resources(Record):
    """Posts and users."""

    posts: int = 0
    users: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(posts=self.posts + other.posts, users=self.users + other.users)

    def at_least(self, other: Resources) -> Resources:
        """Of each kind the larger number."""
        return Resources(posts=max(self.posts, other.posts), users=max(self.users, other.users))

    def usd(self, settings: Settings) -> float:
        """Their price."""
        return self.posts * settings.post_read_usd + self.users * settings.user_read_usd


class RunSpending(Record):
    """One run on one UTC day."""

    charged: Resources = Resources()
    """Returned for the first time that day."""
    returned: Resources = Resources()
    """All that X returned, what it had returned before that day among it: that is free."""
    reserved: Resources = Resources()
    """What it may still be charged; nothing once it is settled."""
    settled: bool = False
    """Whether all that it had set aside was given back; what goes on then sets aside anew."""


class Usage(Record):
    """What X says it has counted on one UTC day."""

    posts: int | None
    """None where X does not tell it to this app."""
    run: str
    """The run that asked, whose report speaks of it."""


class Day(Record):
    """One UTC day of X's clock."""

    runs: dict[str, RunSpending] = {}
    """By ``<dataset>/<interval>``."""
    users: dict[str, str] = {}
    """Username → the run that was charged for it."""
    usage: Usage | None = None
    """Once X was asked, after the day was over."""

    @property
    def posts(self) -> int:
        """Posts that were charged."""
        return sum(run.charged.posts for run in self.runs.values())

    def with_run(self, name: str, run: RunSpending) -> Day:
        """The day with ``run`` in the place of what was there of it."""
        return self.model_copy(update={"runs": {**self.runs, name: run}})


class Month(Record):
    """A month of days."""

    days: dict[date, Day] = {}

    def day(self, day: date) -> Day:
        """What is known of a day; an empty one where nothing is."""
        return self.days.get(day, Day())

    def with_day(self, day: date, changed: Day) -> Month:
        """The month with another day; of days before the latest nobody asks for the users."""
        days = {**self.days, day: changed}
        latest = max(days)
        return Month(
            days={
                d: known if d == latest else known.model_copy(update={"users": {}})
                for d, known in sorted(days.items())
            }
        )


def run_name(dataset: str, interval: Interval) -> str:
    """How the ledger calls a run: ``tweets/20261120T0000Z_20261120T0400Z``."""
    return f"{dataset}/{interval.name}"


def ledger_key(day: date) -> str:
    """``raw/spending/2026-11.json``."""
    return f"{PREFIX}{day:%Y-%m}.json"


def read_month(lake: Lake, day: date) -> Month:
    """The ledger of a day's month; an empty one where nothing was spent.

    Raises:
        LedgerUnreadable: the object is not what this module wrote.
    """
    key = ledger_key(day)
    return _parsed(lake, key, lake.find(key))


def months_since(lake: Lake, day: date) -> list[Month]:
    """The ledgers of a day's month and of all later ones.

    Raises:
        LedgerUnreadable: an object is not what this module wrote.
    """
    keys = [key for key in lake.keys(PREFIX) if key >= ledger_key(day)]
    return [_parsed(lake, key, lake.get(key)) for key in keys]


def update_day(lake: Lake, day: date, change: Callable[[Month], Day]) -> None:
    """Replace one day by what ``change`` makes of its month, also while others do the same.

    Raises:
        LedgerUnreadable: the object is not what this module wrote.
        LakeBusy: others were faster every time.
    """
    key = ledger_key(day)

    def changed(body: bytes | None) -> bytes:
        month = _parsed(lake, key, body)
        return month.with_day(day, change(month)).model_dump_json(indent=1).encode()

    lake.update(key, changed)


def total(runs: Iterable[RunSpending]) -> Resources:
    """What they were charged, and what they have reserved."""
    return _sum(part for run in runs for part in (run.charged, run.reserved))


def charged(runs: Iterable[RunSpending]) -> Resources:
    """What they were charged."""
    return _sum(run.charged for run in runs)


def returned(runs: Iterable[RunSpending]) -> Resources:
    """What X returned to them."""
    return _sum(run.returned for run in runs)


def _sum(parts: Iterable[Resources]) -> Resources:
    return sum(parts, Resources())


def _parsed(lake: Lake, key: str, body: bytes | None) -> Month:
    if body is None:
        return Month()
    try:
        return Month.model_validate_json(body)
    except ValidationError as error:
        raise LedgerUnreadable(
            f"s3://{lake.bucket}/{key} is not a ledger of spending; restore an earlier version of "
            "it. Deleting it makes the budget forget what was spent this month."
        ) from error
