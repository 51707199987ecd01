"""The counts of posts that the lake knows, a hundred a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from include.datasets.tweet_metrics.refresh import due, returned_on
from include.listed import Listed
from include.source import Planning

if TYPE_CHECKING:
    from include.x_api.answer import Answer
    from include.x_api.client import XApi  # tweepy is slow to import


class Snapshots(Listed):
    """Asks for every post that is due."""

    kind = "posts"
    dataset = "tweet_metrics"
    share = 0.5

    def wanted(self, planning: Planning) -> list[str]:
        """Ids of the posts that are due, the newest first."""
        return due(planning.lake, planning.interval, planning.settings)[::-1]

    def paid(self, planning: Planning, names: Sequence[str]) -> set[str]:
        """Those that a run of today has brought, or taken down before."""
        return returned_on(planning.lake, planning.now.date(), planning.interval, set(names))

    def ask(self, api: XApi, names: Sequence[str]) -> Answer:
        """``GET /2/tweets``."""
        return api.tweets(names)
