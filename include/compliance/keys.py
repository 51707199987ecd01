"""Where a day's forgetting lies: ``compliance/dt=2026-11-02/``."""

from __future__ import annotations

from datetime import date

from include.x_api.compliance_job import JobKind


def job_key(day: date, kind: JobKind) -> str:
    """The id of the day's job."""
    return f"{_prefix(day)}job-{kind}.json"


def found_key(day: date) -> str:
    """What has to go, as X or the lake tells: ids and reasons."""
    return f"{_prefix(day)}found.json"


def record_key(day: date, *, dry_run: bool) -> str:
    """What went, or would have gone."""
    return f"{_prefix(day)}{'dry-run' if dry_run else 'record'}.json"


def _prefix(day: date) -> str:
    return f"compliance/dt={day.isoformat()}/"
