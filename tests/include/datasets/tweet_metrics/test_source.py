"""Runs of the dataset one after the other, as far as the budget goes."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.directory_lake import DirectoryLake
from include.datasets.schema import TIMESTAMP
from include.datasets.tweet_metrics.source import Snapshots
from include.fetch import extract
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, Lake, curated_key
from include.raw import RawBatch
from include.settings import Settings
from include.source import Planning
from include.spending.ledger import read_month, run_name
from include.spending.purse import Purse
from include.x_api.answer import Answer
from include.x_api.client import XApi

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RUN = 2 * HOUR
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
POST_USD = 0.005


class Asked:
    """X, which shows every post and notes when it was asked for it."""

    def __init__(self) -> None:
        self.now = FIRST
        self.times: dict[str, list[datetime]] = {}

    def tweets(self, ids: Sequence[str]) -> Answer:
        for post_id in ids:
            self.times.setdefault(post_id, []).append(self.now)
        return Answer(json.dumps({"data": [{"id": i} for i in ids]}).encode(), self.now)


def run(lake: Lake, x: Asked, end: datetime, **changes: Any) -> int:
    """Run the two hours before ``end``; how many posts the budget left out."""
    settings = Settings(
        bucket="lake",
        alert_to=("data-team@example.org",),
        data_docs_url="http://docs.example.org",
        **changes,
    )
    interval, api, source = Interval(end - RUN, end), cast("XApi", x), Snapshots()
    x.now = end + MINUTE
    purse = Purse(lake, settings, run_name("tweet_metrics", interval), x.now)
    (fetch,) = source.plan(Planning(lake, api, [], interval, settings, x.now, purse))
    raw = RawBatch(lake, "tweet_metrics", interval, ALL_ACCOUNTS)
    purse.settle(extract(raw, source, api, fetch, page_size=100, purse=purse).days)
    wanted = raw.wanted()
    assert wanted is not None
    return wanted.left_out


def land(lake: Lake, begin: datetime, posts: int) -> dict[str, datetime]:
    """Curate posts of the four hours from ``begin``, a minute apart."""
    written = {str(int((begin + n * MINUTE).timestamp())): begin + n * MINUTE for n in range(posts)}
    body = io.BytesIO()
    columns = {
        "tweet_id": pa.array(written, pa.string()),
        "created_at": pa.array(written.values(), TIMESTAMP),
    }
    pq.write_table(pa.table(columns), body)
    over = Interval(begin, begin + 4 * HOUR)
    lake.put(curated_key("tweets", over, "quay", begin.date(), "parquet"), body.getvalue())
    return written


def charged(lake: Lake, day: date) -> int:
    return read_month(lake, day).day(day).posts


def test_after_a_shortage_runs_catch_up_and_ask_for_each_age_once(tmp_path: Path) -> None:
    """Each day 120 posts are new, 120 three days old and 120 a week; the budget is for 500."""
    lake, x, written = DirectoryLake(tmp_path), Asked(), {}
    for n in range(-9 * 6, 12 * 6):
        written |= land(lake, FIRST + n * 4 * HOUR, posts=20)
    left_out = []
    for n in range(1, 12 * 12):
        end = FIRST + n * RUN
        is_short = FIRST + 2 * DAY <= end < FIRST + 4 * DAY
        cap = POST_USD * (10 if is_short else 500)
        left_out.append(run(lake, x, end, refresh_days=(3, 7), usd_per_day=cap))
    assert left_out[4 * 12 - 2] > 400
    assert left_out[-12:] == [0] * 12
    assert charged(lake, (FIRST + 11 * DAY).date()) == 360
    for oldest, youngest in ((7 * DAY, 3 * DAY), (30 * DAY, 7 * DAY)):
        asked = Counter(
            post_id
            for post_id, times in x.times.items()
            for at in times
            if youngest + MINUTE <= at - written[post_id] < oldest + MINUTE
        )
        assert set(asked.values()) == {1}


def test_half_of_what_is_left_stays_for_other_datasets(tmp_path: Path) -> None:
    lake, x = DirectoryLake(tmp_path), Asked()
    land(lake, FIRST - 12 * HOUR, posts=200)
    day, charges = FIRST.date(), []
    for n in (1, 2, 3):
        run(lake, x, FIRST + n * RUN, usd_per_day=100 * POST_USD)
        charges.append(charged(lake, day))
    assert charges == [50, 75, 87]


def test_what_fits_into_half_of_what_is_left_is_asked_for_whole(tmp_path: Path) -> None:
    lake, x = DirectoryLake(tmp_path), Asked()
    land(lake, FIRST - 12 * HOUR, posts=50)
    assert run(lake, x, FIRST + RUN, usd_per_day=100 * POST_USD) == 0
    assert charged(lake, FIRST.date()) == 50
