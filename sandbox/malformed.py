"""What is wrong with the posts of `faulty_feed`: the whole list, one function each.

A malformation is applied to a post as it would go over the wire, in the classic vocabulary, with
the fields that were asked for.
"""

from collections.abc import Callable
from typing import Any

from sandbox.cast import CAST

Wire = dict[str, Any]


def _metric(name: str, value: object) -> Callable[[Wire], Any]:
    def apply(post: Wire) -> Any:
        return post | {"public_metrics": {**post.get("public_metrics", {}), name: value}}

    return apply


def _set(**values: object) -> Callable[[Wire], Any]:
    return lambda post: post | values


def _offsets_beyond(post: Wire) -> Any:
    end = len(post["text"]) + 40
    tag = {"start": end - 8, "end": end, "tag": "missing"}
    return post | {"entities": {**post.get("entities", {}), "hashtags": [tag]}}


MALFORMATIONS: dict[str, Callable[[Wire], Any]] = {
    "negative_like_count": _metric("like_count", -7),
    "created_at_outside_interval": _set(created_at="2021-02-03T04:05:06.000Z"),
    "created_at_garbage": _set(created_at="the day before yesterday"),
    "id_not_digits": lambda post: post | {"id": f"x{post['id'][1:]}"},
    "id_as_number": lambda post: post | {"id": int(post["id"])},
    "author_id_of_somebody_else": _set(author_id=CAST[0].user_id),
    "text_missing": lambda post: {k: v for k, v in post.items() if k != "text"},
    "text_with_nul": lambda post: post | {"text": f"{post['text'][:20]}\x00{post['text'][20:]}"},
    "text_with_lone_surrogate": lambda post: post | {"text": f"{post['text'][:30]}\ud83d"},
    "count_as_string": _metric("retweet_count", "12"),
    "count_beyond_int64": _metric("impression_count", 2**63),
    "count_with_fraction": _metric("reply_count", 1.5),
    "public_metrics_null": _set(public_metrics=None),
    "lang_of_forty_characters": _set(lang="en-" + "x" * 37),
    "entity_offsets_beyond_text": _offsets_beyond,
    "post_is_a_string": lambda post: f"post {post['id']}",
}
"""Name of the malformation, and what it does to a post."""

DUPLICATE = "exact_duplicate"
"""Not a change of a post: the same post comes again, on a later page."""

# Faulty_feed posts at twenty times in every four hours (UTC), counted from the oldest. An even
# spread, with good posts between, so that a page is never all bad.
_NAMES = tuple(MALFORMATIONS)
SCHEDULE: tuple[str | None, ...] = (
    *_NAMES[:5],
    None,
    *_NAMES[5:10],
    None,
    *_NAMES[10:],
    DUPLICATE,
    None,
)
DUPLICATE_OF = 5
"""Which of the twenty the duplicate repeats: a good one, more than a page of ten before."""
