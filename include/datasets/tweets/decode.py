"""Raw pages to rows: one row per post, in X's order, nothing lost and nothing guessed.

Each post is decoded alone, so an odd one takes no other down. In an odd post each field is looked
at alone: what does not fit becomes null and ``decode_problem`` says what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from include.collector import collector_at_rest
from include.datasets.dataset import PROBLEM, RAW, RawPage
from include.datasets.page import UNREADABLE, text_of
from include.datasets.repair import repair
from include.datasets.tweets.columns import ENTITY_PROBLEM, Rows, columns
from include.datasets.tweets.schema import SCHEMA
from include.datasets.tweets.wire import CutPost, Includes, Media, Place, Post
from include.foreign_json import parse

__all__ = ["DECODED", "RawPage", "decode"]

DECODED = pa.schema(
    [f.with_nullable(True) for f in SCHEMA]
    + [pa.field(name, pa.string()) for name in (ENTITY_PROBLEM, PROBLEM, RAW)]
)
"""Columns of :func:`decode`'s table: a quarantined row may lack anything."""

_POST = msgspec.json.Decoder(CutPost)
_INCLUDES = msgspec.json.Decoder(Includes | None)
_NO_INCLUDES = Includes()
_NO_PLACE = Place()

_Shape = TypeVar("_Shape", Media, Place)


def decode(pages: Sequence[RawPage]) -> pa.Table:
    """One row per post of ``data``, in order.

    Returns:
        A table of :data:`DECODED`: the columns of the dataset, all nullable, then
        ``entity_problem``, ``decode_problem`` ("public_metrics.like_count: '12' is a text, not a
        whole number") and ``raw_post``, the post's JSON, only where there is a problem.

    Raises:
        UnreadablePage: a page is no JSON object, or its ``data`` no list.
    """
    rows = Rows()
    raws: list[msgspec.Raw] = []
    with collector_at_rest():
        positions = [_read(page, rows, raws) for page in pages]
        built = columns(rows)
    page_of = np.repeat(np.arange(len(pages)), list(map(len, positions)))
    built["raw_key"] = pa.array([page.key for page in pages], pa.string()).take(pa.array(page_of))
    built["raw_position"] = pa.array(list(chain.from_iterable(positions)), pa.int32())
    # A post may be odd only in what no column shows.
    problems = {row: "; ".join(found) for row, found in rows.problems.items() if found}
    built[PROBLEM] = pa.array(map(problems.get, range(len(raws))), pa.string())
    odd = {row: text_of(raws[row]) for row in problems}
    built[RAW] = pa.array(map(odd.get, range(len(raws))), pa.string())
    return pa.table([built[name] for name in DECODED.names], schema=DECODED)


def _read(page: RawPage, rows: Rows, raws: list[msgspec.Raw]) -> Sequence[int]:
    """Append the page's posts to ``rows`` and their JSON to ``raws``; returns their positions."""
    items = page.items
    found = items.data
    odd_includes: dict[str, list[str]] = {}
    includes = _includes(items.includes, odd_includes)
    media = {item.media_key: item for item in includes.media or ()}
    places = {place.id: place for place in includes.places or ()}
    for row, raw in enumerate(found, start=len(raws)):
        post: Post
        try:
            post = cut_post = _POST.decode(raw)
            topics = rows.known_topics.numbers(cut_post.context_annotations)
        except UNREADABLE:
            odd = rows.problems.setdefault(row, [])
            post = repair(parse(bytes(raw)), Post, "post", odd) or Post()
            topics = rows.known_topics.add(post.context_annotations)
        keys = post.attachments.media_keys if post.attachments is not None else None
        place_id = post.geo.place_id if post.geo is not None else None
        rows.posts.append(post)
        rows.topics.append(topics)
        rows.media.append([media.get(k) or Media(media_key=k) for k in keys] if keys else None)
        rows.places.append(places.get(place_id, _NO_PLACE) if place_id else _NO_PLACE)
        if odd_includes:
            for key in odd_includes.keys() & {*(keys or ()), place_id}:
                rows.problems.setdefault(row, []).extend(odd_includes[key])
    raws += found
    return items.positions


def _includes(raw: msgspec.Raw, problems: dict[str, list[str]]) -> Includes:
    """The page's includes; what is odd in one is a problem of the posts that point to it."""
    try:
        return _INCLUDES.decode(raw) or _NO_INCLUDES
    except UNREADABLE:
        parsed = parse(bytes(raw))
    parts = parsed if isinstance(parsed, dict) else {}
    return Includes(
        media=_included(parts.get("media"), Media, "media_key", problems),
        places=_included(parts.get("places"), Place, "id", problems),
    )


def _included(
    items: Any, shape: type[_Shape], key: str, problems: dict[str, list[str]]
) -> list[_Shape]:
    kept = []
    for item in items if isinstance(items, list) else ():
        found: list[str] = []
        included = repair(item, shape, "include", found)
        if included is not None:
            kept.append(included)
            name = getattr(included, key)
            if found and name:
                problems[name] = [f"{name} in includes: {problem}" for problem in found]
    return kept
