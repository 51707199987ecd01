"""Posts of which the warehouse has nothing go straight into its tables, not staged (ADR 24)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from include.warehouse.fact import keys_looked_up
from include.warehouse.load_tweets import TWEETS, add_members
from include.warehouse.wanted import OBJECT_ID

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor

_LEADING = ["tweet_id", "author_id", "created_at", "created_on", OBJECT_ID]
"""What the foreign keys of posts are read by."""
_HASHTAG_KEYS = """SELECT hashtag, hashtag_key
    FROM staged_hashtag LEFT JOIN dim_hashtag USING (hashtag)"""
_AS_THEY_ARE = {
    "bridge_tweet_mention": "staged_mention",
    "bridge_tweet_url": "staged_url",
    "bridge_tweet_reference": "staged_reference",
}
"""Bridges whose rows are those of a staging table."""


def insert_news(cursor: Cursor, rows: Mapping[str, pa.Table]) -> int | None:
    """Copy posts, and what they name, into the warehouse if it can have none of them.

    Args:
        cursor: in the transaction that made ``staged_object``.
        rows: all rows of those objects, by the staging table that they are for.

    Returns:
        How many posts; None if the warehouse may have one of them: nothing was done then.
    """
    posts, tagged = rows["staged_tweet"], rows["staged_hashtag"]
    if not _is_news(cursor, posts["tweet_id"]):
        return None
    named = {
        "staged_tweet": posts.select(_LEADING),
        "staged_hashtag": tagged.group_by("hashtag").aggregate([]),
    }
    for stage, table in named.items():
        cursor.adbc_ingest(stage, table, mode="replace", temporary=True)
    add_members(cursor)
    hashtags = _look_up(cursor, _HASHTAG_KEYS, tagged["hashtag"])
    bridges = {
        "bridge_tweet_hashtag": pa.table(
            {"tweet_id": tagged["tweet_id"], "hashtag_key": hashtags["hashtag_key"]}
        ),
        **{table: rows[stage].drop_columns(OBJECT_ID) for table, stage in _AS_THEY_ARE.items()},
    }
    schema = _schema(cursor)
    for table, inserted in {TWEETS.table: _with_keys(cursor, posts), **bridges}.items():
        with keys_looked_up(cursor):
            cursor.adbc_ingest(table, inserted, mode="append", db_schema_name=schema)
    return len(posts)


def _is_news(cursor: Cursor, ids: pa.ChunkedArray) -> bool:
    """Whether the objects are new, and no post of the warehouse lies between theirs.

    What is new has higher ids than all before. A post that is there twice is compared.
    """
    if not len(ids) or pc.count_distinct(ids).as_py() < len(ids):
        return False
    cursor.execute(
        """SELECT NOT EXISTS (SELECT FROM staged_object WHERE was_loaded) AND NOT EXISTS (
            SELECT FROM (
                SELECT tweet_id FROM fact_tweet WHERE tweet_id >= $1 ORDER BY tweet_id LIMIT 1
            ) next WHERE tweet_id <= $2)""",
        tuple(pc.min_max(ids).as_py().values()),
    )
    return bool(cursor.fetchone()[0])


def _schema(cursor: Cursor) -> str:
    """Where SQL finds the tables; the driver would look into the first schema alone."""
    cursor.execute(
        "SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        f"WHERE pg_class.oid = '{TWEETS.table}'::regclass"
    )
    return str(cursor.fetchone()[0])


def _with_keys(cursor: Cursor, posts: pa.Table) -> pa.Table:
    """Posts as rows of the fact."""
    keys = TWEETS.foreign_keys
    found = _look_up(cursor, TWEETS.select(["tweet_id", *keys]), posts["tweet_id"])
    columns = [(found if name in keys else posts)[name] for name in TWEETS.columns]
    return pa.table(columns, names=TWEETS.columns)


def _look_up(cursor: Cursor, query: str, values: pa.ChunkedArray) -> pa.Table:
    """What a query gives for each of the values, which are its first column; else null."""
    cursor.execute(query)
    found = cursor.fetch_arrow_table()
    return found.take(pc.index_in(values, value_set=found.column(0).combine_chunks()))
