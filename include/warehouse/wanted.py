"""What the warehouse reads of each dataset: these columns of its Parquet files and no others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from include.datasets import dataset_named

OBJECT_ID, ACCOUNT = "object_id", "account"
"""What the loader adds to curated rows: the object that each is from, and its account."""

_LOADED = (
    pa.field(OBJECT_ID, pa.int32(), nullable=False),
    pa.field(ACCOUNT, pa.string()),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the warehouse reads of a dataset."""

    dataset: str
    columns: tuple[str, ...]
    ids: tuple[str, ...]
    """Columns, and fields of lists as ``mentions.user_id``, that are texts of digits. The first
    one tells the rows of an object apart."""
    counted: tuple[str, ...]
    """Lists that are counted only: what their texts hold does not matter."""
    day: str
    """Timestamp whose UTC date has to be in ``dim_date``."""

    @property
    def schema(self) -> pa.Schema:
        """The columns as they are curated, and what the loader adds."""
        return _schema(self.dataset, self.columns)


@cache  # an object of a few posts takes less time than this
def _schema(dataset: str, columns: tuple[str, ...]) -> pa.Schema:
    curated = dataset_named(dataset).curated_schema
    return pa.schema([*(curated.field(name) for name in columns), *_LOADED])


_RELEASED = ("released_by", "released_at", "release_reason")
_COUNTS = (
    *("like_count", "reply_count", "retweet_count", "quote_count", "bookmark_count"),
    "impression_count",
)
TWEET = (
    *("tweet_id", "author_id", "created_at", "text", "note_text", "lang", "conversation_id"),
    *("in_reply_to_user_id", "is_reply", "is_retweet", "is_quote"),
    *("place_id", "place_full_name", "place_country_code", "longitude", "latitude"),
    *("is_possibly_sensitive", "reply_settings", "source", "community_id"),
    *_COUNTS,
    *_RELEASED,
)
"""Columns of ``fact_tweet`` that the lake has, called the same."""
_LISTS = ("hashtags", "mentions", "urls", "media", "referenced_tweets", "edit_history_tweet_ids")
_USER_COUNTS = (
    *("followers_count", "following_count", "tweet_count", "listed_count", "like_count"),
    "media_count",
)

TWEETS = Wanted(
    "tweets",
    columns=(*TWEET, *_LISTS),
    ids=(
        *("tweet_id", "author_id", "conversation_id", "in_reply_to_user_id", "community_id"),
        *("mentions.user_id", "referenced_tweets.tweet_id"),
    ),
    counted=("media", "edit_history_tweet_ids"),
    day="created_at",
)
USERS = Wanted(
    "users",
    columns=(
        *("user_id", "observed_at", "username", "name", "created_at", "description", "location"),
        *("url", "is_verified", "verified_type", "is_protected", "pinned_tweet_id"),
        *("profile_image_url", "withheld_country_codes", *_USER_COUNTS, *_RELEASED),
    ),
    ids=("user_id", "pinned_tweet_id"),
    counted=(),
    day="observed_at",
)
TWEET_METRICS = Wanted(
    "tweet_metrics",
    columns=("tweet_id", "observed_at", "status", *_COUNTS, *_RELEASED),
    ids=("tweet_id",),
    counted=(),
    day="observed_at",
)
