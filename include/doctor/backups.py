"""A host's backups of Airflow's metadata are made, and can be."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta

from include.doctor.finding import Finding, ok, warning
from include.doctor.patient import Patient
from include.doctor.prefixes import lacking_unwritten, not_allowed
from include.lake import Lake

FOLDER = "backups/metadata/"
_BACKUP = re.compile(rf"{FOLDER}\d{{8}}T\d{{6}}Z\.dump")
"""A key as hosts make them (deploy/host/command/backups.py); other things may lie beside."""
_TOO_OLD = timedelta(hours=26)
"""A day, and time to make one."""


def prefix(patient: Patient) -> Iterator[Finding]:
    """A host may put its backups into the bucket."""
    there = _bucket(patient)
    if there is None:
        yield ok(_NO_HOST)
    elif lacking := lacking_unwritten(there, FOLDER):
        yield not_allowed(there, lacking, [FOLDER.rstrip("/")])
    else:
        yield ok(f"s3://{there.bucket}/{FOLDER}")


def newest(patient: Patient) -> Iterator[Finding]:
    """The newest backup of a host's metadata is of the last day."""
    there = _bucket(patient)
    if there is None:
        yield ok(_NO_HOST)
        return
    made = [entry.at for entry in there.entries(FOLDER) if _BACKUP.fullmatch(entry.key)]
    last = max(made, default=None)
    if last is None:
        yield warning("the metadata were never backed up", _REMEDY)
    elif patient.now() - last > _TOO_OLD:
        yield warning(f"the newest backup is of {last:%Y-%m-%d %H:%M} UTC", _REMEDY)
    else:
        yield ok(f"the newest is of {last:%Y-%m-%d %H:%M} UTC")


_NO_HOST = "no host keeps its metadata here (TWEET_LAKE_BUCKET is not set)"
_REMEDY = (
    "`systemctl start tweet-lake-backup` makes one; `journalctl -u tweet-lake-backup` says why "
    "those of the nights failed"
)


def _bucket(patient: Patient) -> Lake | None:
    """Where this host keeps its backups; None where this is no host."""
    bucket = os.environ.get("TWEET_LAKE_BUCKET")
    return Lake(patient.lake.client, bucket) if bucket else None
