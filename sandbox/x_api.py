"""The stand-in for X API v2: how a request gets its answer."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request, Response

from sandbox.clock import Clock
from sandbox.compliance import ComplianceJobs
from sandbox.endpoints import Endpoints, Handle
from sandbox.fates import Fates
from sandbox.fault_answers import answer_instead, spoil
from sandbox.faults import Faults
from sandbox.limits import RateLimits, Standing
from sandbox.population import Population
from sandbox.problems import RefusalError, blank
from sandbox.redactions import Redactions
from sandbox.usage import Usage
from sandbox.wire import json_response

TOKEN = "sandbox-token"  # noqa: S105 - the one token of a world on loopback
_KEPT_REQUESTS = 100_000


@dataclass(frozen=True, slots=True)
class Served:
    """One request that was answered; `username` where it asked for one account's timeline."""

    method: str
    path: str
    query: str
    status: int
    username: str | None


class XApi:
    """The API's state: population, clock, faults, limits, usage and the requests so far."""

    def __init__(
        self,
        population: Population,
        clock: Clock,
        faults: Faults | None = None,
        limits: RateLimits | None = None,
        compliance_polls: int = 1,
    ) -> None:
        """Take the world's parts; `clock` tells the time that posts and intervals live in."""
        self.population = population
        self.clock = clock
        self.faults = faults or Faults()
        self.limits = limits or RateLimits()
        self.fates = Fates(population, clock)
        self.usage = Usage()
        self.endpoints = Endpoints(population, self.fates, self.usage)
        redactions = Redactions(population, self.fates)
        self.compliance = ComplianceJobs(redactions, compliance_polls)
        self.tokens = {TOKEN}
        """Bearer tokens that are good: two, while one takes the place of the other."""
        self.requests: deque[Served] = deque(maxlen=_KEPT_REQUESTS)

    async def respond(self, request: Request, endpoint: str, handle: Handle) -> Response:
        """Answer one request: fault, token, rate limit, then the honest answer."""
        standing = self.limits.peek(endpoint)
        return await self._serve(request, standing, lambda: self._honest(request, endpoint, handle))

    async def store(self, request: Request, handle: Callable[[Request], Response]) -> Response:
        """Answer for the storage beside X, which knows neither X's token nor its limits."""
        standing = Standing(0, 0, 0, allowed=True)
        return await self._serve(request, standing, lambda: handle(request))

    async def _serve(
        self, request: Request, standing: Standing, honest: Callable[[], Response]
    ) -> Response:
        username = self._username(request)
        url = request.url
        target = f"{url.path}?{url.query}" if url.query else url.path
        fault = self.faults.strike([target, username] if username else [target])
        response = answer_instead(fault, standing, request) if fault else None
        if response is None:
            response = honest()
            if fault:
                response = spoil(fault, response)
                if fault.fault == "slow":
                    await asyncio.sleep(fault.seconds)
        served = Served(request.method, url.path, url.query, response.status_code, username)
        self.requests.append(served)
        return response

    def _honest(self, request: Request, endpoint: str, handle: Handle) -> Response:
        if request.headers.get("authorization") not in {f"Bearer {one}" for one in self.tokens}:
            return json_response(401, blank(401, "Unauthorized"))
        standing = self.limits.count(endpoint)
        if not standing.allowed:
            return json_response(429, blank(429, "Too Many Requests"), standing)
        try:
            return json_response(200, handle(request), standing)
        except RefusalError as refusal:
            return json_response(refusal.status, refusal.body, standing)

    def _username(self, request: Request) -> str | None:
        user_id = request.path_params.get("id", "")
        if not request.url.path.startswith("/2/users/"):
            return None
        if not (user_id.isascii() and user_id.isdigit()):
            return None
        account = self.population.directory.by_id(user_id)
        return account.username if account else None
