"""What is derived from a post: columns that X does not send, row for row, by arithmetic alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.datasets.schema import Column, schema_of
from include.warehouse.language import FEWEST_LETTERS, detected_language
from include.warehouse.links import domain_of, link_domains
from include.warehouse.lists import owners
from include.warehouse.texts import whole_text, word_count, words

COLUMNS: tuple[Column, ...] = (
    Column(
        "kind",
        pa.string(),
        False,
        "What the post is: original, reply, quote, retweet; several at once are joined by + in "
        "that order, as reply+quote.",
    ),
    Column(
        "engagement_count",
        pa.int64(),
        True,
        "Likes, replies, reposts and quotes together, when it was fetched. Null where X left out "
        "any of the four, as the sum of the others would look like a small one; null of a repost, "
        "with which X sends the reposts of the original: those are its author's.",
    ),
    Column(
        "engagement_rate",
        pa.float64(),
        True,
        "engagement_count per view; null where X sent no views, or none were counted.",
    ),
    Column(
        "character_count",
        pa.int32(),
        False,
        "Characters (code points) of the whole text, of a long post as well; of a repost what X "
        "left of it. &amp;, as X writes &, is one.",
    ),
    Column(
        "word_count",
        pa.int32(),
        True,
        "Words of the whole text without links and mentions: runs without white space that hold a "
        "letter or a digit. Null where the text has characters of a script without spaces between "
        "words (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan, Javanese).",
    ),
    Column("hashtag_count", pa.int32(), False, "Hashtags in the text, each time it is there."),
    Column("mention_count", pa.int32(), False, "Mentions in the text, each time it is there."),
    Column(
        "url_count",
        pa.int32(),
        False,
        "Links as X lists them, among them those to its own photos, videos and the quoted post.",
    ),
    Column("media_count", pa.int32(), False, "Attached photos, videos and animated GIFs."),
    Column(
        "photo_count",
        pa.int32(),
        True,
        "Attached photos; null where X did not tell the type of all that is attached.",
    ),
    Column(
        "video_count",
        pa.int32(),
        True,
        "Attached videos and animated GIFs; null where X did not tell the type of all that is "
        "attached.",
    ),
    Column(
        "link_domains",
        pa.list_(pa.string()),
        False,
        "Different hosts that its links lead to, lower case, without www., in the order of the "
        "links; x.com, twitter.com and t.co are left out.",
    ),
    Column("posted_hour", pa.int16(), False, "Hour of the day when it was written, UTC, 0 to 23."),
    Column("posted_weekday", pa.int16(), False, "Day of the week, UTC, 1 Monday to 7 Sunday."),
    Column(
        "detected_lang",
        pa.string(),
        True,
        "Language (ISO 639-1) that the library lingua detects where X's lang is null or und; null "
        f"on any other, in a text of fewer than {FEWEST_LETTERS} letters, or where it is not sure.",
    ),
)

SCHEMA = schema_of(COLUMNS)

READ = (
    *("text", "note_text", "lang", "created_at", "is_reply", "is_quote", "is_retweet"),
    *("like_count", "reply_count", "retweet_count", "quote_count", "impression_count"),
    *("hashtags", "mentions", "urls", "media"),
)
"""Columns of ``curated/tweets`` that this needs."""

AT_ONCE = 65_536
"""Rows of a batch: what is made of them still fits the processor's caches."""
_KINDS = {"is_reply": "reply", "is_quote": "quote", "is_retweet": "retweet"}
_EVERY_KIND = pa.array(
    "+".join(kind for bit, kind in enumerate(_KINDS.values()) if number >> bit & 1) or "original"
    for number in range(2 ** len(_KINDS))
)
"""What a post is by its flags, the first the lowest bit."""
_VIDEOS = pa.array(["video", "animated_gif"])


def enrich(posts: pa.Table) -> pa.Table:
    """The derived columns of posts.

    Args:
        posts: rows with the columns :data:`READ` of ``curated/tweets``.

    Returns:
        As many rows, in the same order, with the columns of :data:`SCHEMA`.
    """
    batches = posts.select(READ).to_batches(max_chunksize=AT_ONCE)
    made = [derived(batch, domain_of(pc.list_flatten(batch["urls"]))) for batch in batches]
    return pa.Table.from_batches(made, SCHEMA)


def engagement_count(rows: pa.RecordBatch) -> pa.Array:
    """Likes, replies, reposts and quotes together; null where one of the four is."""
    together = rows["like_count"]
    for count in ("reply_count", "retweet_count", "quote_count"):
        together = pc.add_checked(together, rows[count])
    return together


def derived(posts: pa.RecordBatch, domains: pa.Array) -> pa.RecordBatch:
    """The derived columns of one batch; ``domains`` of all its links, in order."""
    text = whole_text(posts)
    engagement = pc.if_else(posts["is_retweet"], None, engagement_count(posts))
    photos, videos = _media_counts(posts["media"])
    columns = {
        "kind": _kind(posts),
        "engagement_count": engagement,
        "engagement_rate": _rate(engagement, posts["impression_count"]),
        "character_count": pc.utf8_length(text),
        "word_count": word_count(words(text)),
        "hashtag_count": pc.list_value_length(posts["hashtags"]),
        "mention_count": pc.list_value_length(posts["mentions"]),
        "url_count": pc.list_value_length(posts["urls"]),
        "media_count": pc.list_value_length(posts["media"]),
        "photo_count": photos,
        "video_count": videos,
        "link_domains": link_domains(posts["urls"], domains),
        "posted_hour": pc.hour(posts["created_at"]).cast(pa.int16()),
        "posted_weekday": pc.day_of_week(
            posts["created_at"], count_from_zero=False, week_start=1
        ).cast(pa.int16()),
        "detected_lang": detected_language(posts["lang"], text),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _kind(posts: pa.RecordBatch) -> pa.Array:
    """What each post is, in words."""
    flags = [posts[flag].to_numpy(zero_copy_only=False) for flag in _KINDS]
    return _EVERY_KIND.take(pa.array(sum(flag * 2**bit for bit, flag in enumerate(flags))))


def _rate(engagement: pa.Array, views: pa.Array) -> pa.Array:
    seen = pc.if_else(pc.equal(views, 0), None, views)
    return pc.divide(engagement.cast(pa.float64(), safe=False), seen.cast(pa.float64(), safe=False))


def _media_counts(media: pa.Array) -> tuple[pa.Array, pa.Array]:
    """How many photos and videos each post has; null where X left out the type of one."""
    types = pc.struct_field(pc.list_flatten(media), "type")
    rows = owners(media)

    def per_post(which: pa.Array) -> pa.Array:
        chosen = pc.fill_null(which, fill_value=False).to_numpy(zero_copy_only=False)
        return pa.array(np.bincount(rows[chosen], minlength=len(media)), pa.int32())

    told = pc.equal(per_post(types.is_null()), 0)
    photos = per_post(pc.equal(types, "photo"))
    videos = per_post(pc.is_in(types, _VIDEOS))
    return pc.if_else(told, photos, None), pc.if_else(told, videos, None)
