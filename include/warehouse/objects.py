"""The objects of ``curated/`` that the warehouse is made of, and which of them are news to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from include.catalogue.manifest import account_of, curated_entries
from include.catalogue.reader import curated_days
from include.lake import Lake, at_once, interval_of

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor


@dataclass(frozen=True, slots=True)
class CuratedObject:
    """One small Parquet object, as it was listed."""

    dataset: str
    key: str
    etag: str
    size: int
    """Bytes."""
    day: date
    account: str | None
    interval_end: datetime
    at: datetime
    """When it was written, by S3's clock."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What of some days is in the lake and not like that in the warehouse."""

    new: list[CuratedObject] = field(default_factory=list)
    """Objects that were never loaded, are others by now, or could not be loaded."""
    gone: dict[str, date] = field(default_factory=dict)
    """Keys that were loaded and are in the lake no more, and their days."""

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(entry.size for entry in self.new)

    def __add__(self, more: Changes) -> Changes:
        """These and more."""
        return Changes([*self.new, *more.new], {**self.gone, **more.gone})

    def __len__(self) -> int:
        """How many objects these are."""
        return len(self.new) + len(self.gone)

    def halves(self) -> tuple[Changes, Changes]:
        """Two parts, neither of them empty where there are two objects or more."""
        gone = list(self.gone.items())
        new, left = (len(self.new) + 1) // 2, len(gone) // 2
        return Changes(self.new[:new], dict(gone[:left])), Changes(
            self.new[new:], dict(gone[left:])
        )


def find_changes(
    lake: Lake,
    cursor: Cursor,
    dataset: str,
    days: Collection[date] | None,
    without: Collection[str] = (),
) -> Changes:
    """Compare the lake with the ledger.

    Args:
        lake: whose curated objects are listed.
        cursor: of the warehouse.
        dataset: of which.
        days: the days to look at, beside those on which something has to be loaded again; None
            for all.
        without: keys that are left out, whatever there is to say of them.
    """
    if days is not None:
        cursor.execute(
            """SELECT DISTINCT day FROM load_object
            WHERE dataset = $1 AND (state = 'failed' OR etag = '')""",
            (dataset,),
        )
        days = {*days, *(day for (day,) in cursor.fetchall())}
    known = _known(cursor, dataset, days)
    there = {entry.key: entry for entry in listed(lake, dataset, days)}
    return Changes(
        new=[
            entry
            for key, entry in there.items()
            if key not in without and known.get(key, ())[::2] != (entry.etag, "loaded")
        ],
        gone={
            key: day
            for key, (_, day, _) in known.items()
            if key not in there and key not in without
        },
    )


def _known(
    cursor: Cursor, dataset: str, days: Collection[date] | None
) -> dict[str, tuple[str, date, str]]:
    """ETag, day and state of what the ledger has of these days, by key."""
    if days is not None and not days:
        return {}
    condition = "" if days is None else f"AND day BETWEEN '{min(days)}' AND '{max(days)}'"
    cursor.execute(
        f"SELECT key, etag, day, state FROM load_object WHERE dataset = $1 {condition}",
        (dataset,),
    )
    return {
        key: (etag, day, state)
        for key, etag, day, state in cursor.fetchall()
        if days is None or day in days
    }


def listed(lake: Lake, dataset: str, days: Collection[date] | None) -> Iterator[CuratedObject]:
    """The small objects of some days, or of all, in the order of their keys.

    Raises:
        ForeignObject: among them is one that no run landed.
    """
    wanted = sorted(curated_days(lake, dataset) if days is None else days)
    found = at_once(lambda day: curated_entries(lake, dataset, day), wanted)
    for day, entries in zip(wanted, found, strict=True):
        for entry in entries:
            yield CuratedObject(
                dataset=dataset,
                key=entry.key,
                etag=entry.etag,
                size=entry.size,
                day=day,
                account=account_of(entry.key),
                interval_end=interval_of(entry.key).end,
                at=entry.at,
            )
