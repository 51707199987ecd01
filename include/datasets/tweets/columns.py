"""Decoded posts to Arrow columns, each column in one go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from include.datasets import arrays
from include.datasets.tweets import schema, wire
from include.datasets.tweets.topics import Topics
from include.datasets.tweets.wire import (
    Attachments,
    EditControls,
    Entities,
    Geo,
    Media,
    Note,
    Place,
    Post,
    Reference,
    Topic,
)
from include.datasets.wire import Metrics, Withheld, retweet_counts

ENTITY_PROBLEM = "entity_problem"
"""Extra column: an entity that lies outside its text, in words; null where all lie inside."""

_METRICS = ("reply_count", "like_count", "quote_count", "bookmark_count", "impression_count")
_REFERENCE_COLUMNS = {"replied_to": "is_reply", "retweeted": "is_retweet", "quoted": "is_quote"}


@dataclass
class Rows:
    """Posts side by side with what they point to in their page's ``includes``."""

    posts: list[Post] = field(default_factory=list)
    topics: list[list[int] | None] = field(default_factory=list)
    """Numbers of the posts' ``context_annotations``."""
    known_topics: Topics = field(default_factory=Topics)
    media: list[list[Media] | None] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    problems: dict[int, list[str]] = field(default_factory=dict)
    """What was odd, by row; :func:`columns` adds times that are none."""


def columns(rows: Rows) -> dict[str, pa.Array]:
    """Every column that a post itself has, by name, and ``entity_problem``."""
    posts = rows.posts
    notes = wire.notes(posts)
    first = [post.entities or _NO_ENTITIES for post in posts]
    # Where X sends entities of a long post's whole text, those of its first part say less.
    whole = [
        note.entities if note is not None and note.entities is not None else entities
        for note, entities in zip(notes, first, strict=True)
    ]
    geo = [post.geo or _NO_GEO for post in posts]
    controls = [post.edit_controls or _NO_CONTROLS for post in posts]
    attached = [post.attachments or _NO_ATTACHMENTS for post in posts]
    withheld = [post.withheld or _NO_WITHHELD for post in posts]
    metrics = [post.public_metrics or _NO_METRICS for post in posts]
    points = [None if g.coordinates is None else g.coordinates.coordinates for g in geo]
    return {
        "tweet_id": arrays.texts(posts, "id"),
        "author_id": arrays.texts(posts, "author_id"),
        "created_at": arrays.times(arrays.values(posts, "created_at"), "created_at", rows.problems),
        "text": arrays.texts(posts, "text"),
        "note_text": pa.array([note and note.text for note in notes], pa.string()),
        "lang": arrays.texts(posts, "lang"),
        "conversation_id": arrays.texts(posts, "conversation_id"),
        "in_reply_to_user_id": arrays.texts(posts, "in_reply_to_user_id"),
        **_references(wire.references(posts)),
        "hashtags": arrays.lists([e.hashtags for e in whole], _tags),
        "cashtags": arrays.lists([e.cashtags for e in whole], _tags),
        "mentions": arrays.lists([e.mentions for e in whole], _mentions),
        "urls": arrays.lists([e.urls for e in whole], arrays.structs(schema.URL)),
        "annotations": arrays.lists(
            [e.annotations for e in first], arrays.structs(schema.ANNOTATION)
        ),
        "context_annotations": arrays.lists(rows.topics, _topics(rows.known_topics)),
        "media": arrays.lists(rows.media, arrays.structs(schema.MEDIA)),
        "poll_ids": arrays.lists([a.poll_ids for a in attached], arrays.strings),
        "place_id": arrays.texts(geo, "place_id"),
        "place_full_name": arrays.texts(rows.places, "full_name"),
        "place_country_code": arrays.texts(rows.places, "country_code"),
        "longitude": pa.array([point and point[0] for point in points], pa.float64()),
        "latitude": pa.array([point and point[1] for point in points], pa.float64()),
        "edit_history_tweet_ids": arrays.lists(wire.edit_histories(posts), arrays.strings),
        "edits_remaining": pa.array(wire.edits_remaining(controls), pa.int64()),
        "is_edit_eligible": arrays.booleans(controls, "is_edit_eligible"),
        "editable_until": arrays.times(
            arrays.values(controls, "editable_until"), "edit_controls.editable_until", rows.problems
        ),
        "is_possibly_sensitive": arrays.booleans(posts, "possibly_sensitive"),
        "reply_settings": arrays.texts(posts, "reply_settings"),
        "source": arrays.texts(posts, "source"),
        "community_id": arrays.texts(posts, "community_id"),
        "withheld_country_codes": arrays.lists([w.country_codes for w in withheld], arrays.strings),
        "is_withheld_for_copyright": arrays.booleans(withheld, "copyright"),
        "retweet_count": pa.array(retweet_counts(metrics), pa.int64()),
        **{name: arrays.integers(metrics, name) for name in _METRICS},
        ENTITY_PROBLEM: pa.array(map(_entity_problem, posts, notes), pa.string()),
    }


_NO_ENTITIES, _NO_GEO, _NO_CONTROLS = Entities(), Geo(), EditControls()
_NO_ATTACHMENTS, _NO_WITHHELD, _NO_METRICS = Attachments(), Withheld(), Metrics()
_NO_TOPIC = Topic()


def _tags(values: list[Any]) -> pa.Array:
    return arrays.texts(values, "tag")


def _mentions(values: list[Any]) -> pa.Array:
    return arrays.struct(
        schema.MENTION, arrays.values(values, "username"), arrays.values(values, "id")
    )


def _topics(known: Topics) -> Callable[[list[int]], pa.Array]:
    """Builds a struct column from the numbers of topics."""
    domains = [context.domain or _NO_TOPIC for context in known.contexts]
    entities = [context.entity or _NO_TOPIC for context in known.contexts]
    different = arrays.struct(
        schema.CONTEXT,
        arrays.values(domains, "id"),
        arrays.values(domains, "name"),
        arrays.values(entities, "id"),
        arrays.values(entities, "name"),
    )
    return lambda numbers: different.take(pa.array(numbers, pa.int32()))


def _references(lists: Sequence[Sequence[Reference] | None]) -> dict[str, pa.Array]:
    """The list itself and, for each kind, whether there is one and its first id."""
    targets: dict[str, list[str | None]] = {
        kind: [None] * len(lists) for kind in _REFERENCE_COLUMNS
    }
    kinds = {kind: np.zeros(len(lists), np.bool_) for kind in _REFERENCE_COLUMNS}
    for row, references in enumerate(lists):
        for reference in references or ():
            if reference.type in kinds and not kinds[reference.type][row]:
                kinds[reference.type][row] = True
                targets[reference.type][row] = reference.id
    built = {column: pa.array(kinds[kind]) for kind, column in _REFERENCE_COLUMNS.items()}
    built |= {f"{kind}_tweet_id": pa.array(ids, pa.string()) for kind, ids in targets.items()}
    built["referenced_tweets"] = arrays.lists(
        lists,
        lambda flat: arrays.struct(
            schema.REFERENCE, arrays.values(flat, "type"), arrays.values(flat, "id")
        ),
    )
    return built


def _entity_problem(post: Post, note: Note | None) -> str | None:
    """The first entity that is reversed or lies outside the text it belongs to, in words."""
    found = None
    if post.entities is not None and post.text is not None:
        found = _outside(post.entities, len(post.text), "the text")
    if found is None and note is not None and note.entities is not None and note.text is not None:
        found = _outside(note.entities, len(note.text), "the whole text")
    return found


def _outside(entities: Entities, length: int, text: str) -> str | None:
    for found in (entities.hashtags, entities.cashtags, entities.mentions, entities.urls):
        if found:
            for entity in found:
                start, end = entity.start, entity.end
                if start is not None and end is not None and not 0 <= start < end <= length:
                    kind = type(entity).__name__.lower()
                    return f"{kind} from {start} to {end}, but {text} has {length} characters"
    return None
