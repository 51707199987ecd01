"""A lake in a folder: validation alone, without the cost of anybody's S3."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from include.lake import Lake


class DirectoryLake(Lake):
    """One file per object, named for its key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bucket = folder.name

    def check(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def put(
        self,
        key: str,
        body: bytes | BinaryIO,
        content_type: str = "application/octet-stream",  # noqa: ARG002 - a file has none
    ) -> None:
        """Write one file."""
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(body, bytes):
            path.write_bytes(body)
        else:
            with path.open("wb") as target:
                shutil.copyfileobj(body, target)

    def get(self, key: str) -> bytes:
        """Read one file."""
        return (self.folder / key).read_bytes()

    def find(self, key: str) -> bytes | None:
        """Read one file, or None when there is none."""
        path = self.folder / key
        return path.read_bytes() if path.is_file() else None

    def update(self, key: str, change: Callable[[bytes | None], bytes]) -> bytes:
        """Replace one file by what ``change`` makes of it; nobody else writes here."""
        changed = change(self.find(key))
        self.put(key, changed)
        return changed

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys of all files under ``prefix``, in order."""
        whole_folders = prefix.rpartition("/")[0]
        for path in sorted((self.folder / whole_folders).rglob("*")):
            key = path.relative_to(self.folder).as_posix()
            if path.is_file() and key.startswith(prefix):
                yield key

    def folders(self, prefix: str) -> Iterator[str]:
        """Folders one level below ``prefix``, each with its closing slash, in order."""
        for path in sorted((self.folder / prefix).glob("*/")):
            yield f"{path.relative_to(self.folder).as_posix()}/"

    def delete(self, key: str) -> None:
        """Delete one file, if it is there."""
        (self.folder / key).unlink(missing_ok=True)
