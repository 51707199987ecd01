"""JSON that others wrote: all of it that can be read is read."""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 64
"""Levels of nesting that are read: X's answers have less than ten, and parsers give up at some
thousand, a number that depends on who calls them."""

_TOO_DEEP = '"(nested too deeply to be read)"'
# Possessive: a greedy group would remember each of a long text's escapes, forty times its size.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|$)|[\[{\]}]', re.DOTALL)
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def parse(body: bytes) -> Any:
    """Parse what came from outside; the same for what arrives and for what lies in the lake.

    A byte that is no UTF-8 spoils the text around it, half a surrogate pair the text it is in, and
    a value that nests too deeply is replaced by a text that says so: none spoils the whole.
    Numbers that are too long for Python's integers become floats, if need be infinite.

    Raises:
        ValueError: it is no JSON.
    """
    text = body.decode("utf-8-sig", "surrogateescape")
    if not _is_shallow(body):
        text = _shallow(text)
    try:
        # Python's parser accepts the lone surrogates that stricter ones refuse.
        return json.loads(text, parse_int=_integer)
    except RecursionError:
        raise ValueError("it nests deeply, and its brackets do not match") from None


def _integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:
        return float(digits)


def _is_shallow(body: bytes) -> bool:
    """Whether its brackets match and nest no deeper than :data:`DEEPEST`, in one quick pass."""
    brackets = _STRING.sub(b"", body).translate(None, _ALL_BUT_BRACKETS)
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return not brackets


def _shallow(text: str) -> str:
    """The same without what lies deeper than :data:`DEEPEST`, found without recursion."""
    pieces: list[str] = []
    depth = kept = start = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
            if depth == DEEPEST + 1:
                start = token.start()
        elif token[0] in ("]", "}"):
            if depth == DEEPEST + 1:
                pieces += [text[kept:start], _TOO_DEEP]
                kept = token.end()
            depth -= 1
    return "".join([*pieces, text[kept:]])
