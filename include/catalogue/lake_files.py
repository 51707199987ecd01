"""Objects of the lake as Arrow datasets: small ones are fetched first, large ones read in parts.

Arrow reads with threads of its own, and nothing here lets them call Python: a scan that ends early
while they wait for the interpreter would wait for them for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import FileSystem, LocalFileSystem, S3FileSystem

from include.lake import Lake, at_once


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One Parquet object to be read."""

    key: str
    size: int
    day: date
    etag: str = ""
    """Of a small object, which may be replaced; a compacted one is never."""
    account: str | None = None
    """Of a small object, which does not hold it as a column."""


def small_dataset(
    lake: Lake, files: Sequence[LakeFile], schema: pa.Schema, folder: Path
) -> ds.FileSystemDataset:
    """Small objects as they were when they were listed, in one request each.

    Args:
        lake: where they lie.
        files: the objects.
        schema: columns of all of them, with ``dt`` and ``account``; what one lacks is null.
        folder: where they are kept while they are read.

    Raises:
        LakeChanged: one of them is not there any more as it was listed.
    """
    paths = [str(path) for path in fetch(lake, files, folder)]
    return _dataset(files, paths, schema, LocalFileSystem())


def fetch(lake: Lake, files: Sequence[LakeFile], folder: Path) -> list[Path]:
    """Bring small objects into a folder, as they were when they were listed, by their keys.

    Who can't read one names its path.

    Raises:
        LakeChanged: one of them is not there any more as it was listed.
    """

    def one(file: LakeFile) -> Path:
        path = folder / file.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lake.get_listed(file.key, file.etag))
        return path

    return at_once(one, files)


def large_dataset(lake: Lake, files: Sequence[LakeFile], schema: pa.Schema) -> ds.FileSystemDataset:
    """Compacted objects, of which a query reads the columns that it needs."""
    paths = [f"{lake.bucket}/{file.key}" for file in files]
    return _dataset(files, paths, schema, s3_of(lake))


def _dataset(
    files: Sequence[LakeFile], paths: Sequence[str], schema: pa.Schema, system: FileSystem
) -> ds.FileSystemDataset:
    kind = ds.ParquetFileFormat()
    fragments = [
        kind.make_fragment(path, system, _in_common(file), file_size=file.size)
        for file, path in zip(files, paths, strict=True)
    ]
    return ds.FileSystemDataset(fragments, schema, kind, system)


def _in_common(file: LakeFile) -> ds.Expression:
    """What every row of the file has in common."""
    day = ds.field("dt") == pa.scalar(file.day, pa.date32())
    return day if file.account is None else day & (ds.field("account") == file.account)


def s3_of(lake: Lake) -> S3FileSystem:
    """The lake's S3 as Arrow reaches it, with the credentials of the lake's client."""
    # botocore has no public way from a client to its credentials.
    credentials = lake.client._request_signer._credentials  # type: ignore[attr-defined]  # noqa: SLF001
    options: dict[str, Any] = {"region": lake.client.meta.region_name}
    if credentials is None:
        options["anonymous"] = True
    else:
        now = credentials.get_frozen_credentials()
        options["access_key"], options["secret_key"] = now.access_key, now.secret_key
        options["session_token"] = now.token
    endpoint = urlsplit(lake.client.meta.endpoint_url)
    if not (endpoint.hostname or "").endswith(".amazonaws.com"):
        options |= {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme}
    return S3FileSystem(**options)
