"""The small objects of a day, as one state of them: equal states make equal compacted files.

Each attempt writes its files into a folder of its own, so that who deletes what it wrote never
deletes what Glue or a reader is at.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from include.catalogue.columns import compacted_schema
from include.catalogue.lake_files import LakeFile
from include.catalogue.reader import small_files
from include.datasets.dataset import Dataset
from include.lake import Lake

_DIGITS = 16
_NONCE_BYTES = 4


@dataclass(frozen=True)
class Sources:
    """What a day's files are made from."""

    dataset: Dataset
    day: date
    files: tuple[LakeFile, ...]

    @classmethod
    def of(cls, lake: Lake, dataset: Dataset, day: date) -> Sources:
        """What is there now."""
        return cls(dataset, day, tuple(small_files(lake, dataset.name, day)))

    @cached_property
    def digest(self) -> str:
        """16 hex digits over the dataset's columns, and each object's key and ETag."""
        parts = [compacted_schema(self.dataset).to_string(truncate_metadata=False)]
        parts += [f"{file.key} {file.etag}" for file in self.files]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_DIGITS]

    def new_version(self) -> str:
        """A folder for an attempt to make the files, which no other attempt has."""
        return f"{self.digest}-{secrets.token_hex(_NONCE_BYTES)}"
