"""What the checks look at, and what the first of them found out for those that follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from include.doctor.finding import Unknown
from include.errors import BadConfiguration

if TYPE_CHECKING:
    from botocore.config import Config

    from include.lake import Lake
    from include.settings import Settings

CONNECT_SECONDS, READ_SECONDS = 4, 6
"""How long anybody is given to answer: a run waits longer, a person before a table does not."""


class Patient:
    """The project as this process finds it: Airflow's Variables, connections and database.

    ``now`` is this machine's clock.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.skews: dict[str, timedelta] = {}
        """By how much this machine's clock is ahead of others', by whose."""
        self._answering: set[str] = set()
        self._lake: Lake | None = None

    def answers(self, service: str) -> None:
        """Take down that a service can be used, so that it is worth asking it more."""
        self._answering.add(service)

    def needs(self, service: str) -> None:
        """Raise :class:`Unknown` unless an earlier check found that a service can be used."""
        if service not in self._answering:
            raise Unknown(f"{service} can't be used; see above")

    def saw_clock(self, whose: str, at: datetime) -> None:
        """Compare another's clock, as it was told just now, with ours."""
        self.skews[whose] = self.now() - at

    @property
    def settings(self) -> Settings:
        """The Variable ``tweet_lake``.

        Raises:
            Unknown: it is missing or wrong; the check of the settings says how.
        """
        from include.connections import load_settings

        try:
            return load_settings()
        except BadConfiguration as error:
            raise Unknown("the Variable 'tweet_lake' can't be read; see settings") from error

    def open_lake(self) -> Lake:
        """The lake, behind a client that gives up early; whether it answers is not known."""
        from include.connections import open_lake

        if self._lake is None:
            self._lake = open_lake(self.settings, hasty())
        return self._lake

    @property
    def lake(self) -> Lake:
        """The lake, once it has answered.

        Raises:
            Unknown: it did not.
        """
        self.needs("the bucket")
        return self.open_lake()


def hasty() -> Config:
    """Tells botocore to give up early."""
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1},
    )
