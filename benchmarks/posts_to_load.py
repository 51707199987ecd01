"""Posts as runs landed them: many small objects of many accounts, in a folder.

Text, lists and counts are those of the posts that `benchmarks.feed` makes; ids, authors and times
are each object's own, so that no post is there twice.
"""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.directory_lake import DirectoryLake
from benchmarks.tweets import DATASET, written
from benchmarks.validate_tweets import validate
from include.datasets import dataset_named
from include.interval import Interval
from include.lake import curated_key

ACCOUNTS = 10
_POSTS_A_DAY = 12_000
"""At most; never less than an object of each account."""
_SOURCE_ROWS = 20_000
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657


def landed(folder: Path, rows: int, first: datetime, in_object: int) -> DirectoryLake:
    """A lake with so many posts from a day on, made anew unless it is whole already."""
    lake = DirectoryLake(folder / f"posts-to-load-{rows}-by-{in_object}-{first:%Y%m%d}")
    done = lake.folder / "done"
    if done.exists():
        return lake
    shutil.rmtree(lake.folder, ignore_errors=True)
    source = _source(folder)
    runs_a_day = max(1, _POSTS_A_DAY // (ACCOUNTS * in_object))
    for number in range(rows // in_object):
        run, account = divmod(number, ACCOUNTS)
        start = first + timedelta(hours=24 // runs_a_day * run)
        over = Interval(start, start + timedelta(hours=24 // runs_a_day))
        key = curated_key(DATASET, over, f"account_{account}", over.day, "parquet")
        target = lake.folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        posts = _object(source, number, in_object, account, start)
        pq.write_table(posts, target, compression="zstd")
    done.touch()
    return lake


def _source(folder: Path) -> pa.Table:
    tweets = written(folder, _SOURCE_ROWS)
    keys = list(tweets.lake.keys("curated/"))
    if not keys:
        validate(tweets, dataset_named(DATASET).quality())
        keys = list(tweets.lake.keys("curated/"))
    table = pa.concat_tables(pq.read_table(tweets.lake.folder / key) for key in keys)
    # X tells the language of nearly every post; telling it ourselves is measured by itself.
    lang = pc.if_else(pc.is_in(table["lang"], pa.array(["und", None])), "en", table["lang"])
    return table.set_column(table.schema.get_field_index("lang"), table.schema.field("lang"), lang)


def _object(source: pa.Table, number: int, posts: int, account: int, start: datetime) -> pa.Table:
    places = np.arange(number * posts, (number + 1) * posts) % len(source)
    rows = source.take(places)
    seconds = np.sort(np.random.default_rng(number).integers(0, 4 * 3600, posts))
    at = int(start.timestamp()) + seconds
    ids = ((at * 1000 - _SNOWFLAKE_EPOCH_MS) << 22) + account * posts + np.arange(posts)
    own = {
        "tweet_id": pa.array(ids).cast(pa.string()),
        "author_id": pa.repeat(str(10_000 + account), len(rows)),
        "created_at": pa.array(at * 1_000_000, pa.timestamp("us", "UTC")),
    }
    for name, values in own.items():
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), values)
    return rows
