"""One day's compacted files: made, put beside the small objects, and switched to in one request.

ADR 19 goes through what may happen in between.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from include.catalogue.manifest import (
    CompactedFile,
    Manifest,
    read_manifest,
    version_prefix,
    withdraw,
)
from include.compaction.sources import Sources
from include.compaction.write import write
from include.datasets import dataset_named
from include.errors import LakeBusy, LakeChanged
from include.lake import Lake, day_prefix

log = logging.getLogger(__name__)

_ATTEMPTS = 5
_PARQUET = "application/vnd.apache.parquet"


def compact(lake: Lake, dataset: str, day: date, now: datetime) -> Manifest:
    """Put a day into the catalogue as its small objects are now.

    Args:
        lake: where they lie.
        dataset: its name.
        day: UTC date of the rows.
        now: since when earlier versions are superseded.

    Raises:
        LakeBusy: the small objects changed each time while they were read.
    """
    for _ in range(_ATTEMPTS):
        sources = Sources.of(lake, dataset_named(dataset), day)
        version = sources.new_version()
        try:
            files = _put_files(lake, sources, version)
        except LakeChanged as error:
            log.info("%s of %s is begun anew: %s", dataset, day, error)
            continue
        manifest = switch(lake, sources, version, files, now)
        if manifest is not None:
            return manifest
        log.info("%s of %s is begun anew: it changed, or was purged, meanwhile", dataset, day)
    raise LakeBusy(lake.bucket, day_prefix("curated", dataset, day), _ATTEMPTS)


def switch(
    lake: Lake, sources: Sources, version: str, files: Sequence[CompactedFile], now: datetime
) -> Manifest | None:
    """Send a day's readers to new files, if these hold what its small objects hold.

    Args:
        lake: where the files lie already.
        sources: what the files were made from.
        version: folder of the files, which nobody was sent to before.
        files: the files.
        now: since when earlier versions are superseded.

    Returns:
        The day's entry; None where the small objects changed, or the files were purged: then
        neither it nor they are there any more.
    """
    name, day = sources.dataset.name, sources.day
    manifest = Manifest(
        dataset=name,
        day=day,
        sources=sources.digest,
        objects=len(sources.files),
        version=version,
        files=tuple(files),
        superseded=_superseded(lake, name, day, version, now),
    )
    if is_current(lake, manifest):
        lake.put_json(manifest.key, manifest.model_dump(mode="json"))
        # Whoever changed an object, or purged the day, before this look is seen by it; whoever
        # does after it sees the entry, and withdraws it.
        if is_current(lake, manifest):
            return manifest
        withdraw(lake, name, [day])
    delete_version(lake, name, day, version)
    return None


def is_current(lake: Lake, manifest: Manifest) -> bool:
    """Whether a day's entry still is what its small objects hold, and its files are there."""
    there = set(lake.keys(manifest.prefix))
    sources = Sources.of(lake, dataset_named(manifest.dataset), manifest.day)
    return sources.digest == manifest.sources and all(f.key in there for f in manifest.files)


def delete_version(lake: Lake, dataset: str, day: date, version: str) -> str:
    """Delete a version's files; returns their prefix."""
    prefix = version_prefix(dataset, day, version)
    for key in list(lake.keys(prefix)):
        lake.delete(key)
    return prefix


def versions(lake: Lake, dataset: str, day: date) -> list[str]:
    """Every version of a day of which something is there."""
    folders = lake.folders(day_prefix("compacted", dataset, day))
    return [folder.split("/")[-2] for folder in folders]


def purge(lake: Lake, dataset: str, day: date) -> None:
    """Take a day out of the catalogue, and delete all its compacted files at once."""
    withdraw(lake, dataset, [day])
    for key in list(lake.keys(day_prefix("compacted", dataset, day))):
        lake.delete(key)
    withdraw(lake, dataset, [day])  # a compaction may have been through meanwhile


def _put_files(lake: Lake, sources: Sources, version: str) -> list[CompactedFile]:
    prefix = version_prefix(sources.dataset.name, sources.day, version)
    files = []
    with TemporaryDirectory(prefix="tweet-lake-") as folder:
        for path, rows in write(lake, sources, Path(folder)):
            file = CompactedFile(key=f"{prefix}{path.name}", rows=rows, bytes=path.stat().st_size)
            with path.open("rb") as body:
                lake.put(file.key, body, _PARQUET)
            files.append(file)
    return files


def _superseded(
    lake: Lake, dataset: str, day: date, version: str, now: datetime
) -> dict[str, datetime]:
    earlier = read_manifest(lake, dataset, day)
    known = {} if earlier is None else earlier.superseded
    return {
        other: known.get(other, now) for other in versions(lake, dataset, day) if other != version
    }
