"""The columns of ``curated/tweet_metrics``."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from include.datasets.schema import RAW_COLUMNS, TIMESTAMP, Column, schema_of

_KEY, _POSITION = RAW_COLUMNS

COLUMNS: tuple[Column, ...] = (
    Column("tweet_id", pa.string(), False, "Id of the post, 1 to 19 digits."),
    Column("observed_at", TIMESTAMP, False, "When X showed the counts, by X's clock."),
    Column(
        "status",
        pa.string(),
        False,
        "visible; or deleted, suspended, protected, withheld: the row is a tombstone, the post is "
        "not asked for again. X says protected of a suspended author's posts as well.",
    ),
    Column("author_id", pa.string(), True, "User id of the author; null on a tombstone."),
    Column("created_at", TIMESTAMP, True, "When the post was written; null on a tombstone."),
    Column("retweet_count", pa.int64(), True, "Reposts so far."),
    Column("reply_count", pa.int64(), True, "Replies so far."),
    Column("like_count", pa.int64(), True, "Likes so far."),
    Column("quote_count", pa.int64(), True, "Quotes so far."),
    Column("bookmark_count", pa.int64(), True, "Bookmarks so far; null in old payloads, never 0."),
    Column("impression_count", pa.int64(), True, "Views so far; null in old payloads, never 0."),
    Column("withheld_country_codes", pa.list_(pa.string()), False, "Where it is withheld."),
    _KEY,
    replace(
        _POSITION,
        description="Its position in that page's data or, where X did not show the post, errors; "
        "from 0.",
    ),
)

SCHEMA = schema_of(COLUMNS)
