"""Rate limits as X keeps them: so many requests per endpoint and window."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

WINDOW_SECONDS = 900

RATE_LIMITS: dict[str, int] = {
    "/2/users/by": 300,
    "/2/users": 300,
    "/2/users/{id}/tweets": 10_000,
    "/2/tweets": 3_500,
    "/2/tweets/search/recent": 450,
    "/2/tweets/search/all": 300,
    "/2/usage/tweets": 50,
    "POST /2/compliance/jobs": 150,
    "/2/compliance/jobs": 150,
    "/2/compliance/jobs/{id}": 150,
}
"""Requests per endpoint and 15 minutes, for an app; a path alone is its GET."""

SEARCH_ALL_SPACING_SECONDS = 1.0
"""search/all takes one request a second."""


@dataclass(slots=True)
class Standing:
    """What the x-rate-limit headers of one answer say."""

    limit: int
    remaining: int
    reset: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        """Return the three headers; reset is in epoch seconds."""
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(self.remaining),
            "x-rate-limit-reset": str(self.reset),
        }


class RateLimits:
    """Counts requests per endpoint.

    Windows follow the real clock, also in a world whose posts stand still at a given time: the
    caller waits in real seconds.
    """

    def __init__(
        self,
        limits: Mapping[str, int] | None = None,
        *,
        search_all_spacing: float = SEARCH_ALL_SPACING_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take limits that differ from X's; raise ValueError for an endpoint we do not have."""
        if unknown := set(limits or {}) - set(RATE_LIMITS):
            msg = f"no endpoint {min(unknown)!r}; there are {', '.join(RATE_LIMITS)}"
            raise ValueError(msg)
        self._limits = {**RATE_LIMITS, **(limits or {})}
        self._spacing = search_all_spacing
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}
        self._last_search_all = float("-inf")

    def count(self, endpoint: str) -> Standing:
        """Count one request to the endpoint and say whether it may pass."""
        now = self._clock()
        start, used = self._windows.get(endpoint, (now, 0))
        if now >= start + WINDOW_SECONDS:
            start, used = now, 0
        limit, reset = self._limits[endpoint], int(start + WINDOW_SECONDS) + 1
        if used >= limit:
            return Standing(limit, 0, reset, allowed=False)
        if endpoint == "/2/tweets/search/all":
            if now - self._last_search_all < self._spacing:
                return Standing(limit, limit - used, int(now + self._spacing) + 1, allowed=False)
            self._last_search_all = now
        self._windows[endpoint] = (start, used + 1)
        return Standing(limit, limit - used - 1, reset, allowed=True)

    def peek(self, endpoint: str) -> Standing:
        """Return the standing without counting."""
        start, used = self._windows.get(endpoint, (self._clock(), 0))
        limit = self._limits[endpoint]
        return Standing(limit, limit - used, int(start + WINDOW_SECONDS) + 1, allowed=used < limit)
