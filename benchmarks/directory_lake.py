"""A lake in a folder: validation alone, without the cost of anybody's S3."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from include.lake import Entry, Lake


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

    def get_listed(
        self,
        key: str,
        etag: str,  # noqa: ARG002 - nobody else writes here
        last: int | None = None,
    ) -> bytes:
        """Read one file, or only so many bytes at its end."""
        body = self.get(key)
        return body if last is None else body[-last:]

    def find(self, key: str) -> bytes | None:
        """Read one file, or None when there is none."""
        path = self.folder / key
        return path.read_bytes() if path.is_file() else None

    def update(self, key: str, change: Callable[[bytes | None], bytes]) -> bytes:
        """Replace one file by what ``change`` makes of it; nobody else writes here."""
        changed = change(self.find(key))
        self.put(key, changed)
        return changed

    def entries(self, prefix: str) -> Iterator[Entry]:
        """All files under ``prefix``, in order; by its time one is told from what it replaced."""
        whole_folders = prefix.rpartition("/")[0]
        for path in sorted((self.folder / whole_folders).rglob("*")):
            key = path.relative_to(self.folder).as_posix()
            if path.is_file() and key.startswith(prefix):
                file = path.stat()
                at = datetime.fromtimestamp(file.st_mtime, UTC)
                yield Entry(key, file.st_size, str(file.st_mtime_ns), at)

    def folders(self, prefix: str) -> Iterator[str]:
        """Folders one level below ``prefix``, each with its closing slash, in order."""
        for path in sorted((self.folder / prefix).glob("*/")):
            yield f"{path.relative_to(self.folder).as_posix()}/"

    def delete(self, key: str) -> None:
        """Delete one file, if it is there."""
        (self.folder / key).unlink(missing_ok=True)
