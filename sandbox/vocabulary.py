"""Field names of the X API: which vocabulary says what, and how they are translated."""

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
OTHER_WORD = _TO_NEW | _TO_CLASSIC
"""What the other vocabulary says instead of a key of one of them."""

_NEW_EXPANSIONS = {"referenced_posts": "referenced_tweets.id", "affiliation": "affiliation.user_id"}


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
