"""The steps of ``compact_lake`` and ``compact_history``: each opens connections and calls on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from include import retention
from include.arguments import parse_day
from include.catalogue.manifest import catalogued
from include.connections import load_settings, open_glue, open_lake
from include.context import current_interval
from include.datasets import dataset_names
from include.errors import BadConfiguration
from include.failures import Failures
from include.lake import Lake
from include.quarantine import items
from include.settings import Settings

log = logging.getLogger(__name__)


def compact(dataset: str) -> dict[str, int]:
    """Compact what is not in the catalogue, tell Glue, then delete superseded versions.

    A day that can't be compacted holds up nothing else: the task fails in the end. Nothing is
    deleted before Glue points elsewhere. Returns how many days, partitions and versions.
    """
    from include.compaction.rounds import days_to_compact, delete_superseded  # DuckDB is large

    settings = load_settings()
    lake, glue = open_lake(settings), open_glue(settings)
    today = current_interval().end.date()
    # By the clock, not by the run's interval: readers have to be given a day of real time.
    now = datetime.now(UTC)
    failures = Failures()
    shown: set[date] = set()
    with failures.kept(f"asking Glue which days of {dataset} it shows"):
        shown = set() if glue is None else glue.days(dataset)
    days = days_to_compact(lake, dataset, today, settings.look_back_days, now, shown=shown)
    done = _compact_days(lake, dataset, days, now, failures)
    partitions, deleted = 0, []
    with failures.kept(f"tidying up {dataset}"):
        partitions = 0 if glue is None else glue.keep(lake, dataset)
        deleted = delete_superseded(lake, dataset, now)
    failures.tell()
    log.info("%s: %d partitions changed, %d versions deleted", dataset, partitions, len(deleted))
    return {"days": done, "partitions": partitions, "versions": len(deleted)}


def compact_forgotten(settings: Settings) -> dict[str, int]:
    """Compact the days that Glue shows and that forgetting took out of the catalogue.

    Their files went at once, so that Glue's readers find nothing there until it points to new ones.
    However many there are, they are compacted now. Returns how many of each dataset.
    """
    lake, glue = open_lake(settings), open_glue(settings)
    if glue is None:
        return {}
    failures, done = Failures(), {}
    for dataset in dataset_names():
        with failures.kept(f"showing {dataset} in Glue again"):
            days = sorted(glue.days(dataset) - catalogued(lake, dataset).keys(), reverse=True)
            done[dataset] = _compact_days(lake, dataset, days, datetime.now(UTC), failures)
            glue.keep(lake, dataset)  # also of days that a try before this one compacted
    failures.tell()
    return done


def _compact_days(
    lake: Lake, dataset: str, days: Sequence[date], now: datetime, failures: Failures
) -> int:
    """Compact the days, as far as they can be; returns how many could."""
    from include.compaction.compact import compact as compact_day

    done = 0
    for day in days:
        with failures.kept(f"compacting {dataset} of {day}"):
            manifest = compact_day(lake, dataset, day, now)
            rows = sum(file.rows for file in manifest.files)
            log.info("%s of %s: %d rows of %d objects", dataset, day, rows, manifest.objects)
            done += 1
    return done


def apply_retention() -> bool:
    """Write the bucket's lifecycle rules; returns whether they had to be changed.

    What they have deleted of the quarantine goes off its lists.
    """
    settings = load_settings()
    lake = open_lake(settings)
    is_new = retention.apply(lake, settings)
    if settings.quarantine_days is not None:
        before = current_interval().end.date() - timedelta(days=settings.quarantine_days)
        for dataset in dataset_names():
            for name in items.drop_expired(lake, dataset, before):
                log.info("%s has expired", name)
    return is_new


def plan_history(dataset: str, since: str, until: str) -> str:
    """Write down what Spark has to do; returns where that lies, as Spark reaches it.

    Raises:
        BadConfiguration: the dates are none, the wrong way round, or there is nothing to do.
    """
    from include.compaction import history

    settings = load_settings()
    first, end = parse_day(since), parse_day(until)
    if first >= end:
        raise BadConfiguration(f"until ({until}) is not after since ({since}); give later days")
    root = f"s3a://{settings.bucket}"
    return f"{root}/{history.plan(open_lake(settings), dataset, first, end, root)}"


def publish_history(plan: str) -> list[str]:
    """Send readers, Glue's among them, to what Spark wrote; returns the days."""
    from include.compaction import history

    settings = load_settings()
    lake, glue = open_lake(settings), open_glue(settings)
    key = plan.removeprefix(f"s3a://{settings.bucket}/")
    if lake.find(key) is None:
        raise BadConfiguration(
            f"s3://{settings.bucket}/{key} is not there: it is deleted once all of its days are "
            "published. Trigger 'compact_history' anew for what is left"
        )
    failures = Failures()
    days = history.publish(lake, key, datetime.now(UTC), failures)
    if glue is not None:
        with failures.kept("telling Glue"):
            glue.keep(lake, lake.get_json(key)["dataset"])
    failures.tell()
    lake.delete(key)
    return [day.isoformat() for day in days]
