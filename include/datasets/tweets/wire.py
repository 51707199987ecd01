"""Pages of posts as X sends them: the fields that a column needs, strictly typed.

X speaks two vocabularies at once, ``tweet`` and ``post``. Both are read here, the only place that
knows the second one; everything behind it says ``tweet``. Keys that are not listed are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Raw

from include.datasets.wire import ABSENT, Int64, Metrics, Number, Text, Url, Wire, Withheld


class Tag(Wire):
    """A hashtag or a cashtag."""

    tag: Text = None
    start: Number = None
    end: Number = None


class Mention(Wire):
    """A mentioned user; old payloads lack the id."""

    username: Text = None
    id: Text = None
    start: Number = None
    end: Number = None


class Annotation(Wire):
    """A named entity."""

    type: Text = None
    normalized_text: Text = None
    probability: float | None = None


class Entities(Wire):
    """What X found in a text; offsets count code points, the end is exclusive."""

    hashtags: list[Tag] | None = None
    cashtags: list[Tag] | None = None
    mentions: list[Mention] | None = None
    urls: list[Url] | None = None
    annotations: list[Annotation] | None = None


class Note(Wire):
    """The whole text of a long post."""

    text: Text = None
    entities: Entities | None = None


class Topic(Wire):
    """One half of a context annotation."""

    id: Text = None
    name: Text = None


class Context(Wire):
    """A topic that X inferred."""

    domain: Topic | None = None
    entity: Topic | None = None


class Reference(Wire):
    """Another post, and what this one does with it."""

    type: str = ABSENT
    id: str = ABSENT


class Attachments(Wire):
    """Keys of media and ids of polls."""

    media_keys: list[str] | None = None
    poll_ids: list[str] | None = None


class Point(Wire):
    """Longitude, then latitude, in degrees."""

    coordinates: tuple[float, float] | None = None


class Geo(Wire):
    """Where it was posted, if that was shared."""

    place_id: Text = None
    coordinates: Point | None = None


class EditControls(Wire):
    """Whether and until when it can be edited; payloads of 2022 have the number as text."""

    edits_remaining: Int64 | Annotated[str, Meta(pattern="^[0-9]{1,9}$")] | None = None
    is_edit_eligible: bool | None = None
    editable_until: Text = None


class Post(Wire):
    """One post; the functions below read what X sends under two names."""

    id: str = ABSENT
    author_id: str = ABSENT
    created_at: str = ABSENT
    text: str = ABSENT
    note_tweet: Note | None = None
    note_post: Note | None = None
    lang: Text = None
    conversation_id: Text = None
    in_reply_to_user_id: Text = None
    referenced_tweets: list[Reference] | None = None
    referenced_posts: list[Reference] | None = None
    entities: Entities | None = None
    context_annotations: list[Context] | None = None
    attachments: Attachments | None = None
    geo: Geo | None = None
    edit_history_tweet_ids: list[str] | None = None
    edit_history_post_ids: list[str] | None = None
    edit_controls: EditControls | None = None
    possibly_sensitive: bool | None = None
    reply_settings: Text = None
    source: Text = None
    community_id: Text = None
    withheld: Withheld | None = None
    public_metrics: Metrics = ABSENT


class CutPost(Post):
    """A post whose topics are cut but not read: the same few come in nearly every post."""

    context_annotations: list[Raw] | None = None  # type: ignore[assignment]


class Media(Wire):
    """Attached media, from ``includes``."""

    media_key: str = ABSENT
    type: Text = None
    url: Text = None
    preview_image_url: Text = None
    alt_text: Text = None
    width: Number = None
    height: Number = None
    duration_ms: Number = None


class Place(Wire):
    """A place, from ``includes``."""

    id: str = ABSENT
    full_name: Text = None
    country_code: Text = None


class Includes(Wire):
    """What the posts of a page refer to; anything may be missing."""

    media: list[Media] | None = None
    places: list[Place] | None = None


def notes(posts: Iterable[Post]) -> list[Note | None]:
    """The whole text of each long post."""
    return [post.note_tweet or post.note_post for post in posts]


def references(posts: Iterable[Post]) -> list[list[Reference] | None]:
    """What each post answers, reposts and quotes."""
    return [post.referenced_tweets or post.referenced_posts for post in posts]


def edit_histories(posts: Iterable[Post]) -> list[list[str] | None]:
    """Ids of each post's versions; seen on the wire: a history with one empty id."""
    histories = [post.edit_history_tweet_ids or post.edit_history_post_ids for post in posts]
    return [ids and [i for i in ids if i] for ids in histories]


def edits_remaining(controls: Iterable[EditControls]) -> list[int | None]:
    """How often each post may still be edited."""
    counts = [control.edits_remaining for control in controls]
    return [int(count) if isinstance(count, str) else count for count in counts]
