"""Curated rows to the rows of the warehouse's staging tables, all of them at once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.warehouse import enrich
from include.warehouse.accepted import accepted
from include.warehouse.links import domain_of
from include.warehouse.lists import first_of_each, owners, positions
from include.warehouse.models.bridges import REFERENCE_KINDS
from include.warehouse.models.dimensions import LONGEST_HASHTAG
from include.warehouse.profiles import profile_digest, sorted_lists
from include.warehouse.wanted import ACCOUNT, OBJECT_ID, TWEET, TWEET_METRICS, TWEETS, USERS

_KINDS = pa.array(REFERENCE_KINDS)


@dataclass(frozen=True, slots=True)
class TweetRows:
    """What posts become: one table for each staging table."""

    tweets: pa.Table
    """A row per post: ``created_on``, ``edit_count`` and the derived columns beside its own."""
    hashtags: pa.Table
    """``tweet_id`` and ``hashtag``, lower case: a row for each different one of a post that an
    index takes."""
    mentions: pa.Table
    """``tweet_id``, ``position`` from 0, ``username``, ``user_id``."""
    urls: pa.Table
    """``tweet_id``, ``position`` from 0, the link's fields, ``domain``."""
    references: pa.Table
    """``tweet_id``, ``kind``, ``referenced_tweet_id``: a row for each different one of a kind that
    the bridge takes."""


def tweet_rows(curated: pa.Table) -> TweetRows:
    """Rows of ``curated/tweets`` to those of the staging tables.

    Args:
        curated: rows of one or many objects with the columns of :data:`TWEETS`, and of each row
            its object's ``object_id`` and ``account``.

    Raises:
        BadRows: a row can't be loaded.
    """
    posts = accepted(curated, TWEETS)
    made = [_of_posts(batch) for batch in _batches(posts)]
    return TweetRows(
        *(pa.concat_tables([getattr(of, f.name) for of in made]) for f in fields(TweetRows))
    )


def user_rows(curated: pa.Table) -> pa.Table:
    """Rows of ``curated/users`` to those of one staging table, for profiles and their counts.

    Returns:
        The columns of :data:`USERS` with ``observed_on``, ``account_created_at`` (for
        ``created_at``), country codes in order, and ``profile_digest``.

    Raises:
        BadRows: a row can't be loaded.
    """
    users = accepted(curated, USERS)
    return pa.concat_tables([_users(batch) for batch in _batches(users)])


def tweet_metric_rows(curated: pa.Table) -> pa.Table:
    """Rows of ``curated/tweet_metrics`` to those of a staging table.

    Returns:
        The columns of :data:`TWEET_METRICS` with ``observed_on`` and ``engagement_count``.

    Raises:
        BadRows: a row can't be loaded.
    """
    observed = accepted(curated, TWEET_METRICS)
    return pa.concat_tables([_metrics(batch) for batch in _batches(observed)])


def _batches(rows: pa.Table) -> list[pa.RecordBatch]:
    """The rows in pieces, at least one."""
    empty = pa.RecordBatch.from_pylist([], rows.schema)
    return rows.to_batches(max_chunksize=enrich.AT_ONCE) or [empty]


def _of_posts(posts: pa.RecordBatch) -> TweetRows:
    urls = pc.list_flatten(posts["urls"])
    domains = domain_of(urls)
    return TweetRows(
        tweets=_tweets(posts, enrich.derived(posts, domains)),
        hashtags=_hashtags(posts),
        mentions=_mentions(posts),
        urls=_urls(posts, urls, domains),
        references=_references(posts),
    )


def _tweets(posts: pa.RecordBatch, derived: pa.RecordBatch) -> pa.Table:
    versions = pc.list_value_length(posts["edit_history_tweet_ids"])
    return pa.table(
        {name: posts[name] for name in (*TWEET, ACCOUNT, OBJECT_ID)}
        | {
            "created_on": posts["created_at"].cast(pa.date32()),
            "edit_count": pc.if_else(pc.equal(versions, 0), None, versions),
        }
        | {name: derived[name] for name in derived.schema.names}
    )


def _hashtags(posts: pa.RecordBatch) -> pa.Table:
    tags = pc.utf8_lower(pc.list_flatten(posts["hashtags"]))
    sizes = pc.fill_null(pc.binary_length(tags), 0).to_numpy()
    told = np.flatnonzero((sizes > 0) & (sizes <= LONGEST_HASHTAG))
    rows, codes = owners(posts["hashtags"])[told], tags.take(told).dictionary_encode()
    first = first_of_each(rows, codes.indices.to_numpy())
    return pa.table(
        {
            **_whose(posts, rows[first]),
            "hashtag": tags.take(told[first]),
        }
    )


def _mentions(posts: pa.RecordBatch) -> pa.Table:
    mentions = pc.list_flatten(posts["mentions"])
    return pa.table(
        {
            **_place(posts, "mentions"),
            "username": pc.struct_field(mentions, "username"),
            "user_id": pc.struct_field(mentions, "user_id").cast(pa.int64()),
        }
    )


def _urls(posts: pa.RecordBatch, urls: pa.Array, domains: pa.Array) -> pa.Table:
    parts = {field.name: pc.struct_field(urls, field.name) for field in urls.type}
    return pa.table({**_place(posts, "urls"), **parts, "domain": domains})


def _references(posts: pa.RecordBatch) -> pa.Table:
    references = pc.list_flatten(posts["referenced_tweets"])
    kinds = pc.struct_field(references, "type")
    targets = pc.struct_field(references, "tweet_id").cast(pa.int64())
    told = np.flatnonzero(pc.and_(pc.is_in(kinds, _KINDS), targets.is_valid()))
    rows, kinds, targets = (
        owners(posts["referenced_tweets"])[told],
        kinds.take(told),
        targets.take(told),
    )
    first = first_of_each(
        rows,
        kinds.dictionary_encode().indices.to_numpy(),
        targets.dictionary_encode().indices.to_numpy(),
    )
    return pa.table(
        {
            **_whose(posts, rows[first]),
            "kind": kinds.take(first),
            "referenced_tweet_id": targets.take(first),
        }
    )


def _whose(posts: pa.RecordBatch, rows: np.ndarray) -> dict[str, pa.Array]:
    """Of each of the rows its post and object."""
    return {name: posts[name].take(rows) for name in ("tweet_id", OBJECT_ID)}


def _place(posts: pa.RecordBatch, lists: str) -> dict[str, pa.Array]:
    """Of each value of a list column its post and its place in the list."""
    return {
        **_whose(posts, owners(posts[lists])),
        "position": pa.array(positions(posts[lists]), pa.int16()),
    }


def _users(users: pa.RecordBatch) -> pa.Table:
    columns = {
        "account_created_at" if name == "created_at" else name: users[name]
        for name in users.schema.names
    }
    columns["withheld_country_codes"] = sorted_lists(users["withheld_country_codes"])
    columns["observed_on"] = users["observed_at"].cast(pa.date32())
    columns["profile_digest"] = profile_digest(pa.RecordBatch.from_pydict(columns))
    return pa.table(columns)


def _metrics(observed: pa.RecordBatch) -> pa.Table:
    columns = dict(zip(observed.schema.names, observed.columns, strict=True))
    columns["observed_on"] = observed["observed_at"].cast(pa.date32())
    columns["engagement_count"] = enrich.engagement_count(observed)
    return pa.table(columns)
