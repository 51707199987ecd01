"""Staged counts of posts into ``fact_tweet_metrics``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from include.warehouse.accepted import FIRST_DAY, LAST_DAY
from include.warehouse.fact import Fact, settle, write

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor

TWEET_METRICS = Fact(
    table="fact_tweet_metrics",
    stage="staged_tweet_metrics",
    key=("tweet_id", "observed_at"),
    day="observed_on",
)


def make_partitions(cursor: Cursor, days: Iterable[date]) -> None:
    """Make the partitions of the days' months, to be committed before anything is written.

    Until then nobody else can write to the tables that a partition refers to. Days that
    ``dim_date`` has not get none: their rows are refused, by their object's name.
    """
    for month in sorted({day.replace(day=1) for day in days if FIRST_DAY <= day <= LAST_DAY}):
        cursor.execute("SELECT ensure_metrics_partition($1)", (month,))
        cursor.fetchall()


def merge(cursor: Cursor, *, has_copies: bool) -> tuple[int, int]:
    """Bring the warehouse's counts of posts to what is staged.

    Returns:
        How many observations are new, and how many were changed.
    """
    has_known = settle(cursor, TWEET_METRICS, has_copies=has_copies)
    return write(cursor, TWEET_METRICS, has_known=has_known)
