"""Field names of the X API: which exist, in which vocabulary, and what a caller gets of them."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.cast import Vocabulary

_TO_NEW = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
    "pinned_tweet_id": "pinned_post_id",
    "most_recent_tweet_id": "most_recent_post_id",
    "tweets": "posts",
}
_TO_CLASSIC = {new: classic for classic, new in _TO_NEW.items()}

PRIVATE_FIELDS = frozenset({"non_public_metrics", "organic_metrics", "promoted_metrics"})
"""Asked for with an app's token, these come back as field authorization errors."""

POST_FIELDS = PRIVATE_FIELDS | set(
    "article article_title attachments author_id card_uri community_id context_annotations "
    "conversation_id created_at display_text_range edit_controls edit_history_tweet_ids entities "
    "geo id in_reply_to_user_id lang matched_media_notes media_metadata note_request_suggestions "
    "note_tweet paid_partnership possibly_sensitive public_metrics referenced_tweets "
    "reply_settings scopes source suggested_source_links suggested_source_links_with_counts text "
    "withheld".split()
)
USER_FIELDS = frozenset(
    "affiliation confirmed_email connection_status created_at description entities id "
    "is_identity_verified location most_recent_tweet_id name parody pinned_tweet_id "
    "profile_banner_url profile_image_url protected public_metrics receives_your_dm "
    "subscribes_to_you subscription subscription_type url username verified "
    "verified_followers_count verified_type withheld".split()
)
MEDIA_FIELDS = PRIVATE_FIELDS | set(
    "alt_text duration_ms height media_key preview_image_url public_metrics type url variants "
    "width".split()
)
PLACE_FIELDS = frozenset(
    "contained_within country country_code full_name geo id name place_type".split()
)
POLL_FIELDS = frozenset("duration_minutes end_datetime id options voting_status".split())
USAGE_FIELDS = frozenset(
    "cap_reset_day daily_client_app_usage daily_project_usage project_cap project_id "
    "project_usage".split()
)
POST_EXPANSIONS = frozenset(
    "article.cover_media article.media_entities attachments.media_keys "
    "attachments.media_source_tweet attachments.poll_ids author_id edit_history_tweet_ids "
    "entities.mentions.username entities.note.mentions.username geo.place_id in_reply_to_user_id "
    "referenced_tweets.id referenced_tweets.id.attachments.media_keys "
    "referenced_tweets.id.author_id username".split()
)
USER_EXPANSIONS = frozenset({"affiliation.user_id", "most_recent_tweet_id", "pinned_tweet_id"})
_NEW_EXPANSIONS = {"referenced_posts": "referenced_tweets.id", "affiliation": "affiliation.user_id"}

POST_DEFAULTS = frozenset({"id", "text", "edit_history_tweet_ids"})
USER_DEFAULTS = frozenset({"id", "name", "username"})
MEDIA_DEFAULTS = frozenset({"media_key", "type"})
PLACE_DEFAULTS = frozenset({"id", "full_name"})
POLL_DEFAULTS = frozenset({"id", "options"})


def classic_field(name: str) -> str:
    """Return the classic name of a field that may be written in either vocabulary."""
    return _TO_CLASSIC.get(name, name)


def classic_expansion(name: str) -> str:
    """Return the classic name of an expansion that may be written in either vocabulary."""
    return _NEW_EXPANSIONS.get(name) or _TO_CLASSIC.get(name, name)


def speak(vocabulary: Vocabulary, name: str) -> str:
    """Return a classic key as this vocabulary says it."""
    return _TO_NEW.get(name, name) if vocabulary is Vocabulary.NEW else name


def problem_host(vocabulary: Vocabulary) -> str:
    """Return the host that problem types of this vocabulary name."""
    return "api.x.com" if vocabulary is Vocabulary.NEW else "api.twitter.com"


def select(whole: Mapping[str, Any], fields: frozenset[str]) -> dict[str, Any]:
    """Return what was asked for of an object, in the classic vocabulary."""
    return {key: value for key, value in whole.items() if key in fields}


def _new_metrics(metrics: dict[str, Any]) -> dict[str, Any]:
    return {_TO_NEW.get(key, key): value for key, value in metrics.items()}


def _new_withheld(withheld: dict[str, Any]) -> dict[str, Any]:
    scope = withheld.get("scope")
    return withheld | {"scope": "post"} if scope == "tweet" else withheld


_VALUES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "public_metrics": _new_metrics,
    "withheld": _new_withheld,
}


def translate(vocabulary: Vocabulary, classic: dict[str, Any]) -> dict[str, Any]:
    """Return a post or user, selected in classic words, as this vocabulary says it."""
    if vocabulary is Vocabulary.CLASSIC:
        return classic
    return {
        _TO_NEW.get(key, key): _VALUES[key](value) if key in _VALUES else value
        for key, value in classic.items()
    }
