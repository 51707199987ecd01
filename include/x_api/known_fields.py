"""The fields that X may send in answer to what is asked of it, in both of its vocabularies.

What stands here and in no column is documented by X: it comes along and nobody needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from include.x_api.fields import MEDIA_FIELDS, PLACE_FIELDS, TWEET_FIELDS, USER_FIELDS

Known = dict[str, Any]
"""Name of a field → the fields in it; nothing where all that may be in it is known."""


def _each(names: Iterable[str]) -> Known:
    return {name: {} for name in names}


def _fields(names: str) -> Known:
    return _each(names.split())


_TAG = _fields("start end tag")
_IMAGE = _fields("height url width")
_URL = _fields(
    "start end url expanded_url display_url unwound_url title description status media_key"
) | {"images": _IMAGE}
_TOPIC = _fields("id name description")
_REFERENCE = _fields("type id")
_ENTITIES: Known = {
    "hashtags": _TAG,
    "cashtags": _TAG,
    "mentions": _fields("start end username id"),
    "urls": _URL,
    "annotations": _fields("start end type normalized_text probability"),
}
_NOTE: Known = {"text": {}, "entities": _ENTITIES}
_WITHHELD = _fields("copyright country_codes scope")
_POST: Known = _each([*TWEET_FIELDS, "edit_history_post_ids"]) | {
    "attachments": _fields("media_keys poll_ids media_source_tweet_id"),
    "context_annotations": {"domain": _TOPIC, "entity": _TOPIC},
    "edit_controls": _fields("editable_until edits_remaining is_edit_eligible"),
    "entities": _ENTITIES,
    "geo": {"place_id": {}, "coordinates": _fields("type coordinates")},
    "note_post": _NOTE,
    "note_tweet": _NOTE,
    "public_metrics": _fields(
        "retweet_count repost_count reply_count like_count quote_count bookmark_count "
        "impression_count"
    ),
    "referenced_posts": _REFERENCE,
    "referenced_tweets": _REFERENCE,
    "withheld": _WITHHELD,
}
_USER: Known = _each([*USER_FIELDS, "pinned_post_id"]) | {
    "entities": {"url": _ENTITIES, "description": _ENTITIES},
    "public_metrics": _fields(
        "followers_count following_count tweet_count post_count listed_count like_count media_count"
    ),
    "withheld": _WITHHELD,
}
KNOWN: dict[str, Known] = {
    "answer": {
        "data": {},
        "errors": {},
        "includes": _fields("media places polls posts topics tweets users"),
        "meta": _fields("result_count next_token previous_token newest_id oldest_id"),
    },
    "error": _fields(
        "value detail title resource_type parameter resource_id type section field status"
    ),
    "media": _each(MEDIA_FIELDS),
    "place": _each(PLACE_FIELDS),
    "poll": {"id": {}, "options": _fields("position label votes")},
    "post": _POST,
    "user": _USER,
}
"""By kind of object."""
