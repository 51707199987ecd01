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
from include.lake import Lake, day_prefix

log = logging.getLogger(__name__)

ENGINE = "spark"


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


def publish(lake: Lake, key: str, now: datetime) -> list[date]:
    """Send readers to what Spark wrote, day by day.

    A day that changed since it was planned is left to ``compact_lake``.

    Args:
        lake: where it lies.
        key: the plan's.
        now: since when earlier versions are superseded.

    Returns:
        The days that are in the catalogue now.
    """
    planned = lake.get_json(key)
    dataset = dataset_named(planned["dataset"])
    done = []
    for day in planned["days"]:
        sources = Sources.of(lake, dataset, date.fromisoformat(day["day"]))
        version = _version(day["sources"])
        if sources.digest != day["sources"]:
            log.info("%s of %s changed since it was planned", dataset.name, day["day"])
            delete_version(lake, dataset.name, sources.day, version)
        elif switch(lake, sources, version, _files(lake, sources, version), now) is not None:
            done.append(sources.day)
    return done


def _day(lake: Lake, dataset: str, day: date, root: str) -> dict[str, Any] | None:
    sources = Sources.of(lake, dataset_named(dataset), day)
    manifest = read_manifest(lake, dataset, day)
    if manifest is not None and manifest.sources == sources.digest:
        return None
    return {
        "day": day.isoformat(),
        "sources": sources.digest,
        "source": f"{root}/{day_prefix('curated', dataset, day)}",
        "target": f"{root}/{version_prefix(dataset, day, _version(sources.digest))}",
        "files": max(1, ceil(sum(file.size for file in sources.files) / PART_BYTES)),
    }


def _version(digest: str) -> str:
    return f"{digest}-{ENGINE}"


def _files(lake: Lake, sources: Sources, version: str) -> Sequence[CompactedFile]:
    """What Spark wrote of a day.

    Raises:
        FileNotFoundError: it did not come to the day's end.
    """
    prefix = version_prefix(sources.dataset.name, sources.day, version)
    entries = list(lake.entries(prefix))
    if not any(entry.key == f"{prefix}_SUCCESS" for entry in entries):
        raise FileNotFoundError(
            f"s3://{lake.bucket}/{prefix}_SUCCESS is not there: Spark did not finish that day. "
            "Clear 'spark' with what follows it"
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
