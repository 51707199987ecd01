"""What a check says: how it stands, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "not checked"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table."""

    state: State
    text: str
    """What was seen."""
    remedy: str = ""
    """What to do about it; empty where ``text`` says it, or nothing is to be done."""


class Unknown(Exception):
    """A check lacks what it needs, through no fault of what it looks at; the message says what."""


def ok(text: str) -> Finding:
    """It is as it should be."""
    return Finding("ok", text)


def warning(text: str, remedy: str) -> Finding:
    """Runs work, but not for long, not safely, or not as one would think."""
    return Finding("warning", text, remedy)


def failed(text: str, remedy: str = "") -> Finding:
    """Runs do not work like this."""
    return Finding("failed", text, remedy)


def not_checked(text: str) -> Finding:
    """Nobody knows, and why."""
    return Finding("not checked", text)
