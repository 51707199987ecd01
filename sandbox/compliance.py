"""Batch compliance jobs: ids are uploaded, and some time later it is told which of them must go."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sandbox.posts import snowflake, timestamp
from sandbox.redactions import Redactions
from sandbox.wire import dumps

_UPLOAD_LIFE, _DOWNLOAD_LIFE = timedelta(minutes=15), timedelta(days=7)
_ID = re.compile(rb"[0-9]{1,19}")


class JobStatus(StrEnum):
    """Where a job stands."""

    CREATED = "created"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(slots=True)
class Job:
    """One job. `polls_left` is None before the upload, then how often it is still in progress."""

    job_id: str
    kind: str
    name: str | None
    resumable: bool
    created: datetime
    base_url: str
    polls_left: int | None = None
    result: bytes | None = field(default=None, repr=False)

    @property
    def upload_expires(self) -> datetime:
        """Until when ids can be uploaded."""
        return self.created + _UPLOAD_LIFE

    @property
    def download_expires(self) -> datetime:
        """Until when the result can be downloaded."""
        return self.created + _DOWNLOAD_LIFE

    def status(self, now: datetime) -> JobStatus:
        """Return where the job stands; a job that waits too long for its upload expires."""
        if self.polls_left is None:
            return JobStatus.CREATED if now < self.upload_expires else JobStatus.EXPIRED
        if self.polls_left > 0:
            return JobStatus.IN_PROGRESS
        return JobStatus.FAILED if self.result is None else JobStatus.COMPLETE

    def signature(self, action: str) -> str:
        """Return what makes the URL of an action (submission, delivery) hard to guess, on X."""
        return hashlib.sha256(f"{self.job_id}/{action}".encode()).hexdigest()

    def wire(self, now: datetime) -> dict[str, Any]:
        """Return the job as X tells it."""
        job: dict[str, Any] = {"id": self.job_id, "type": self.kind}
        if self.name is not None:
            job["name"] = self.name
        return job | {
            "created_at": timestamp(self.created),
            "upload_url": self._signed_url("submission", _UPLOAD_LIFE, "content-type%3Bhost"),
            "upload_expires_at": timestamp(self.upload_expires),
            "download_url": self._signed_url("delivery", _DOWNLOAD_LIFE, "host"),
            "download_expires_at": timestamp(self.download_expires),
            "status": self.status(now).value,
            "resumable": self.resumable,
        }

    def _signed_url(self, action: str, life: timedelta, headers: str) -> str:
        return (
            f"{self.base_url}/storage/compliance/{self.job_id}/{action}"
            f"?X-Goog-Expires={int(life.total_seconds())}&X-Goog-SignedHeaders={headers}"
            f"&X-Goog-Signature={self.signature(action)}"
        )


class ComplianceJobs:
    """All jobs so far. `polls` is how many GETs find a job in progress after its upload."""

    def __init__(self, redactions: Redactions, polls: int = 1) -> None:
        """Start without jobs."""
        self.polls = polls
        self._redactions = redactions
        self._jobs: dict[str, Job] = {}

    def clear(self) -> None:
        """Forget all jobs."""
        self._jobs.clear()

    def running(self, kind: str, now: datetime) -> Job | None:
        """Return the job of this kind that is not over: X lets no second one begin."""
        active = {JobStatus.CREATED, JobStatus.IN_PROGRESS}
        jobs = (job for job in self._jobs.values() if job.kind == kind)
        return next((job for job in jobs if job.status(now) in active), None)

    def create(
        self, kind: str, name: str | None, now: datetime, base_url: str, *, resumable: bool
    ) -> Job:
        """Begin a job."""
        job_id = str(snowflake(int(now.timestamp() * 1000)) + len(self._jobs))
        job = self._jobs[job_id] = Job(job_id, kind, name, resumable, now, base_url)
        return job

    def find(self, job_id: str) -> Job | None:
        """Return the job with this id."""
        return self._jobs.get(job_id)

    def newest_first(self, kind: str) -> Iterator[Job]:
        """Walk over the jobs of a kind."""
        return (job for job in reversed(self._jobs.values()) if job.kind == kind)

    def upload(self, job: Job, body: bytes, now: datetime) -> None:
        """Take ids, one a line, and see what has become of them; anything else fails the job."""
        lines = [line for line in (line.strip() for line in body.splitlines()) if line]
        if job.status(now) in {JobStatus.COMPLETE, JobStatus.FAILED}:
            return
        job.polls_left = self.polls
        job.result = None
        if all(_ID.fullmatch(line) for line in lines):
            found = self._redactions.of(job.kind, (line.decode() for line in lines), now)
            job.result = b"".join(dumps(line) + b"\n" for line in found)

    def poll(self, job: Job, now: datetime) -> dict[str, Any]:
        """Return the job as X tells it; one that is in progress has one poll less to go."""
        wire = job.wire(now)
        if job.polls_left:
            job.polls_left -= 1
        return wire
