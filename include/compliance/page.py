"""A raw page without what had to go: a mark stands in its place, the rest is as X sent it.

Byte for byte, unless a strict parser refuses the page: then as the lake's own parser reads it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from include.compliance.subject import SCRUB_GEO, Kind, Subject
from include.datasets import dataset_named
from include.datasets.dataset import UnreadablePage
from include.datasets.page import FORGOTTEN, UNREADABLE, is_forgotten
from include.foreign_json import parse

Why = Callable[[Subject], str | None]
"""Why a subject has to go; None where it may stay."""

_LONGEST_NAME = 15
_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_LIST = msgspec.json.Decoder(list[Raw])
_INCLUDED: dict[str, Kind] = {"tweets": "posts", "posts": "posts", "users": "users"}
_ATTACHED = {"media": "media_key", "polls": "id", "places": "id"}
"""What posts share in ``includes``, and the member by which they point to it."""


class Page:
    """One stored answer.

    Args:
        key: its key, which tells the kind of ``data``.
        body: decompressed JSON.

    Raises:
        UnreadablePage: it is no JSON object.
    """

    def __init__(self, key: str, body: bytes) -> None:
        try:
            self._members = _members(body)
            self._includes = _members(bytes(self._members.get("includes", b"{}")))
        except ValueError as error:
            raise UnreadablePage(key, error) from error
        room = key.split("/")[1]
        self._kind: Kind = "users" if room == "accounts" else dataset_named(room).source.kind

    def subjects(self) -> Iterator[Subject]:
        """Whom and what the page holds, in data and in includes, without the marks."""
        for _, kind, items in self._lists():
            yield from (_subject(kind, item) for item in items if not is_forgotten(item))

    def without(self, why: Why) -> bytes | None:
        """The body without what has to go; None where nothing has to."""
        lists = {
            name: [_spared(item, kind, why, keeps_name=name == "data") for item in items]
            for name, kind, items in self._lists()
        }
        if all(lists[name] == items for name, _, items in self._lists()):
            return None
        shared = _referred([item for name in lists for item in lists[name]])
        includes = {
            name: _list(lists[name]) if lists.get(name) else _kept(name, items, shared)
            for name, items in self._includes.items()
        }
        members = {**self._members, "data": _list(lists["data"])}
        if includes:
            members["includes"] = _object(includes)
        return bytes(_object(members))

    def _lists(self) -> Iterator[tuple[str, Kind, list[Raw]]]:
        yield "data", self._kind, _items(self._members.get("data"))
        for name, kind in _INCLUDED.items():
            if name in self._includes:
                yield name, kind, _items(self._includes[name])


def _members(body: bytes) -> dict[str, Raw]:
    try:
        return _OBJECT.decode(body)
    except UNREADABLE:
        parsed = parse(body)
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - it is what was stored
    return {name: _raw(value) for name, value in parsed.items()}


def _items(raw: Raw | None) -> list[Raw]:
    if raw is None:
        return []
    try:
        return _LIST.decode(raw)
    except UNREADABLE:
        parsed = parse(bytes(raw))
    return [_raw(item) for item in parsed] if isinstance(parsed, list) else []


def _object(members: dict[str, Raw]) -> Raw:
    # msgspec refuses names that are no Unicode, and X may send them.
    parts = (json.dumps(name).encode() + b":" + bytes(value) for name, value in members.items())
    return Raw(b"{" + b",".join(parts) + b"}")


def _list(items: Sequence[Raw]) -> Raw:
    return Raw(msgspec.json.encode(items))


def _raw(value: Any) -> Raw:
    return Raw(json.dumps(value).encode())


def _parsed(item: Raw) -> dict[str, Any]:
    try:
        parsed = msgspec.json.decode(item)
    except UNREADABLE:
        parsed = parse(bytes(item))
    return parsed if isinstance(parsed, dict) else {}


def _subject(kind: Kind, item: Raw) -> Subject:
    return Subject.of(kind, _parsed(item))


def _spared(item: Raw, kind: Kind, why: Why, *, keeps_name: bool) -> Raw:
    """The item itself, what may stay of it, or a mark."""
    if is_forgotten(item):
        return item
    found = _parsed(item)
    subject = Subject.of(kind, found)
    reason = why(subject)
    if reason is None:
        return item
    if reason == SCRUB_GEO:
        return _object({k: v for k, v in _members(bytes(item)).items() if k != "geo"})
    mark = {FORGOTTEN: reason}
    if subject.id is not None:
        mark["id"] = subject.id
    if kind == "users" and keeps_name:
        # It was asked for by this name, and a rerun looks it up here.
        name = str(found.get("username"))[:_LONGEST_NAME]
        # Half a surrogate pair would make the mark unreadable.
        mark["username"] = name.encode("utf-8", "replace").decode()
    return _raw(mark)


def _referred(items: Sequence[Raw]) -> set[str]:
    """Keys and ids of what the posts have attached."""
    referred: set[str] = set()
    for item in map(_parsed, items):
        attached = [*_of(item, "attachments").values(), [_of(item, "geo").get("place_id")]]
        for keys in attached:
            found = keys if isinstance(keys, list) else ()
            referred.update(key for key in found if isinstance(key, str))
    return referred


def _of(item: dict[str, Any], name: str) -> dict[str, Any]:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def _kept(name: str, raw: Raw, referred: set[str]) -> Raw:
    """An include as it was; of media, polls and places what a post still points to."""
    if name not in _ATTACHED:
        return raw
    keys = ((item, _parsed(item).get(_ATTACHED[name])) for item in _items(raw))
    return _list([item for item, key in keys if isinstance(key, str) and key in referred])
