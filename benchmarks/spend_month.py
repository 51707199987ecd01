"""Child process: a month of runs of all three datasets; says what X would charge for each.

Usage: python -m benchmarks.spend_month FOLDER ACCOUNTS POSTS_A_DAY DAYS
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from benchmarks.directory_lake import DirectoryLake
from benchmarks.plain_run import Remembered, run, variables
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
    lake = DirectoryLake(folder / "lake")
    lake.check()
    with _world(folder, accounts, posts_a_day) as world:
        for week in range(-_WEEKS_BEFORE, 0):
            end = BEGIN - 4 * _HOUR + (week + 1) * _WEEK
            _run(world, lake, "tweets", Interval(end - _WEEK, end))
        charged = {dataset: {"posts": 0, "users": 0} for dataset in DATASETS}
        for dataset, interval in _schedule(days):
            before = _charged(world, interval.end)
            _run(world, lake, dataset, interval)
            for kind, count in _charged(world, interval.end).items():
                charged[dataset][kind] += count - before[kind]
    return charged


def _schedule(days: int) -> Iterator[tuple[str, Interval]]:
    for hour in range(24 * days):
        end = BEGIN + hour * _HOUR
        for dataset in DATASETS:
            length = dataset_named(dataset).hours
            if hour % length == 0:
                yield dataset, Interval(end - length * _HOUR, end)


def _run(world: World, lake: DirectoryLake, dataset: str, interval: Interval) -> None:
    world.travel(interval.end + timedelta(minutes=1))
    run(dataset, interval, lake, Remembered())
    report = RunReport.model_validate_json(lake.get(run_report_key(dataset, interval)))
    bad = [a for a in report.accounts if a.outcome not in {Outcome.LANDED, Outcome.EMPTY}]
    if bad:
        raise RuntimeError(f"{dataset} {interval}: {bad[0].account}: {bad[0].detail}")


def _charged(world: World, time: datetime) -> dict[str, int]:
    day = time.date()
    return {"posts": world.usage.posts_on(day), "users": world.usage.users_on(day)}


@contextmanager
def _world(folder: Path, accounts: int, posts_a_day: int) -> Iterator[World]:
    limits = {endpoint: limit * _LIMIT_FACTOR for endpoint, limit in RATE_LIMITS.items()}
    names = [f"load_{number:04d}" for number in range(accounts)]
    with World(folder / "world", BEGIN, rate_limits=limits) as world:
        world.population.directory = Steady(posts_a_day)
        with mock.patch.dict(os.environ, {**world.environment(), **variables(names)}):
            yield world


if __name__ == "__main__":
    target = Path(sys.argv[1])
    # Before anything imports Airflow, which would make a home for itself elsewhere.
    os.environ["AIRFLOW_HOME"] = str(target / "airflow")
    print(json.dumps(spend(target / "world", *map(int, sys.argv[2:]))))
