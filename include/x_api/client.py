"""The few questions this project asks of X, each answered with the body as X sent it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import requests
import tweepy

from include.interval import Interval
from include.x_api import storage
from include.x_api.answer import Answer
from include.x_api.compliance_job import ComplianceJob, JobKind, read_job, read_jobs
from include.x_api.fields import (
    EXPANSIONS,
    LOOKUP_FIELDS,
    MEDIA_FIELDS,
    METRICS_FIELDS,
    PLACE_FIELDS,
    TWEET_FIELDS,
)
from include.x_api.search_query import needs_archive
from include.x_api.session import ATTEMPTS, XSession, answered_at

ARCHIVE_SECONDS_A_REQUEST = 1.0
"""X allows one full-archive search a second."""


class XApi:
    """X API v2 through tweepy, bearer token only.

    Bodies come back verbatim, as bytes of a JSON object with status 200, with X's time; everything
    else is one of the errors in :mod:`include.x_api.errors`.
    """

    def __init__(
        self,
        base_url: str,
        bearer_token: str,
        *,
        expansions: Sequence[str] = EXPANSIONS,
        longest_wait: timedelta = timedelta(minutes=16),
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # tweepy writes the header with the token at DEBUG.
        logging.getLogger("tweepy").setLevel(logging.INFO)
        self._client = tweepy.Client(bearer_token, return_type=requests.Response)
        self._client.session = XSession(
            base_url, longest_wait=longest_wait, attempts=attempts, sleep=sleep
        )
        self._sleep = sleep
        self._of_posts: dict[str, Any] = {
            "tweet_fields": TWEET_FIELDS,
            "expansions": list(expansions) or None,
            "media_fields": MEDIA_FIELDS,
            "place_fields": PLACE_FIELDS,
        }

    def users_by(
        self, usernames: Sequence[str], *, fields: Sequence[str] = LOOKUP_FIELDS
    ) -> Answer:
        """``GET /2/users/by``: up to 100 usernames."""
        return _answer(self._client.get_users(usernames=list(usernames), user_fields=list(fields)))

    def tweets(self, ids: Sequence[str]) -> Answer:
        """``GET /2/tweets``: the metrics of up to 100 posts."""
        return _answer(self._client.get_tweets(list(ids), tweet_fields=METRICS_FIELDS))

    def usage(self) -> Answer:
        """``GET /2/usage/tweets``: what X has counted since yesterday, free of charge."""
        parameters = {"days": 2}
        return _answer(self._client.request("GET", "/2/usage/tweets", params=parameters))

    def submit_compliance_job(self, kind: JobKind, name: str) -> ComplianceJob:
        """``POST /2/compliance/jobs``: begin a job, free of charge; its ids come by ``upload``.

        Raises:
            JobUnderWay: X runs one of the kind already.
        """
        return read_job(self._client.create_compliance_job(kind, name=name).content)

    def compliance_jobs(self, kind: JobKind) -> list[ComplianceJob]:
        """``GET /2/compliance/jobs``: the recent jobs of the kind."""
        return read_jobs(self._client.get_compliance_jobs(kind).content)

    def compliance_job(self, job_id: str) -> ComplianceJob:
        """``GET /2/compliance/jobs/{id}``: how a job stands."""
        return read_job(self._client.get_compliance_job(job_id).content)

    def upload(self, job: ComplianceJob, ids: bytes) -> None:
        """Give a job its ids, one a line; it runs from then on."""
        storage.put_text(job.upload_url, ids, sleep=self._sleep)

    def download(self, job: ComplianceJob) -> bytes:
        """The result of a job that is complete: a line of JSON for each id that has to go."""
        return storage.get(job.download_url, sleep=self._sleep)

    def timeline(
        self,
        user_id: str,
        interval: Interval,
        *,
        exclude: Sequence[str],
        page_size: int,
        pagination_token: str | None,
    ) -> Answer:
        """``GET /2/users/{id}/tweets``: one page, newest first; page size 5 to 100."""
        return _answer(
            self._client.get_users_tweets(
                user_id,
                start_time=interval.start,
                end_time=interval.end,
                exclude=list(exclude) or None,
                max_results=page_size,
                pagination_token=pagination_token,
                **self._of_posts,
            )
        )

    def search(
        self, query: str, interval: Interval, *, page_size: int, next_token: str | None
    ) -> Answer:
        """One page of ``GET /2/tweets/search/recent``, or of ``…/all`` beyond its seven days."""
        if needs_archive(interval):
            ask = self._client.search_all_tweets
            self._sleep(ARCHIVE_SECONDS_A_REQUEST)
        else:
            ask = self._client.search_recent_tweets
        return _answer(
            ask(
                query,
                start_time=interval.start,
                end_time=interval.end,
                max_results=max(page_size, 10),
                next_token=next_token,
                **self._of_posts,
            )
        )


def _answer(response: requests.Response) -> Answer:
    return Answer(response.content, answered_at(response))
