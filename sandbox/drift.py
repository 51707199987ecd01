"""Honest answers retold: with keys nobody knows, in the other vocabulary, with other figures."""

import math
from typing import Any

from sandbox.vocabulary import OTHER_WORD

_CLASSIC_HOST, _NEW_HOST = "https://api.twitter.com/", "https://api.x.com/"
_OTHER_KIND = {"tweet": "post", "post": "tweet"}
_COUNTS = {"usage", "project_usage"}


def with_unknown_fields(answer: Any) -> Any:
    """Return an answer with undocumented keys in posts, users, metrics and at the top."""
    if not isinstance(answer, dict):
        return answer
    drifted = {key: value for key, value in answer.items() if key not in {"data", "includes"}}
    if "data" in answer:
        drifted["data"] = _widened(answer["data"])
    if "includes" in answer:
        drifted["includes"] = {name: _widened(found) for name, found in answer["includes"].items()}
    return drifted | {"unheard_of": {"revision": 7}}


def _widened(found: Any) -> Any:
    if isinstance(found, list):
        return [_widened(item) for item in found]
    if not isinstance(found, dict):
        return found
    wider = found | {"unheard_of": {"kind": "calm", "parts": [1, None]}, "unheard_of_flag": True}
    if isinstance(found.get("public_metrics"), dict):
        wider["public_metrics"] = found["public_metrics"] | {"unheard_of_count": 3}
    return wider


def in_other_vocabulary(answer: Any) -> Any:
    """Return the answer as X's other vocabulary tells it."""
    if isinstance(answer, list):
        return [in_other_vocabulary(item) for item in answer]
    if not isinstance(answer, dict):
        return answer
    if str(answer.get("type")).startswith((_CLASSIC_HOST, _NEW_HOST)):
        answer = _other_problem(answer)
    scope = answer.get("scope")
    if "country_codes" in answer and scope in _OTHER_KIND:
        answer = answer | {"scope": _OTHER_KIND[scope]}
    return {OTHER_WORD.get(key, key): in_other_vocabulary(value) for key, value in answer.items()}


def _other_problem(problem: dict[str, Any]) -> dict[str, Any]:
    kind, is_classic = problem["type"], problem["type"].startswith(_CLASSIC_HOST)
    hosts = (_CLASSIC_HOST, _NEW_HOST) if is_classic else (_NEW_HOST, _CLASSIC_HOST)
    other = problem | {"type": kind.replace(*hosts)}
    if problem.get("resource_type") not in _OTHER_KIND:
        return other
    other["resource_type"] = _OTHER_KIND[problem["resource_type"]]
    for key in {"parameter", "field", "detail"} & set(problem):
        said, bracket, value = problem[key].partition(": [")  # the value asked for stays
        other[key] = f"{_other_words(said, to_new=is_classic)}{bracket}{value}"
    return other


def _other_words(said: str, *, to_new: bool) -> str:
    if to_new:
        said = said.replace("referenced_tweets.id", "referenced_posts")
        return said.replace("retweet", "repost").replace("tweet", "post").replace("Tweet", "Post")
    said = said.replace("referenced_posts", "referenced_tweets.id")
    return said.replace("repost", "retweet").replace("post", "tweet").replace("Post", "Tweet")


def with_more_usage(answer: Any, percent: float) -> Any:
    """Return the answer of `/2/usage/tweets` with every count `percent` % higher."""
    if isinstance(answer, list):
        return [with_more_usage(item, percent) for item in answer]
    if not isinstance(answer, dict):
        return answer
    return {
        key: str(math.ceil(int(value) * (100 + percent) / 100))
        if key in _COUNTS and isinstance(value, str)
        else with_more_usage(value, percent)
        for key, value in answer.items()
    }
