"""Objects of the lake as files for Arrow: a small one in one request, a large one in parts."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from fsspec import AbstractFileSystem
from pyarrow.fs import FSSpecHandler, PyFileSystem

from include.errors import LakeChanged
from include.lake import Lake

_WHOLE_BYTES = 2**20
"""Up to so many an object is read whole: finding its columns first would be two requests more."""


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One Parquet object to be read."""

    key: str
    size: int
    day: date
    etag: str | None
    """Of a small object, which may be replaced; a compacted one is never."""
    account: str | None = None
    """Of a small object, which does not hold it as a column."""


class LakeFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """The files of one look at the lake; ``changed`` keeps why one of them could not be read."""

    cachable = False

    def __init__(self, lake: Lake, files: Iterable[LakeFile]) -> None:
        super().__init__()
        self._lake = lake
        self._files = {file.key: file for file in files}
        self.changed: LakeChanged | None = None

    def dataset(self, schema: pa.Schema) -> ds.FileSystemDataset:
        """All of them as one Arrow dataset with the columns of ``schema``, among them ``dt``."""
        kind = ds.ParquetFileFormat()
        system = PyFileSystem(FSSpecHandler(self))
        fragments = [
            kind.make_fragment(file.key, system, _partition(file), file_size=file.size)
            for file in self._files.values()
        ]
        return ds.FileSystemDataset(fragments, schema, kind, system)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """What is known of a file from the listing."""
        return {"name": path, "size": self._files[path].size, "type": "file"}

    def read(self, file: LakeFile, span: tuple[int, int] | None = None) -> bytes:
        """Read it, or a part of it."""
        try:
            return self._lake.get_listed(file.key, file.etag, span)
        except LakeChanged as error:
            self.changed = error
            raise

    def _open(self, path: str, *_: Any, **__: Any) -> io.IOBase:
        file = self._files[path]
        return io.BytesIO(self.read(file)) if file.size <= _WHOLE_BYTES else _Remote(self, file)


def _partition(file: LakeFile) -> ds.Expression:
    """What every row of the file has in common."""
    day = ds.field("dt") == pa.scalar(file.day, pa.date32())
    return day if file.account is None else day & (ds.field("account") == file.account)


class _Remote(io.RawIOBase):
    """An object read in parts, each in one request."""

    def __init__(self, files: LakeFiles, file: LakeFile) -> None:
        super().__init__()
        self._files = files
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._file.size}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        stop = min(self._at + len(buffer), self._file.size)
        if stop <= self._at:
            return 0
        part = self._files.read(self._file, (self._at, stop))
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)
