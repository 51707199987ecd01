"""Where a dataset's rows are to be read: of each day the compacted files, or the small objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from include.catalogue.lake_files import LakeFile
from include.catalogue.manifest import (
    account_of,
    catalogued,
    curated_entries,
    read_manifest,
)
from include.lake import Lake, at_once, day_of


@dataclass(frozen=True, slots=True)
class DayFiles:
    """One day of a dataset as a reader finds it."""

    day: date
    version: str | None
    """None where the small objects are read."""
    files: tuple[LakeFile, ...]


def curated_days(lake: Lake, dataset: str) -> set[date]:
    """The days that have small objects."""
    return {day_of(folder) for folder in lake.folders(f"curated/{dataset}/")}


def compacted_days(lake: Lake, dataset: str) -> set[date]:
    """The days of which any version is there."""
    return {day_of(folder) for folder in lake.folders(f"compacted/{dataset}/")}


def files(
    lake: Lake, dataset: str, since: date | None = None, until: date | None = None
) -> list[DayFiles]:
    """What is to be read of each day, oldest first.

    Args:
        lake: where it lies.
        dataset: its name.
        since: first day; the first there is by default.
        until: the day after the last; all by default.
    """
    in_catalogue = catalogued(lake, dataset).keys()
    days = sorted(
        day
        for day in in_catalogue | curated_days(lake, dataset)
        if (since is None or since <= day) and (until is None or day < until)
    )
    return at_once(lambda day: _files(lake, dataset, day, day in in_catalogue), days)


def small_files(lake: Lake, dataset: str, day: date) -> list[LakeFile]:
    """The small objects of a day."""
    return [
        LakeFile(entry.key, entry.size, day, entry.etag, account_of(entry.key))
        for entry in curated_entries(lake, dataset, day)
    ]


def _files(lake: Lake, dataset: str, day: date, is_catalogued: bool) -> DayFiles:
    manifest = read_manifest(lake, dataset, day) if is_catalogued else None
    if manifest is None:
        return DayFiles(day, None, tuple(small_files(lake, dataset, day)))
    large = (LakeFile(file.key, file.bytes, day) for file in manifest.files)
    return DayFiles(day, manifest.version, tuple(large))
