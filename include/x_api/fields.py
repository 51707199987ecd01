"""What is asked of X: the fields and expansions that a column needs, and no more.

Posts and users that arrive in ``includes`` may be charged, so no expansion asks for them unless it
is set; media and places are not.
"""

from __future__ import annotations

TWEET_FIELDS = [
    "attachments",
    "author_id",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "edit_controls",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "note_tweet",
    "possibly_sensitive",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "source",
    "text",
    "withheld",
]
EXPANSIONS = ["attachments.media_keys", "geo.place_id"]
"""Those that a column needs; a setting may ask for others."""
KNOWN_EXPANSIONS = [
    "article.cover_media",
    "article.media_entities",
    "attachments.media_keys",
    "attachments.media_source_tweet",
    "attachments.poll_ids",
    "author_id",
    "edit_history_tweet_ids",
    "entities.mentions.username",
    "entities.note.mentions.username",
    "geo.place_id",
    "in_reply_to_user_id",
    "referenced_tweets.id",
    "referenced_tweets.id.attachments.media_keys",
    "referenced_tweets.id.author_id",
]
MEDIA_FIELDS = [
    "alt_text",
    "duration_ms",
    "height",
    "media_key",
    "preview_image_url",
    "type",
    "url",
    "width",
]
PLACE_FIELDS = ["country_code", "full_name", "id"]
LOOKUP_FIELDS = ["created_at", "id", "protected", "public_metrics", "username"]
"""What planning needs to know of an account."""
METRICS_FIELDS = ["author_id", "created_at", "id", "public_metrics", "withheld"]
"""What a snapshot of a post's metrics needs."""
USER_FIELDS = [
    "created_at",
    "description",
    "entities",
    "id",
    "location",
    "name",
    "pinned_tweet_id",
    "profile_image_url",
    "protected",
    "public_metrics",
    "url",
    "username",
    "verified",
    "verified_type",
    "withheld",
]
"""A whole profile; a user costs the same with all its fields as with one."""
