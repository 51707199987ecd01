"""Batch compliance jobs as X tells of them, and the lines of their results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from include.foreign_json import parse
from include.x_api.errors import XUnavailable

_LONGEST_REASON = 60
JobKind = Literal["tweets", "users"]


@dataclass(frozen=True, slots=True)
class ComplianceJob:
    """One job; its URLs are signed, so that whoever reads them needs no token: never log them."""

    job_id: str
    name: str
    status: str
    """``created`` until ids are uploaded, then ``in_progress``; at last ``complete``, ``failed``
    or ``expired``."""
    upload_url: str = field(repr=False)
    download_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redaction:
    """One line of a result: an id that has to go, or to lose something."""

    resource_id: str
    reason: str


def read_job(body: bytes) -> ComplianceJob:
    """The job in an answer.

    Raises:
        XUnavailable: there is none.
    """
    return _job(_object(body).get("data"))


def read_jobs(body: bytes) -> list[ComplianceJob]:
    """The jobs in an answer.

    Raises:
        XUnavailable: one of them can't be read.
    """
    jobs = _object(body).get("data") or []
    if not isinstance(jobs, list):
        raise XUnavailable("X sent a list of compliance jobs that is none")
    return [_job(job) for job in jobs]


def read_result(body: bytes) -> list[Redaction]:
    """The lines of a result.

    Raises:
        XUnavailable: one of them can't be read; to leave it out would be to keep what must go.
    """
    return [_redaction(line) for line in body.splitlines() if line.strip()]


def _redaction(line: bytes) -> Redaction:
    found = _object(line)
    number, reason = found.get("id"), found.get("reason") or found.get("action")
    if not isinstance(number, str) or not isinstance(reason, str):
        raise XUnavailable("X sent a line of a compliance result without an id and a reason")
    return Redaction(number, reason[:_LONGEST_REASON])


def _job(job: Any) -> ComplianceJob:
    told = job if isinstance(job, dict) else {}
    names = ("id", "status", "upload_url", "download_url")
    if not all(isinstance(told.get(name), str) for name in names):
        raise XUnavailable("X sent a compliance job without id, status or URLs")
    return ComplianceJob(
        told["id"],
        str(told.get("name") or ""),
        told["status"],
        told["upload_url"],
        told["download_url"],
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        parsed = parse(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise XUnavailable("X sent something about a compliance job that is no JSON object")
    return parsed
