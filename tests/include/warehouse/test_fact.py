"""A row that several objects hold is that of the latest of them, whatever was loaded when."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from include.catalogue.latest import latest
from include.datasets import dataset_named
from include.interval import Interval
from tests.include import landed_rows
from tests.include.warehouse.conftest import POSTED


def test_a_row_that_is_handed_down_goes_to_the_latest_that_has_it(house):
    """Two of three that hold it are made anew, the latest without it: the third has it now."""
    house.land("tweets", 2, {"n": 1, "like_count": 2}, {"n": 9})
    house.land("tweets", 3, {"n": 1, "like_count": 3})
    house.land("tweets", 4, {"n": 1, "like_count": 4}, {"n": 7})
    house.load("tweets")
    house.land("tweets", 2, {"n": 1, "like_count": 2}, {"n": 9}, {"n": 8})
    house.land("tweets", 4, {"n": 7})

    house.load("tweets")

    assert house.ask("SELECT like_count FROM fact_tweet WHERE tweet_id % 10 = 1") == [3]
    assert house.ask("SELECT shadowed FROM load_object ORDER BY key") == [1, 0, 0]


@pytest.mark.parametrize("one_by_one", [False, True])
def test_the_copy_that_counts_is_the_one_that_counts_in_the_lake(house, one_by_one):
    """Of one interval's copies and of overlapping intervals', whichever came first."""
    long = landed_rows.interval(2)
    short = Interval(long.start + timedelta(hours=1), long.start + timedelta(hours=2))
    copies = [
        (1, long, "weather"),
        (1, long, "a_b"),
        (1, long, "a"),
        (1, long, "a1"),
        (2, long, "sea"),
        (2, short, "tide"),
    ]
    rows = []
    for likes, (number, over, account) in enumerate(copies):
        known = {"author_id": "12", "created_at": POSTED, "conversation_id": None}
        row = landed_rows.row("tweets", number, over, account, like_count=likes, **known)
        rows.append(f"({number}, '{over.day}', '{account}', '{row['raw_key']}', 0, {likes})")
        landed_rows.land(house.lake, "tweets", over, account, [row | {"tweet_id": str(number)}])
        if one_by_one:
            house.load("tweets")
    house.load("tweets")
    values = f"(VALUES {', '.join(rows)}) t(tweet_id, dt, account, raw_key, raw_position, likes)"
    counts = latest(dataset_named("tweets"), values)

    assert (
        house.ask("SELECT tweet_id, like_count FROM fact_tweet ORDER BY 1")
        == duckdb.sql(f"SELECT tweet_id, likes FROM ({counts}) ORDER BY 1").fetchall()
    )
