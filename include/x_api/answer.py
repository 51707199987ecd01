"""One answer of X, parsed and checked for the few things that everything else relies on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.foreign_json import parse
from include.x_api.errors import XUnavailable

_SHAPE: dict[str, tuple[type, str]] = {
    "data": (list, "list"),
    "errors": (list, "list"),
    "includes": (dict, "object"),
    "meta": (dict, "object"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a 200, as X sent it."""

    body: bytes
    at: datetime
    """When X answered, by X's clock: the UTC day on which it charges what it returned."""


def read_answer(body: bytes) -> dict[str, Any]:
    """The object in the body of a 200, without members that are null.

    Raises:
        XUnavailable: it is no JSON object, or :func:`checked` refuses it.
    """
    try:
        answer = parse(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise XUnavailable("X answered with something that is no JSON object")
    return checked(answer)


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """``answer`` without members that are null.

    Raises:
        XUnavailable: ``data``, ``errors``, ``includes`` or ``meta`` is neither null nor what the
            API's specification says.
    """
    answer = _without_nulls(answer)
    for name, (kind, said) in _SHAPE.items():
        if name in answer and not isinstance(answer[name], kind):
            raise _wrong(name, said)
    if "includes" in answer:
        answer["includes"] = _without_nulls(answer["includes"])
        for name, included in answer["includes"].items():
            if not isinstance(included, list):
                raise _wrong(f"includes.{name}", "list")
    return answer


def read_users(body: bytes) -> dict[str, Any]:
    """As :func:`read_answer`, where ``data`` must be users with ``id`` and ``username``.

    Raises:
        XUnavailable: it is not.
    """
    answer = read_answer(body)
    for user in answer.get("data", []):
        if not isinstance(user, dict) or not all(
            isinstance(user.get(name), str) for name in ("id", "username")
        ):
            raise _wrong("data", "list of users with id and username")
    return answer


def _without_nulls(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _wrong(name: str, said: str) -> XUnavailable:
    return XUnavailable(f"X sent an answer without meaning: its {name!r} is no {said}")
