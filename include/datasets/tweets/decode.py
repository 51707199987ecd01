"""Raw pages to rows: one row per post, in X's order, nothing lost and nothing guessed.

A page whose values are all as expected is decoded at once. In any other page each post is looked
at alone, and in an odd post each field: what does not fit becomes null and ``decode_problem`` says
what was found.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from include.datasets.dataset import PROBLEM, RAW, RawPage, UnreadablePage
from include.datasets.repair import repair
from include.datasets.tweets.columns import ENTITY_PROBLEM, Rows, columns
from include.datasets.tweets.schema import SCHEMA
from include.datasets.tweets.wire import Includes, Media, OddPage, Page, Place, Post

__all__ = ["DECODED", "RawPage", "decode"]

DECODED = pa.schema(
    [f.with_nullable(True) for f in SCHEMA]
    + [pa.field(name, pa.string()) for name in (ENTITY_PROBLEM, PROBLEM, RAW)]
)
"""Columns of :func:`decode`'s table: a quarantined row may lack anything."""

_PAGE = msgspec.json.Decoder(Page)
_ODD_PAGE = msgspec.json.Decoder(OddPage)
_POST = msgspec.json.Decoder(Post)
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
    lengths = [_read(page, rows) for page in pages]
    page_of = np.repeat(np.arange(len(pages)), lengths)
    first = np.cumsum([0, *lengths])[page_of]
    position = (np.arange(len(rows.posts)) - first).astype(np.int32)
    built = columns(rows)
    built["raw_key"] = pa.array([page.key for page in pages], pa.string()).take(pa.array(page_of))
    built["raw_position"] = pa.array(position)
    built[PROBLEM] = _sparse(
        {row: "; ".join(problems) for row, problems in rows.problems.items()}, len(rows.posts)
    )
    cuts = {at: _cut(pages[at])[0] for at in sorted({int(page_of[row]) for row in rows.problems})}
    built[RAW] = _sparse(
        {row: bytes(cuts[int(page_of[row])][position[row]]).decode() for row in rows.problems},
        len(rows.posts),
    )
    return pa.table([built[name] for name in DECODED.names], schema=DECODED)


def _sparse(values: dict[int, str], length: int) -> pa.Array:
    return pa.array(map(values.get, range(length)), pa.string())


def _read(page: RawPage, rows: Rows) -> int:
    """Append the page's posts to ``rows``; returns how many."""
    odd_includes: dict[str, list[str]] = {}
    try:
        decoded = _PAGE.decode(page.body)
        posts, includes = decoded.data or [], decoded.includes or _NO_INCLUDES
    except (msgspec.DecodeError, UnicodeDecodeError):
        raws, raw_includes = _cut(page)
        posts = [_post(raw, len(rows.posts) + at, rows.problems) for at, raw in enumerate(raws)]
        includes = _includes(raw_includes, odd_includes)
    media = {item.media_key: item for item in includes.media or ()}
    places = {place.id: place for place in includes.places or ()}
    for row, post in enumerate(posts, start=len(rows.posts)):
        keys = post.attachments.media_keys if post.attachments is not None else None
        place_id = post.geo.place_id if post.geo is not None else None
        rows.media.append([media.get(key) or Media(media_key=key) for key in keys or ()])
        rows.places.append(places.get(place_id, _NO_PLACE) if place_id else _NO_PLACE)
        for key in odd_includes.keys() & {*(keys or ()), place_id}:
            rows.problems.setdefault(row, []).extend(odd_includes[key])
    rows.posts.extend(posts)
    return len(posts)


def _cut(page: RawPage) -> tuple[list[msgspec.Raw], msgspec.Raw]:
    """The page cut into the JSON of each post and that of ``includes``."""
    try:
        odd = _ODD_PAGE.decode(page.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        odd = _cut_leniently(page)
    return odd.data or [], odd.includes


def _cut_leniently(page: RawPage) -> OddPage:
    """The same with Python's own parser, which takes half a surrogate pair for a character."""
    try:
        parsed = json.loads(page.body)
    except ValueError as error:
        raise UnreadablePage(page.key, error) from error
    if not isinstance(parsed, dict):
        raise UnreadablePage(page.key, "it is no JSON object")
    data = parsed.get("data") or []
    if not isinstance(data, list):
        raise UnreadablePage(page.key, "its data is no list")
    return OddPage([_raw(post) for post in data], _raw(parsed.get("includes")))


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def _post(raw: msgspec.Raw, row: int, problems: dict[int, list[str]]) -> Post:
    try:
        return _POST.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = problems.setdefault(row, [])
        return repair(json.loads(bytes(raw)), Post, "post", found) or Post()


def _includes(raw: msgspec.Raw, problems: dict[str, list[str]]) -> Includes:
    """The page's includes; what is odd in one is a problem of the posts that point to it."""
    try:
        return _INCLUDES.decode(raw) or _NO_INCLUDES
    except (msgspec.DecodeError, UnicodeDecodeError):
        parsed = json.loads(bytes(raw))
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
