"""Runs in processes of their own against one world, each ended at a request of one's choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.gate import Gate, GatedS3, guard
from benchmarks.plain_run import variables
from benchmarks.warm_child import WarmChild
from include.interval import Interval
from include.lake import Lake
from sandbox.demo import s3_client
from sandbox.limits import RATE_LIMITS
from sandbox.world import World

_LIMIT_FACTOR = 100


class Killing:
    """A world with a gate before it, and a warm process that forks a run whenever one is wanted.

    Args:
        folder: for the world, the log and what the killed leave behind.
        now: the world's clock.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        # X's limits are by the quarter of an hour: so many runs would wait for the next one.
        limits = {endpoint: limit * _LIMIT_FACTOR for endpoint, limit in RATE_LIMITS.items()}
        self.world = World(folder / "world", now, rate_limits=limits)
        self.gate = Gate()
        self._folder = folder
        self._stack = ExitStack()
        self._variables: dict[str, str] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.world)
            guard(self.world, self.gate)
            s3 = stack.enter_context(GatedS3(self.gate))
            child = WarmChild(self.world.environment(), s3.url, self._folder)
            self._child = stack.enter_context(child)
            self._stack = stack.pop_all()
        # It goes past the gate: what one looks at afterwards is not counted.
        self.lake = Lake(s3_client(self.world), self.world.bucket)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def follow(self, accounts: Iterable[str], **settings: object) -> None:
        """Whom the runs from now on follow, and their settings beyond those without a default."""
        self._variables = variables(accounts, **settings)

    def run(
        self,
        dataset: str,
        interval: Interval,
        *,
        kill_at: int | None = None,
        remember: Path | None = None,
    ) -> bool:
        """Run the steps over the interval; whether they came to their end.

        Args:
            dataset: whose run it is.
            interval: what it is about.
            kill_at: before which of its requests to end it; the first one is 0.
            remember: as :meth:`WarmChild.run` takes it.
        """

        def begin(kill: Callable[[], None]) -> None:
            self.gate.open(kill_at, kill)

        return self._child.run(dataset, interval, self._variables, remember=remember, begin=begin)

    def objects(self) -> dict[str, bytes]:
        """The lake."""
        return {key: self.lake.get(key) for key in self.lake.keys("")}

    def begin_with(self, objects: Mapping[str, bytes]) -> None:
        """Let the lake hold these objects and no others, and X have returned nothing so far."""
        for key in set(self.lake.keys("")) - objects.keys():
            self.lake.delete(key)
        for key, body in objects.items():
            self.lake.put(key, body)
        self.world.usage.clear()
        self.world.api.requests.clear()

    def pages_repeated(self) -> int:
        """How many answers X has given that it had given before; those about usage are free."""
        answers = Counter(
            (request.path, request.query)
            for request in self.world.requests
            if request.status == HTTPStatus.OK and not request.path.startswith("/2/usage/")
        )
        return sum(times - 1 for times in answers.values())
