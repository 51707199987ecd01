"""A stored page cut into its items: each is decoded alone, and an odd one takes none down."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Raw

from include.datasets.dataset import RawPage, UnreadablePage
from include.datasets.wire import Wire
from include.foreign_json import parse

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a strict decoder says to odd JSON."""


class Page(Wire):
    """A page cut into the JSON of each item."""

    data: list[Raw] | None = None
    errors: list[Raw] | None = None
    includes: Raw = Raw(b"null")


_PAGE = msgspec.json.Decoder(Page)


def cut(page: RawPage) -> Page:
    """Cut a page.

    Raises:
        UnreadablePage: it is no JSON object, or its ``data`` or ``errors`` no list.
    """
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
    return Page(
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
