"""The HTTP session below tweepy: one base URL, time limits, retries, and typed errors.

tweepy 4.17 dials a fixed host, has no time limit, does not retry, and waits for ever on a
monthly cap; so every answer is judged here before tweepy sees it.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from tenacity import (
    Retrying,
    before_sleep_log,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from include.errors import BadConfiguration
from include.foreign_json import parse
from include.x_api.answer import checked
from include.x_api.body import LARGEST_ANSWER, read_body
from include.x_api.errors import (
    AccessDenied,
    BadRequest,
    BadToken,
    JobUnderWay,
    MonthlyCapReached,
    OutOfCredits,
    RateLimited,
    TimelineNotFound,
    XError,
    XUnavailable,
)
from include.x_api.problems import problem_name, quoted

log = logging.getLogger(__name__)

CONNECT_SECONDS, READ_SECONDS = 10, 60
ATTEMPTS = 4
WAIT_WITHOUT_HEADER = timedelta(seconds=60)
"""How long to wait when a rate limit does not say when its window opens."""
_ABOUT_ONE = ("/2/usage/", "/2/compliance/")
"""Where ``data`` is an object and no list."""
_STORABLE = range(1, 2**32)
"""Seconds since 1970 that the gzip header of a stored page can tell; 0 is none."""
SHORTEST_WAIT = timedelta(seconds=1)
"""The first pause for a rate limit, doubled each time: X's clock may be behind ours."""

_REFUSALS: dict[int, tuple[type[XError], str]] = {
    requests.codes.bad_request: (BadRequest, "X refused the request to {path} (400): {said}."),
    requests.codes.unauthorized: (
        BadToken,
        (
            "X refused the bearer token (401 on {path}). Put a valid one in the password of the "
            "Airflow connection 'x_api'."
        ),
    ),
    requests.codes.payment_required: (
        OutOfCredits,
        "X's credits are used up (402 on {path}): {said}. Add credits at X.",
    ),
    requests.codes.forbidden: (
        AccessDenied,
        (
            "X denied access to {path} (403): {said}. Check the app's enrolment, access level "
            "and spending limit at X."
        ),
    ),
    requests.codes.not_found: (
        TimelineNotFound,
        (
            "X answered 404 on {path}: {said}. X has done that for hours to accounts that "
            "exist, so nothing is concluded from it; the task is tried again."
        ),
    ),
    requests.codes.conflict: (
        JobUnderWay,
        (
            "X has not finished an earlier job of the kind (409 on {path}): {said}. The task is "
            "tried again."
        ),
    ),
}
"""What a status means by itself."""


class XSession(requests.Session):
    """Sends to ``base_url`` whatever host tweepy asks for, and returns only sound answers.

    A rate limit is waited for here, at most ``longest_wait`` in all for one request, and said in
    the log; beyond that :class:`RateLimited` hands the task back to Airflow. Answers without
    meaning (no connection, 5xx, a body that is not JSON) are asked for again, ``attempts`` times in
    all.

    Raises:
        XError: the subclass says whose turn it is; no message contains the token.
        BadConfiguration: no request can be made with the base URL and the headers.
    """

    def __init__(
        self,
        base_url: str,
        *,
        longest_wait: timedelta,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__()
        self.base_url = base_url.rstrip("/")
        self.longest_wait = longest_wait
        self.attempts = attempts
        self.sleep = sleep

    def request(  # type: ignore[override]
        self, method: str, url: str, **arguments: Any
    ) -> requests.Response:
        """Send one request; see the class for what happens to what comes back."""
        path = urlsplit(url).path
        waited, at_least = timedelta(0), SHORTEST_WAIT
        while True:
            try:
                return self._asking_again()(self._send, method, path, **arguments)
            except RateLimited as limit:
                pause = max(limit.wait + timedelta(seconds=1), at_least)
                if waited + pause > self.longest_wait:
                    raise
                waited += pause
                at_least *= 2
                log.warning(
                    "X's rate limit for %s is used up; waiting until %s UTC",
                    path,
                    f"{datetime.now(UTC) + pause:%H:%M:%S}",
                )
                self.sleep(pause.total_seconds())

    def _asking_again(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception_type(XUnavailable),
            stop=stop_after_attempt(self.attempts),
            wait=wait_random_exponential(multiplier=1, max=20),
            before_sleep=before_sleep_log(log, logging.WARNING),
            sleep=self.sleep,
            reraise=True,
        )

    def _send(self, method: str, path: str, **arguments: Any) -> requests.Response:
        try:
            response = super().request(
                method,
                self.base_url + path,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                **arguments,
            )
            read_body(response, path, LARGEST_ANSWER)
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
        ) as error:
            raise XUnavailable(
                f"no answer from {self.base_url}{path} ({type(error).__name__}). Check the host "
                "of the Airflow connection 'x_api' and this machine's way to it."
            ) from None
        except (requests.RequestException, UnicodeError) as error:
            # The error, and the one beneath it, may quote the header with the token.
            raise BadConfiguration(
                f"no request can be made with the Airflow connection 'x_api' "
                f"({type(error).__name__}). Check its host and its password."
            ) from None
        try:
            judge(response, path)
        except XError as error:
            error.at = answered_at(response)
            raise
        return response


def answered_at(response: requests.Response) -> datetime:
    """When X answered, by its clock; by ours where a proxy dropped or spoilt what it said."""
    try:
        at = parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return datetime.now(UTC)
    return at if int(at.timestamp()) in _STORABLE else datetime.now(UTC)


def judge(response: requests.Response, path: str) -> None:
    """Return for a sound 200; raise the error that the answer means otherwise."""
    status = response.status_code
    try:
        body = parse(response.content)
    except ValueError:
        body = None
    if status == requests.codes.ok and isinstance(body, dict):
        _check_shape(body, path)
        return
    problem = body if isinstance(body, dict) else {}
    said = _what_x_said(problem)
    if status == requests.codes.too_many_requests:
        if problem_name(problem) == "usage-capped" or problem.get("title") == "UsageCapExceeded":
            raise MonthlyCapReached(
                f"X's monthly cap of posts is used up ({path}): {said}. Waiting does not help; "
                "raise the cap at X or wait for the next billing month."
            )
        raise RateLimited(path, _reset(response))
    if status in _REFUSALS:
        error, message = _REFUSALS[status]
        raise error(message.format(path=path, said=said))
    kind = response.headers.get("content-type", "no content type")
    raise XUnavailable(f"X answered {path} with {status} and a body of {kind} that can't be used")


def _check_shape(body: dict[str, Any], path: str) -> None:
    if not path.startswith(_ABOUT_ONE):
        checked(body)


def _reset(response: requests.Response) -> datetime:
    stamp = response.headers.get("x-rate-limit-reset", "")
    if re.fullmatch(r"\d{1,11}", stamp):
        return datetime.fromtimestamp(int(stamp), UTC)
    return datetime.now(UTC) + WAIT_WITHOUT_HEADER


def _what_x_said(problem: dict[str, Any]) -> str:
    errors = problem.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    messages = [problem.get("title"), problem.get("detail")]
    if isinstance(first, dict):
        messages += [first.get("message"), first.get("detail")]
    said = "; ".join(dict.fromkeys(str(m) for m in messages if m)) or "it gave no reason"
    return quoted(said.rstrip("."))
