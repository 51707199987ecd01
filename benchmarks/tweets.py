"""The input: pages of one account's posts as X sends them, written once for each size."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.directory_lake import DirectoryLake
from include.interval import Interval
from include.lake import batch_prefix
from include.raw import RawBatch

DATASET, ACCOUNT = "tweets", "bench_feed"
INTERVAL = Interval(datetime(2026, 11, 2, 8, tzinfo=UTC), datetime(2026, 11, 2, 12, tzinfo=UTC))
PAGE_POSTS = 100
BAD = {
    25: ("negative_like_count", "author_id_of_somebody_else", "text_missing"),
    75: ("created_at_outside_interval", "created_at_garbage", "count_with_fraction"),
}
"""Place on every page → what is wrong with the post there, in turn."""
_OUTPUTS = ("curated", "quarantine", "validations")


@dataclass(frozen=True, slots=True)
class Tweets:
    """One input, and what a validation of it has to find."""

    lake: DirectoryLake
    rows: int
    bad: int
    duplicates: int

    @property
    def page_keys(self) -> list[str]:
        """Keys of the raw pages, in order."""
        return RawBatch(self.lake, DATASET, INTERVAL, ACCOUNT).page_keys

    @property
    def pages(self) -> Path:
        """The folder that holds them."""
        return self.lake.folder / batch_prefix("raw", DATASET, INTERVAL, ACCOUNT)

    def forget_results(self) -> None:
        """Delete what a validation has left."""
        for zone in _OUTPUTS:
            shutil.rmtree(self.lake.folder / zone, ignore_errors=True)


def written(folder: Path, rows: int) -> Tweets:
    """The input of ``rows`` posts, a multiple of 100; made in ``folder`` unless it is there."""
    lake = DirectoryLake(folder / f"tweets-{rows}")
    count = rows // PAGE_POSTS
    if RawBatch(lake, DATASET, INTERVAL, ACCOUNT).fetched() is None:
        from benchmarks.feed import put_batch  # the child that is timed reads only

        put_batch(lake, INTERVAL, ACCOUNT, rows)
    return Tweets(lake, rows, bad=count * len(BAD), duplicates=count // 2)
