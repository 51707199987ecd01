"""What a run asks of X and pays, beside the least that it could; also where it was killed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from math import ceil
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.killing import Killing
from benchmarks.measure import FOLDER
from include.interval import Interval
from sandbox.population import key_at
from sandbox.world import World

ACCOUNTS = 100
PAGE_POSTS = 100
DAY = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
"""A whole day in one run, so that there is more than one page of the busy ones."""
_NOW = DAY.end + timedelta(minutes=1)
_BUSY_AND_QUIET = ("harbour_news", "rail_updates", "quiet_archive")
_DIRECTORY = FOLDER / "cost"


@dataclass(frozen=True, slots=True)
class Cost:
    """What X was asked and would charge for one run, in however many attempts."""

    posts: int
    """Charged."""
    users: int
    """Charged."""
    requests: int
    """Answered, also those that are free."""

    def __str__(self) -> str:
        return f"{self.posts} posts and {self.users} users charged, {self.requests} requests"


def measure(runs: int, accounts: int = ACCOUNTS) -> dict[str, Any]:
    """Figures of a run that nobody disturbs, and of ``runs`` that were killed and went on."""
    shutil.rmtree(_DIRECTORY, ignore_errors=True)
    rest = accounts - len(_BUSY_AND_QUIET)
    names = [*_BUSY_AND_QUIET, *(f"load_{number:04d}" for number in range(rest))]
    print(f"cost: {accounts} accounts, the posts of a day")
    with Killing(_DIRECTORY, _NOW) as killing:
        killing.follow(names, usd_per_day=None, usd_per_month=None)
        written = [_written(killing.world, name) for name in names]
        assert killing.run("tweets", DAY)
        undisturbed = _cost(killing.world)
        print(f"  undisturbed: {undisturbed}", flush=True)
        pages = [n for n, made in enumerate(killing.gate.passed) if made.startswith("X /2/users/")]
        places = Random(1).sample(pages[1:], runs)  # noqa: S311 - no secret
        killed = [_killed(killing, place) for place in places]
    new, least = sum(written), sum(max(1, ceil(posts / PAGE_POSTS)) for posts in written)
    return {
        "charged_per_new_tweet": undisturbed.posts / new,
        "extra_requests": undisturbed.requests - least,
        "charged_after_kill": max(cost.posts for cost in killed) / new,
        "extra_requests_after_kill": max(cost.requests for cost in killed) - least,
        "raw": {
            "accounts": accounts,
            "new_tweets": new,
            "least_requests": least,
            "undisturbed": str(undisturbed),
            "killed": [str(cost) for cost in killed],
        },
    }


def _killed(killing: Killing, place: int) -> Cost:
    """The cost of a run that is killed before the page ``place`` and retried, as Airflow does."""
    killing.begin_with({})
    with TemporaryDirectory() as returned:
        assert not killing.run("tweets", DAY, kill_at=place, remember=Path(returned))
        assert killing.run("tweets", DAY, remember=Path(returned))
    cost = _cost(killing.world)
    print(f"  killed at request {place} and run again: {cost}", flush=True)
    return cost


def _written(world: World, username: str) -> int:
    """How many posts the account wrote on the day."""
    account = world.population.directory.by_username(username)
    assert account is not None
    return len(list(world.population.between(account, key_at(DAY.start), key_at(DAY.end))))


def _cost(world: World) -> Cost:
    answered = [request for request in world.requests if request.status == HTTPStatus.OK]
    return Cost(
        posts=world.usage.posts_on(_NOW.date()),
        users=world.usage.users_on(_NOW.date()),
        requests=len(answered),
    )
