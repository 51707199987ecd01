"""Runs of all three datasets at their times, and what X would charge for each dataset."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.directory_lake import DirectoryLake
from benchmarks.plain_run import variables
from benchmarks.warm_child import WarmChild
from include.datasets import dataset_named
from include.interval import Interval
from include.lake import run_report_key
from include.outcomes import Outcome
from include.report import RunReport
from sandbox.cast import Account, Directory, Kind
from sandbox.limits import RATE_LIMITS
from sandbox.world import World

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
DATASETS = ("users", "tweets", "tweet_metrics")
"""In this order where they are due at the same time."""
_WEEKS_BEFORE = 5
"""More than the oldest post that is looked at again."""
_HOUR, _WEEK = timedelta(hours=1), timedelta(weeks=1)
_LIMIT_FACTOR = 1_000


class Steady(Directory):
    """The sandbox's accounts for load tests, writing so many posts a day at even distances."""

    def __init__(self, posts_a_day: int) -> None:
        super().__init__()
        self._posts_per_hour = posts_a_day / 24

    def by_username(self, username: str) -> Account | None:
        """Look a username up."""
        return self._steady(super().by_username(username))

    def by_code(self, code: int) -> Account | None:
        """Look the number in its ids up."""
        return self._steady(super().by_code(code))

    def _steady(self, account: Account | None) -> Account | None:
        if account is None or account.kind is not Kind.LOAD:
            return account
        return replace(account, posts_per_hour=self._posts_per_hour)


def spend(folder: Path, accounts: int, posts_a_day: int, days: int) -> dict[str, dict[str, int]]:
    """Posts and users that X would charge for the runs of these days, by dataset.

    The posts of the weeks before are in the lake when they begin, and were paid in their time.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with ExitStack() as stack:
        runs = _Runs(folder, accounts, posts_a_day, stack)
        for week in range(-_WEEKS_BEFORE, 0):
            end = BEGIN - 4 * _HOUR + (week + 1) * _WEEK
            runs.charged("tweets", Interval(end - _WEEK, end))
        charged = {dataset: Counter(posts=0, users=0) for dataset in DATASETS}
        for dataset, interval in _schedule(days):
            charged[dataset].update(runs.charged(dataset, interval))
    return {dataset: dict(counts) for dataset, counts in charged.items()}


def _schedule(days: int) -> Iterator[tuple[str, Interval]]:
    for hour in range(24 * days):
        end = BEGIN + hour * _HOUR
        for dataset in DATASETS:
            length = dataset_named(dataset).hours
            if hour % length == 0:
                yield dataset, Interval(end - length * _HOUR, end)


class _Runs:
    """A world of steady accounts, and its lake in a folder."""

    def __init__(self, folder: Path, accounts: int, posts_a_day: int, stack: ExitStack) -> None:
        limits = {endpoint: limit * _LIMIT_FACTOR for endpoint, limit in RATE_LIMITS.items()}
        self._world = stack.enter_context(World(folder / "world", BEGIN, rate_limits=limits))
        self._world.population.directory = Steady(posts_a_day)
        self._lake = DirectoryLake(folder / "lake")
        self._lake.check()
        child = WarmChild(self._world.environment(), str(self._lake.folder), folder)
        self._child = stack.enter_context(child)
        names = [f"load_{number:04d}" for number in range(accounts)]
        # One validation task for all is quicker here, where tasks come one after the other.
        self._variables = variables(names, validation_tasks=1)

    def charged(self, dataset: str, interval: Interval) -> dict[str, int]:
        """Run it a minute after the interval; posts and users that X charges for it.

        Raises:
            RuntimeError: not everything landed.
        """
        self._world.travel(interval.end + timedelta(minutes=1))
        before = self._counts(interval.end.date())
        self._child.run(dataset, interval, self._variables)
        report = RunReport.model_validate_json(self._lake.get(run_report_key(dataset, interval)))
        for account in report.accounts:
            if account.outcome not in {Outcome.LANDED, Outcome.EMPTY}:
                raise RuntimeError(f"{dataset} {interval}: {account.account}: {account.detail}")
        after = self._counts(interval.end.date())
        return {kind: after[kind] - before[kind] for kind in after}

    def _counts(self, day: date) -> dict[str, int]:
        usage = self._world.usage
        return {"posts": usage.posts_on(day), "users": usage.users_on(day)}
