"""Partial errors: the ``errors`` that come with a 200, and what they say about an account."""

from __future__ import annotations

from typing import Any

from include.outcomes import Outcome

_GONE = {
    "resource-not-found": "deleted",
    "not-authorized-for-resource": "protected",
    "disallowed-resource": "withheld",
}


def account_outcome(error: Any) -> Outcome | None:
    """What one item of ``errors`` says about the account asked for; None if it says nothing.

    A withheld field (``not-authorized-for-field``) or a missing include is normal: the posts
    are fine. ``NOT_FOUND`` may also mean deleted: only the lake's memory can tell.
    """
    if not isinstance(error, dict) or error.get("resource_type") != "user":
        return None
    kind = problem_name(error)
    if "suspended" in str(error.get("detail", "")):
        return Outcome.SUSPENDED
    if kind == "not-authorized-for-resource":
        return Outcome.PROTECTED
    if kind == "resource-not-found":
        return Outcome.NOT_FOUND
    return None


def post_status(error: Any) -> str | None:
    """What became of a post that X was asked for by id, as an item of ``errors`` tells it.

    ``deleted``, ``suspended``, ``protected`` or ``withheld``; None if the item says nothing of the
    kind. Of a suspended author's posts X may say no more than of a protected one's.
    """
    if not isinstance(error, dict) or error.get("resource_type") not in {"tweet", "post"}:
        return None
    status = _GONE.get(problem_name(error))
    return "suspended" if status and "suspended" in str(error.get("detail", "")) else status


def problem_name(problem: dict[str, Any]) -> str:
    """Last path segment of a problem's type: its host is api.twitter.com or api.x.com."""
    return str(problem.get("type", "")).rstrip("/").rpartition("/")[2]
