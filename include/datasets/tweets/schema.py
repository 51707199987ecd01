"""The columns of ``curated/tweets``."""

from __future__ import annotations

import pyarrow as pa

from include.datasets.schema import RAW_COLUMNS, TIMESTAMP, Column, schema_of

REFERENCE = pa.struct([("type", pa.string()), ("tweet_id", pa.string())])
MENTION = pa.struct([("username", pa.string()), ("user_id", pa.string())])
URL = pa.struct(
    [
        ("url", pa.string()),
        ("expanded_url", pa.string()),
        ("display_url", pa.string()),
        ("unwound_url", pa.string()),
        ("title", pa.string()),
    ]
)
ANNOTATION = pa.struct(
    [("type", pa.string()), ("normalized_text", pa.string()), ("probability", pa.float64())]
)
CONTEXT = pa.struct(
    [
        ("domain_id", pa.string()),
        ("domain_name", pa.string()),
        ("entity_id", pa.string()),
        ("entity_name", pa.string()),
    ]
)
MEDIA = pa.struct(
    [
        ("media_key", pa.string()),
        ("type", pa.string()),
        ("url", pa.string()),
        ("preview_image_url", pa.string()),
        ("alt_text", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("duration_ms", pa.int64()),
    ]
)


COLUMNS: tuple[Column, ...] = (
    Column("tweet_id", pa.string(), False, "Id of the post, 1 to 19 digits. An edit is a new id."),
    Column("author_id", pa.string(), False, "User id of the author."),
    Column("created_at", TIMESTAMP, False, "When the post was written."),
    Column("text", pa.string(), False, "Text as X delivers it; a repost's is cut by X at 140."),
    Column("note_text", pa.string(), True, "The whole text of a long post; null on any other."),
    Column("lang", pa.string(), True, "Language that X detected (BCP 47, or und, qme, zxx, …)."),
    Column("conversation_id", pa.string(), True, "Id of the post that started the conversation."),
    Column("in_reply_to_user_id", pa.string(), True, "User id that a reply answers."),
    Column("is_reply", pa.bool_(), False, "Answers a post."),
    Column("is_retweet", pa.bool_(), False, "Is a repost."),
    Column("is_quote", pa.bool_(), False, "Quotes a post; a reply may quote as well."),
    Column("replied_to_tweet_id", pa.string(), True, "Post that this one answers."),
    Column("retweeted_tweet_id", pa.string(), True, "Post that this one reposts."),
    Column("quoted_tweet_id", pa.string(), True, "Post that this one quotes."),
    Column("referenced_tweets", pa.list_(REFERENCE), False, "Every reference, in X's order."),
    Column("hashtags", pa.list_(pa.string()), False, "Hashtags of the whole text, without #."),
    Column("cashtags", pa.list_(pa.string()), False, "Cashtags of the whole text, without $."),
    Column("mentions", pa.list_(MENTION), False, "Users mentioned in the whole text."),
    Column("urls", pa.list_(URL), False, "Links of the whole text, expanded."),
    Column("annotations", pa.list_(ANNOTATION), False, "Named entities; X stopped on 2026-03-24."),
    Column("context_annotations", pa.list_(CONTEXT), False, "Topics that X inferred."),
    Column("media", pa.list_(MEDIA), False, "Attached media; only the key where X sent no more."),
    Column("poll_ids", pa.list_(pa.string()), False, "Ids of attached polls."),
    Column("place_id", pa.string(), True, "Id of the tagged place."),
    Column("place_full_name", pa.string(), True, "Name of the tagged place."),
    Column("place_country_code", pa.string(), True, "Country of the place (ISO 3166-1 alpha-2)."),
    Column("longitude", pa.float64(), True, "Degrees east of the exact point, if it was shared."),
    Column("latitude", pa.float64(), True, "Degrees north of the exact point, if it was shared."),
    Column("edit_history_tweet_ids", pa.list_(pa.string()), False, "Ids of all versions so far."),
    Column("edits_remaining", pa.int64(), True, "How often it may still be edited."),
    Column("is_edit_eligible", pa.bool_(), True, "Could be edited when it was posted."),
    Column("editable_until", TIMESTAMP, True, "Until when it could be edited."),
    Column("is_possibly_sensitive", pa.bool_(), True, "Links to content marked as sensitive."),
    Column("reply_settings", pa.string(), True, "Who may reply: everyone, mentionedUsers, …"),
    Column("source", pa.string(), True, "App it was posted from; X often leaves it out."),
    Column("community_id", pa.string(), True, "Community it was posted in."),
    Column("withheld_country_codes", pa.list_(pa.string()), False, "Where it is withheld."),
    Column("is_withheld_for_copyright", pa.bool_(), True, "Withheld after a copyright claim."),
    Column("retweet_count", pa.int64(), True, "Reposts when it was fetched."),
    Column("reply_count", pa.int64(), True, "Replies when it was fetched."),
    Column("like_count", pa.int64(), True, "Likes when it was fetched."),
    Column("quote_count", pa.int64(), True, "Quotes when it was fetched."),
    Column("bookmark_count", pa.int64(), True, "Bookmarks; null in old payloads, never 0."),
    Column("impression_count", pa.int64(), True, "Views; null in old payloads, never 0."),
    *RAW_COLUMNS,
)

SCHEMA = schema_of(COLUMNS)
