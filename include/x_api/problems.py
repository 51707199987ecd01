"""Partial errors: the ``errors`` that come with a 200, and what they say about an account."""

from __future__ import annotations

from typing import Any

from include.outcomes import Outcome


def account_outcome(error: Any) -> Outcome | None:
    """What one item of ``errors`` says about the account asked for; None if it says nothing.

    A withheld field (``not-authorized-for-field``) or a missing include is normal: the posts
    are fine. ``NOT_FOUND`` may also mean deleted: only the lake's memory can tell.
    """
    if not isinstance(error, dict) or error.get("resource_type") != "user":
        return None
    # The host in front of it is api.twitter.com or api.x.com.
    kind = str(error.get("type", "")).rstrip("/").rpartition("/")[2]
    if "suspended" in str(error.get("detail", "")):
        return Outcome.SUSPENDED
    if kind == "not-authorized-for-resource":
        return Outcome.PROTECTED
    if kind == "resource-not-found":
        return Outcome.NOT_FOUND
    return None
