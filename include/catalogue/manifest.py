"""A day's entry in the catalogue: the compacted files that are exactly what its objects hold.

A day is in the catalogue, or the small objects in ``curated/`` are the truth. Whoever changes these
withdraws the entry afterwards; ADR 19 says why nobody reads anything else meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from include.errors import EntryUnreadable
from include.lake import Entry, Lake, at_once, day_of, day_prefix, interval_of

_ACCOUNT = re.compile(r"/account=([^/]+)/")


class CompactedFile(BaseModel):
    """One large Parquet object."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    rows: int
    bytes: int


class Manifest(BaseModel):
    """What is read in the place of a day's small objects."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    day: date
    sources: str
    """Digest of the small objects that the files were made from."""
    objects: int
    """How many these were."""
    version: str
    """Folder of the files."""
    files: tuple[CompactedFile, ...]
    superseded: dict[str, datetime] = {}
    """Other versions that were there, and since when nobody is sent to them any more."""

    @property
    def key(self) -> str:
        """Where it lies."""
        return manifest_key(self.dataset, self.day)

    @property
    def prefix(self) -> str:
        """Where the files lie."""
        return version_prefix(self.dataset, self.day, self.version)


def catalogue_prefix(dataset: str) -> str:
    """``catalogue/tweets/``."""
    return f"catalogue/{dataset}/"


def manifest_key(dataset: str, day: date) -> str:
    """``catalogue/tweets/dt=2026-11-20.json``."""
    return f"{catalogue_prefix(dataset)}dt={day.isoformat()}.json"


def version_prefix(dataset: str, day: date, version: str) -> str:
    """``compacted/tweets/dt=2026-11-20/0a1b2c3d4e5f6071-89abcdef/``."""
    return f"{day_prefix('compacted', dataset, day)}{version}/"


def account_of(key: str) -> str | None:
    """The account in a curated object's key; None where X is asked for all accounts at once."""
    found = _ACCOUNT.search(key)
    return None if found is None else found[1]


def curated_entries(lake: Lake, dataset: str, day: date) -> list[Entry]:
    """The small Parquet objects of a day, in the order of their keys.

    Raises:
        ForeignObject: among them is one that no run landed.
    """
    prefix = day_prefix("curated", dataset, day)
    found = [entry for entry in lake.entries(prefix) if entry.key.endswith(".parquet")]
    for entry in found:
        interval_of(entry.key)
    return found


def catalogued(lake: Lake, dataset: str) -> dict[date, datetime]:
    """The days in the catalogue, and when each entry was written."""
    return {day_of(entry.key): entry.at for entry in lake.entries(catalogue_prefix(dataset))}


def read_manifest(lake: Lake, dataset: str, day: date) -> Manifest | None:
    """A day's entry; None where the small objects are the truth.

    Raises:
        EntryUnreadable: something else lies there.
    """
    key = manifest_key(dataset, day)
    body = lake.find(key)
    try:
        return None if body is None else Manifest.model_validate_json(body)
    except ValidationError as error:
        raise EntryUnreadable(lake.bucket, key) from error


def manifests(lake: Lake, dataset: str) -> list[Manifest]:
    """Every entry of a dataset, oldest first."""
    days = sorted(catalogued(lake, dataset))
    found = at_once(lambda day: read_manifest(lake, dataset, day), days)
    return [manifest for manifest in found if manifest is not None]


def withdraw(lake: Lake, dataset: str, days: Iterable[date]) -> None:
    """Send the readers of the days back to the small objects, after these were changed.

    One request a day that is not in the catalogue: a new day never is. Deleting what is not there
    would leave a mark for each batch in a bucket that keeps versions.
    """
    for day in sorted(set(days)):
        key = manifest_key(dataset, day)
        if lake.find(key) is not None:
            lake.delete(key)
