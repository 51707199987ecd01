"""Raw pages to rows: one row per post that X showed, one per post that it said is gone."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from include.datasets import arrays
from include.datasets.dataset import RawPage
from include.datasets.items import Item, items, observed, table_of
from include.datasets.tweet_metrics.schema import SCHEMA
from include.datasets.tweet_metrics.wire import Post, Problem
from include.datasets.wire import Metrics, Withheld, retweet_counts
from include.x_api.problems import post_status

VISIBLE = "visible"
_EVERYWHERE = {"XX", "XY"}
"""X's codes for content that it shows nowhere."""
_NO_METRICS, _NO_WITHHELD = Metrics(), Withheld()
_COUNTS = ("reply_count", "like_count", "quote_count", "bookmark_count", "impression_count")


def decode(pages: Sequence[RawPage]) -> pa.Table:
    """One row per post, of each page first those that it shows.

    Returns:
        Columns as :func:`include.datasets.items.table_of` says.

    Raises:
        UnreadablePage: a page is no JSON object, or its ``data`` or ``errors`` no list.
    """
    found: list[Item[Post]] = []
    status: list[str] = []
    for page in pages:
        parts = page.items
        shown = items(page, parts.data, parts.positions, Post)
        told = items(page, parts.errors, range(len(parts.errors)), Problem)
        gone = [(item, _gone(item)) for item in told]
        tombstones = [(item, kind) for item, kind in gone if kind is not None]
        found += [*shown, *(_tombstone(item) for item, _ in tombstones)]
        status += [*(_status(item.value) for item in shown), *(kind for _, kind in tombstones)]
    posts = [item.value for item in found]
    metrics = [post.public_metrics or _NO_METRICS for post in posts]
    withheld = [post.withheld or _NO_WITHHELD for post in posts]
    problems: dict[int, list[str]] = {}
    columns = {
        "tweet_id": arrays.texts(posts, "id"),
        "observed_at": observed(found),
        "status": pa.array(status, pa.string()),
        "author_id": arrays.texts(posts, "author_id"),
        "created_at": arrays.times(arrays.values(posts, "created_at"), "created_at", problems),
        "retweet_count": pa.array(retweet_counts(metrics), pa.int64()),
        **{name: arrays.integers(metrics, name) for name in _COUNTS},
        "withheld_country_codes": arrays.lists([w.country_codes for w in withheld], arrays.strings),
    }
    return table_of(found, columns, problems, SCHEMA)


def _status(post: Post) -> str:
    """A post that is withheld in some countries can still be seen in the others."""
    countries = (post.withheld or _NO_WITHHELD).country_codes or ()
    return "withheld" if _EVERYWHERE & set(countries) else VISIBLE


def _gone(item: Item[Problem]) -> str | None:
    return post_status(msgspec.structs.asdict(item.value))


def _tombstone(item: Item[Problem]) -> Item[Post]:
    post_id = item.value.resource_id or item.value.value
    return Item(
        Post() if post_id is None else Post(id=post_id),
        item.problems,
        item.page,
        item.position,
        item.raw,
    )
