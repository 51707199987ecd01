"""Partial errors: the ``errors`` that come with a 200, and what they say about an account."""

from __future__ import annotations

from typing import Any

from include.outcomes import Outcome
from include.x_api.errors import XUnavailable

_GONE = {
    "resource-not-found": "deleted",
    "not-authorized-for-resource": "protected",
    "disallowed-resource": "withheld",
}
_OF_A_FIELD = {"not-authorized-for-field", "field-hydration-failure"}
_LONGEST_QUOTE = 500


def account_outcome(error: Any) -> Outcome | None:
    """What one item of ``errors`` says about the account asked for; None if it says nothing.

    A withheld field (``not-authorized-for-field``) or a missing include is normal: the posts
    are fine. ``NOT_FOUND`` may also mean deleted: only the lake's memory can tell. ``FAILED`` is
    what nobody here has heard of: it says nothing for good.
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
    return None if kind in _OF_A_FIELD else Outcome.FAILED


def check_meaning(content: dict[str, Any], asked: str) -> None:
    """Let an answer that tells nothing for good not pass for one that found nothing.

    Raises:
        XUnavailable: there is no data, and no error says why; it quotes what X said.
    """
    errors = content.get("errors", [])
    if not content.get("data") and not any(_is_final(error) for error in errors):
        said = said_of(errors[0]) if errors else "neither data nor errors"
        raise XUnavailable(f"X said nothing of {asked}: {said}")


def _is_final(error: Any) -> bool:
    return isinstance(error, dict) and (
        problem_name(error) in _GONE or account_outcome(error) is Outcome.SUSPENDED
    )


def said_of(error: Any) -> str:
    """An item of ``errors`` in X's own words."""
    words = [error.get("title"), error.get("detail")] if isinstance(error, dict) else []
    return quoted(": ".join(str(word) for word in words if word) or "it gave no reason")


def quoted(said: str) -> str:
    """X's words as an error, a log or a mail can hold them: one line of what can be seen, cut."""
    short = said if len(said) <= _LONGEST_QUOTE else f"{said[:_LONGEST_QUOTE]} …"
    # Half a surrogate pair could neither be logged nor stored.
    return "".join(one if one.isprintable() else " " for one in short)


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
