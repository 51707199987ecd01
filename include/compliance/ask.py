"""Asking which of the lake's ids have to go: one compliance job a day for posts, one for users."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

from include.compliance.holdings import holdings
from include.compliance.keys import found_key, job_key
from include.compliance.subject import SCRUB_GEO, Found
from include.compliance.tombstones import WITHHELD, gone_posts, hidden_users
from include.lake import Lake
from include.x_api.compliance_job import ComplianceJob, JobKind, read_result
from include.x_api.errors import AccessDenied, JobNotOver

if TYPE_CHECKING:
    from include.x_api.client import XApi  # tweepy is slow to import

log = logging.getLogger(__name__)

_KINDS: tuple[JobKind, ...] = ("tweets", "users")
_GIVEN_UP = {"failed", "expired"}
_LONGEST_NAME = 64


def ask(lake: Lake, api: XApi, day: date) -> Found:
    """What has to go, asked once a day; a retry goes on with the same jobs.

    X's jobs know nothing of what is withheld: that is told by what ``tweet_metrics`` has seen. So
    is everything, where the app may not use jobs.

    Raises:
        JobNotOver: X is still at it; to be tried again.
    """
    body = lake.find(found_key(day))
    if body is not None:
        return Found.model_validate_json(body)
    gone = gone_posts(lake)
    try:
        posts, users = _Asking(lake, api, day).results()
    except AccessDenied as denied:
        log.warning("What has to go is told by what the lake has seen: %s", denied)
        found = Found(source="tombstones", posts=gone, users=hidden_users(lake))
    else:
        withheld = {post: reason for post, reason in gone.items() if reason == WITHHELD}
        removed = {user: reason for user, reason in users.items() if reason != SCRUB_GEO}
        found = Found(source="compliance jobs", posts={**withheld, **posts}, users=removed)
    lake.put_json(found_key(day), found.model_dump(mode="json"))
    return found


class _Asking:
    """The day's jobs under way."""

    def __init__(self, lake: Lake, api: XApi, day: date) -> None:
        self._lake = lake
        self._api = api
        self._day = day
        self._name = f"forget {day} {lake.bucket}"[:_LONGEST_NAME]
        self._ids: dict[JobKind, list[str]] | None = None

    def results(self) -> list[dict[str, str]]:
        """The reason for each id that has to go, of posts and of users."""
        jobs = [self._job(kind) for kind in _KINDS]
        under_way = [job.job_id for job in jobs if job is not None and job.status != "complete"]
        if under_way:
            raise JobNotOver(f"X is at work on the compliance jobs {', '.join(under_way)}")
        return [{} if job is None else self._result(job) for job in jobs]

    def _result(self, job: ComplianceJob) -> dict[str, str]:
        return {line.resource_id: line.reason for line in read_result(self._api.download(job))}

    def _job(self, kind: JobKind) -> ComplianceJob | None:
        """The day's job, with its ids; None where the lake has none."""
        job = self._known(kind)
        if job is None or job.status in _GIVEN_UP:
            if not self._held(kind):
                return None
            job = self._api.submit_compliance_job(kind, self._name)
        self._lake.put_json(job_key(self._day, kind), {"job_id": job.job_id})
        if job.status == "created":
            self._api.upload(job, "\n".join(self._held(kind)).encode())
            job = self._api.compliance_job(job.job_id)
        return job

    def _known(self, kind: JobKind) -> ComplianceJob | None:
        """The job that was begun; one that the lake was not told of waits at X for its ids."""
        body = self._lake.find(job_key(self._day, kind))
        if body is not None:
            return self._api.compliance_job(json.loads(body)["job_id"])
        waiting = (job for job in self._api.compliance_jobs(kind) if job.status == "created")
        return next((job for job in waiting if job.name == self._name), None)

    def _held(self, kind: JobKind) -> list[str]:
        """Every id that the lake holds."""
        if self._ids is None:
            found: dict[JobKind, set[str | None]] = defaultdict(set)
            for holding in holdings(self._lake):
                for subject in holding.subjects:
                    if subject.kind == "posts":
                        found["tweets"].update((subject.id, subject.reposts))
                    user = subject.id if subject.kind == "users" else subject.author_id
                    found["users"].add(user)
            self._ids = {kind: sorted(filter(None, found[kind])) for kind in _KINDS}
        return self._ids[kind]
