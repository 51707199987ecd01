"""What an answer of X that is not 200 means, as types that a retry policy can read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from include.errors import BadConfiguration, TweetLakeError


class XError(TweetLakeError):
    """X answered, or failed to answer, in a way that stops this request."""

    at: datetime | None = None
    """When X said so, by its clock; None where it did not answer."""


class XUnavailable(XError):
    """No usable answer: no connection, a 5xx, or a body that is not JSON. Worth a retry."""


class TimelineNotFound(XError):
    """A 404 where an account is known to exist: X has done that for hours. Worth a retry."""


class RateLimited(XError):
    """The window of this endpoint is used up and opens again at :attr:`reset`."""

    def __init__(self, path: str, reset: datetime) -> None:
        self.reset = reset
        super().__init__(
            f"X's rate limit for {path} is used up until {reset:%Y-%m-%d %H:%M:%S} UTC; "
            "the task is tried again. Fewer accounts or a longer schedule avoid it."
        )

    @property
    def wait(self) -> timedelta:
        """How long until the window opens, never negative."""
        return max(self.reset - datetime.now(UTC), timedelta(0))


class JobUnderWay(XError):
    """409: X runs one compliance job of a kind at a time. Worth a retry."""


class JobNotOver(XError):
    """A compliance job takes longer than a task waits. Worth a retry, which goes on with it."""


class BadRequest(XError):
    """X refused the request's parameters; the same request will be refused again."""


class TooLarge(XError, BadConfiguration):
    """An answer has more bytes than any honest one; it will have them again."""


class BadToken(XError, BadConfiguration):
    """401: the bearer token is wrong or revoked."""


class AccessDenied(XError, BadConfiguration):
    """403: the app may not use this endpoint, or its spending limit is reached."""


class OutOfCredits(XError, BadConfiguration):
    """402: the balance is used up; waiting does not help."""


class MonthlyCapReached(XError, BadConfiguration):
    """429 in its second meaning: the month's posts are used up; waiting does not help."""
