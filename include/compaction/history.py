"""Compacting a long history with Spark: what it is to do, and the switch to what it has done."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime
from math import ceil
from typing import Any

import pyarrow.parquet as pq

from include.catalogue.columns import compacted_schema, landed_schema
from include.catalogue.glue import glue_type
from include.catalogue.lake_files import s3_of
from include.catalogue.latest import latest, order
from include.catalogue.manifest import CompactedFile, read_manifest, version_prefix
from include.catalogue.reader import curated_days
from include.compaction.compact import delete_version, switch
from include.compaction.sources import Sources
from include.compaction.write import PART_BYTES
from include.datasets import dataset_named
from include.errors import BadConfiguration
from include.failures import Failures
from include.lake import Lake, day_prefix

log = logging.getLogger(__name__)

ENGINE = "spark"
_TRIED = "_TRIED"
"""Beside Spark's files: readers may have been sent to them. Readers of Parquet skip ``_`` names."""


def plan_key(dataset: str, since: date, until: date) -> str:
    """``catalogue/plans/tweets/2026-01-01_2026-11-01.json``."""
    return f"catalogue/plans/{dataset}/{since.isoformat()}_{until.isoformat()}.json"


def plan(lake: Lake, dataset: str, since: date, until: date, root: str) -> str:
    """Write down what Spark has to do: the days that the catalogue does not have as they are.

    Args:
        lake: where the plan goes, and the small objects lie.
        dataset: its name.
        since: first day.
        until: the day after the last.
        root: how Spark reaches the lake, for example ``s3a://bucket``.

    Returns:
        The plan's key.

    Raises:
        BadConfiguration: there is nothing to do.
    """
    known = dataset_named(dataset)
    days = [
        day
        for number in sorted(curated_days(lake, dataset))
        if since <= number < until and (day := _day(lake, dataset, number, root)) is not None
    ]
    if not days:
        raise BadConfiguration(
            f"there is nothing to compact: from {since} to {until} every day of {dataset} is in "
            "the catalogue as it is, or there is none. Choose other dates"
        )
    of_file = list(landed_schema(known))[1:]  # the account is in the key
    key = plan_key(dataset, since, until)
    lake.put_json(
        key,
        {
            "dataset": dataset,
            "schema": ", ".join(f"{field.name} {glue_type(field.type)}" for field in of_file),
            "columns": compacted_schema(known).names,
            "latest": latest(known, "{rows}"),
            "order": order(known),
            "days": days,
        },
    )
    return key


def publish(lake: Lake, key: str, now: datetime, failures: Failures) -> list[date]:
    """Send readers to what Spark wrote, day by day.

    A day that changed since it was planned, or that a try before this one was at, is left to
    ``compact_lake``; so is one that ``compact_lake`` has done meanwhile.

    Args:
        lake: where it lies.
        key: the plan's.
        now: since when earlier versions are superseded.
        failures: keeps what goes wrong with a day while the others are gone through.

    Returns:
        The days that are in the catalogue as they are now.
    """
    planned = lake.get_json(key)
    dataset = dataset_named(planned["dataset"])
    done = []
    for day in planned["days"]:
        with failures.kept(f"publishing {dataset.name} of {day['day']}"):
            sources = Sources.of(lake, dataset, date.fromisoformat(day["day"]))
            if _publish(lake, sources, day["sources"], day["version"], now):
                done.append(sources.day)
    return done


def _publish(lake: Lake, sources: Sources, planned: str, version: str, now: datetime) -> bool:
    """Returns whether the day is in the catalogue as it is."""
    name, day = sources.dataset.name, sources.day
    manifest = read_manifest(lake, name, day)
    is_current = manifest is not None and manifest.sources == sources.digest
    mark = f"{version_prefix(name, day, version)}{_TRIED}"
    if lake.find(mark) is not None:
        log.info("%s of %s was published before", name, day)  # somebody may read the files
        return is_current
    if is_current or sources.digest != planned:
        log.info("%s of %s was compacted or changed since it was planned", name, day)
        delete_version(lake, name, day, version)
        return is_current
    files = _files(lake, sources, version)
    lake.put(mark, b"")
    return switch(lake, sources, version, files, now) is not None


def _day(lake: Lake, dataset: str, day: date, root: str) -> dict[str, Any] | None:
    sources = Sources.of(lake, dataset_named(dataset), day)
    manifest = read_manifest(lake, dataset, day)
    if manifest is not None and manifest.sources == sources.digest:
        return None
    version = f"{sources.new_version()}-{ENGINE}"
    return {
        "day": day.isoformat(),
        "sources": sources.digest,
        "source": f"{root}/{day_prefix('curated', dataset, day)}",
        "target": f"{root}/{version_prefix(dataset, day, version)}",
        "version": version,
        "files": max(1, ceil(sum(file.size for file in sources.files) / PART_BYTES)),
    }


def _files(lake: Lake, sources: Sources, version: str) -> Sequence[CompactedFile]:
    """What Spark wrote of a day.

    Raises:
        FileNotFoundError: it did not come to the day's end.
    """
    prefix = version_prefix(sources.dataset.name, sources.day, version)
    entries = list(lake.entries(prefix))
    if not any(entry.key == f"{prefix}_SUCCESS" for entry in entries):
        raise FileNotFoundError(
            f"s3://{lake.bucket}/{prefix}_SUCCESS is not there: Spark did not finish that day, or "
            "it was cleaned up. Trigger 'compact_history' anew: it leaves out what is published"
        )
    system = s3_of(lake)
    return [
        CompactedFile(
            key=entry.key,
            rows=pq.read_metadata(f"{lake.bucket}/{entry.key}", filesystem=system).num_rows,
            bytes=entry.size,
        )
        for entry in entries
        if entry.key.endswith(".parquet")
    ]
