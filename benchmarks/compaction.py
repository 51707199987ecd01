"""Reading a month through the catalogue, before it is compacted and after."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.local_s3 import s3
from benchmarks.measure import in_turns
from benchmarks.month_of_objects import BUCKET, DATASET, FIRST, POSTS_A_RUN, RUNS_A_DAY
from include.catalogue.views import ask
from include.compaction.compact import compact
from include.lake import Lake

ACCOUNTS, DAYS = 300, 30
QUERY = f"""
SELECT account, count(*) AS posts, sum(like_count) AS likes, max(length(text)) AS longest
FROM {DATASET} GROUP BY account ORDER BY account
"""


def measure(runs: int, accounts: int = ACCOUNTS, days: int = DAYS) -> dict[str, Any]:
    """Seconds of a query over the small objects, divided by those over the compacted files.

    The small objects are read once: it takes minutes.
    """
    objects = accounts * days * RUNS_A_DAY
    print(f"compaction: {objects:,} objects of {accounts} accounts")
    size = ("--accounts", str(accounts), "--days", str(days))
    with s3("benchmarks.month_of_objects", *size) as client:
        lake = Lake(client, BUCKET)
        answers = []

        def query() -> float:
            began = time.perf_counter()
            answers.append(ask(lake, lambda c: c.sql(QUERY).fetchall(), datasets=[DATASET]))
            return time.perf_counter() - began

        def compact_all() -> float:
            began = time.perf_counter()
            for day in range(days):
                date = (FIRST + timedelta(days=day)).date()
                compact(lake, DATASET, date, datetime.now(UTC))
            return time.perf_counter() - began

        before = in_turns(1, {f"read {objects:,} small objects": query})
        compaction = in_turns(1, {f"compact {days} days": compact_all})
        after = in_turns(runs, {f"read {days} compacted files": query})
    first, *others = answers
    if [row[1] for row in first] != [days * RUNS_A_DAY * POSTS_A_RUN] * accounts:
        raise RuntimeError(f"not every post was read: {first[:3]} …")
    if any(other != first for other in others):
        raise RuntimeError("the answer after compaction is another than before")
    slow, fast = (median(*found.values()) for found in (before, after))
    return {
        "compaction_speedup": slow / fast,
        "raw": {"seconds": before | compaction | after, "objects": objects},
    }
