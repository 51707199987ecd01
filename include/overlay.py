"""A lake above the lake: what would be there if something were done, without doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import BinaryIO

from include.errors import LakeUnavailable
from include.lake import Entry, Lake


class Overlay(Lake):
    """Reads fall through to the lake below, writes stay in memory.

    Args:
        lake: the lake below; nothing is written to it.
        objects: what is to be found in the place of the objects below.
    """

    def __init__(self, lake: Lake, objects: Mapping[str, bytes] | None = None) -> None:
        super().__init__(lake.client, lake.bucket)
        self._objects: dict[str, bytes | None] = dict(objects or {})
        """Body by key; None where the object below is as good as deleted."""

    def put(
        self,
        key: str,
        body: bytes | BinaryIO,
        content_type: str = "application/octet-stream",  # noqa: ARG002  # Lake's signature
    ) -> None:
        """Keep one object in memory."""
        self._objects[key] = body if isinstance(body, bytes) else body.read()

    def get(self, key: str) -> bytes:
        """Read one object whole, from memory or from below."""
        if key not in self._objects:
            return super().get(key)
        body = self._objects[key]
        if body is None:
            raise LakeUnavailable(self.bucket, key, FileNotFoundError("it would be deleted"))
        return body

    def find(self, key: str) -> bytes | None:
        """Read one object whole, or None when there is none under ``key``."""
        return self._objects[key] if key in self._objects else super().find(key)

    def update(self, key: str, change: Callable[[bytes | None], bytes]) -> bytes:
        """Replace one object by what ``change`` makes of it; nobody else is there."""
        changed = change(self.find(key))
        self.put(key, changed)
        return changed

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Objects under ``prefix`` in the order of their keys, of memory and of below."""
        below = (entry for entry in super().entries(prefix) if entry.key not in self._objects)
        own = (
            Entry(key, len(body), sha256(body).hexdigest(), datetime.now(UTC))
            for key, body in self._objects.items()
            if body is not None and key.startswith(prefix)
        )
        yield from sorted([*below, *own], key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        """Forget one object; below it stays."""
        self._objects[key] = None
