"""The lake as it will be once something is forgotten, and whether somebody lands over it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import BinaryIO

from include.lake import Lake


class Foreseen(Lake):
    """The lake with some pages changed; what is written goes into the lake itself.

    Args:
        lake: where all of it lies.
        pages: what will be under the keys of some pages, gzipped.
    """

    def __init__(self, lake: Lake, pages: Mapping[str, bytes]) -> None:
        super().__init__(lake.client, lake.bucket)
        self._pages = pages
        self._landed: dict[str, bytes] = {}
        """Digest of what was written last, by key."""

    def get(self, key: str) -> bytes:
        """Read one object whole, as it will be."""
        return self._pages[key] if key in self._pages else super().get(key)

    def put(
        self,
        key: str,
        body: bytes | BinaryIO,
        content_type: str = "application/octet-stream",
    ) -> None:
        """Write one object, and remember what it is."""
        whole = body if isinstance(body, bytes) else body.read()
        self._landed[key] = sha256(whole).digest()
        super().put(key, whole, content_type)

    def delete(self, key: str) -> None:
        """Delete one object."""
        self._landed.pop(key, None)
        super().delete(key)

    def is_overtaken(self) -> bool:
        """Whether anything that was written through it is not there, or is something else.

        Reports alone don't tell: a post that has only lost its place changes no count.
        """
        return any(
            (body := self.find(key)) is None or sha256(body).digest() != digest
            for key, digest in self._landed.items()
        )
