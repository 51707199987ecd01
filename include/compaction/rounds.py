"""What a run of ``compact_lake`` has to do: which days to compact, and which versions to delete."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta

from include.catalogue.manifest import catalogued, manifests, read_manifest, withdraw
from include.catalogue.reader import curated_days
from include.compaction.compact import delete_version, is_current
from include.errors import EntryUnreadable
from include.lake import Lake, day_of

log = logging.getLogger(__name__)

DAYS_A_RUN = 90
"""So many days of a dataset are compacted in one run; a longer history takes several."""
GRACE = timedelta(hours=24)
"""So long a reader may go on reading a version after it is superseded."""
_RECENT = timedelta(days=2)
"""So long a new entry is looked at again: whoever wrote it may have died before it could."""


def days_to_compact(
    lake: Lake,
    dataset: str,
    today: date,
    look_back_days: int,
    now: datetime,
    *,
    shown: Collection[date] = (),
) -> list[date]:
    """Days before today that are not in the catalogue, or wrongly, newest first.

    Verified are the entries of the look-back and those that were written lately; a wrong one is
    withdrawn.

    Args:
        lake: where they lie.
        dataset: its name.
        today: the day that is not over.
        look_back_days: how many days before it are verified.
        now: by which entries were written lately.
        shown: days that Glue has; they come first, as Glue's readers may find nothing there.
    """
    entries = catalogued(lake, dataset)
    doubtful = {
        day
        for day, at in entries.items()
        if day >= today - timedelta(days=look_back_days) or at >= now - _RECENT
    }
    wrong = {day for day in doubtful if not _is_right(lake, dataset, day)}
    there = curated_days(lake, dataset) | _versions(lake, dataset).keys()
    missing = {day for day in there if day < today} - entries.keys()
    return sorted(missing | wrong, key=lambda day: (day in shown, day), reverse=True)[:DAYS_A_RUN]


def delete_superseded(lake: Lake, dataset: str, now: datetime) -> list[str]:
    """Delete the versions that nobody has been sent to for longer than the grace period.

    Of a day that is not in the catalogue everything stays: the next compaction says which versions
    are superseded, and since when.

    Returns:
        Their prefixes.
    """
    there = _versions(lake, dataset)
    deleted = []
    for manifest in manifests(lake, dataset):
        for version, at in there[manifest.day].items():
            # One that the entry does not name was never in the catalogue: its writer died.
            since = manifest.superseded.get(version, at)
            if version != manifest.version and since <= now - GRACE:
                deleted.append(delete_version(lake, dataset, manifest.day, version))
    return deleted


def _is_right(lake: Lake, dataset: str, day: date) -> bool:
    try:
        manifest = read_manifest(lake, dataset, day)
        if manifest is not None and is_current(lake, manifest):
            return True
    except EntryUnreadable as error:
        log.warning("%s", error)
    log.warning("%s of %s: its entry in the catalogue was not what is there", dataset, day)
    withdraw(lake, dataset, [day])
    return False


def _versions(lake: Lake, dataset: str) -> defaultdict[date, dict[str, datetime]]:
    """The versions of each day, and when the last of its files was written."""
    found: defaultdict[date, dict[str, datetime]] = defaultdict(dict)
    for entry in lake.entries(f"compacted/{dataset}/"):
        version = entry.key.split("/")[3]
        of_day = found[day_of(entry.key)]
        of_day[version] = max(entry.at, of_day.get(version, entry.at))
    return found
