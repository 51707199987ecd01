"""A stored page cut into its items: each is decoded alone, and an odd one takes none down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw

from include.datasets.dataset import RawPage, UnreadablePage
from include.datasets.wire import Wire
from include.foreign_json import parse

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a strict decoder says to odd JSON."""


FORGOTTEN = "forgotten"
"""Member of the object that stands in the place of an item that had to go: it says why."""


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a page; what had to go is left out."""

    data: Sequence[Raw]
    positions: Sequence[int]
    """Where in the page's ``data`` each one stands."""
    forgotten: int
    """How many are left out."""
    errors: Sequence[Raw]
    includes: Raw


class _Page(Wire):
    data: list[Raw] | None = None
    errors: list[Raw] | None = None
    includes: Raw = Raw(b"null")


class _Forgotten(Wire, forbid_unknown_fields=True):
    forgotten: str
    id: str | None = None
    username: str | None = None
    """Only where an account was looked up by it."""


_PAGE = msgspec.json.Decoder(_Page)
_FORGOTTEN = msgspec.json.Decoder(_Forgotten)
_LONGEST_MARK = 1_000
"""Bytes; to read every post for a mark would cost a tenth of its decoding."""


def cut(page: RawPage) -> Items:
    """Cut a page.

    Raises:
        UnreadablePage: it is no JSON object, or its ``data`` or ``errors`` no list.
    """
    parts = _cut(page)
    data = parts.data or []
    positions: Sequence[int] = range(len(data))
    forgotten = sum(map(is_forgotten, data))
    if forgotten:
        positions = [at for at in positions if not is_forgotten(data[at])]
        data = [data[at] for at in positions]
    return Items(data, positions, forgotten, parts.errors or [], parts.includes)


def is_forgotten(item: Raw | bytes) -> bool:
    """Whether an item is no more than the mark of one that had to go."""
    if len(item) > _LONGEST_MARK:
        return False
    try:
        _FORGOTTEN.decode(item)
    except UNREADABLE:
        return False
    return True


def _cut(page: RawPage) -> _Page:
    try:
        return _PAGE.decode(page.body)
    except UNREADABLE:
        pass
    try:
        parsed = parse(page.body)
    except ValueError as error:
        raise UnreadablePage(page.key, error) from error
    if not isinstance(parsed, dict):
        raise UnreadablePage(page.key, "it is no JSON object")
    items = {name: parsed.get(name) or [] for name in ("data", "errors")}
    for name, found in items.items():
        if not isinstance(found, list):
            raise UnreadablePage(page.key, f"its {name} is no list")
    return _Page(
        data=[_raw(item) for item in items["data"]],
        errors=[_raw(item) for item in items["errors"]],
        includes=_raw(parsed.get("includes")),
    )


def text_of(raw: Raw) -> str:
    """An item's JSON, whatever bytes are in it."""
    try:
        return bytes(raw).decode()
    except UnicodeDecodeError:
        return json.dumps(parse(bytes(raw)))


def _raw(value: Any) -> Raw:
    return Raw(json.dumps(value).encode())
