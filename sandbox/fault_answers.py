"""The answers that faults give: instead of the honest one, or made from it."""

import time
from collections.abc import Callable
from typing import Any

import orjson
from fastapi import Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.limits import Standing
from sandbox.malformed import MALFORMATIONS
from sandbox.problems import CREDITS_DEPLETED, NOT_ENROLLED, USAGE_CAPPED, blank
from sandbox.wire import dumps

_HTML = b"<!DOCTYPE html><html><head><title>X / Over capacity</title></head><body></body></html>"


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    kind = {"content-type": "application/json; charset=utf-8"}
    return Response(dumps(body), status, kind | (headers or {}))


def _rate_limit(fault: Fault, standing: Standing) -> Response:
    reset = int(time.time()) + fault.reset_in
    hit = Standing(standing.limit, 0, reset, allowed=False)
    return _json(429, blank(429, "Too Many Requests"), hit.headers())


def _code_88(_fault: Fault, _standing: Standing) -> Response:
    return _json(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]})


def _not_found(_fault: Fault, standing: Standing) -> Response:
    return _json(404, blank(404, "Not Found"), standing.headers())


_INSTEAD: dict[str, Callable[[Fault, Standing], Response]] = {
    "rate_limit": _rate_limit,
    "rate_limit_no_header": _code_88,
    "monthly_cap": lambda _, standing: _json(429, USAGE_CAPPED, standing.headers()),
    "credits_depleted": lambda _, standing: _json(402, CREDITS_DEPLETED, standing.headers()),
    "unauthorized": lambda _, __: _json(401, blank(401, "Unauthorized")),
    "forbidden": lambda _, standing: _json(403, NOT_ENROLLED, standing.headers()),
    "unavailable_html": lambda _, __: Response(_HTML, 503, media_type="text/html"),
    "unavailable_text": lambda _, __: Response("upstream connect error", 503),
    "not_json_200": lambda _, __: Response(_HTML, 200, media_type="text/html"),
    "not_found_timeline": _not_found,
    "empty_answer": lambda _, standing: _json(
        200, {"meta": {"result_count": 0}}, standing.headers()
    ),
}


def answer_instead(fault: Fault, standing: Standing) -> Response | None:
    """Return the fault's own answer; None where it needs the honest one."""
    make = _INSTEAD.get(fault.fault)
    return make(fault, standing) if make else None


class _Cut(Response):
    """Announces the whole body, sends half of it; the server then drops the connection."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send(start | {"headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})


def spoil(fault: Fault, honest: Response) -> Response:
    """Return what the fault makes of an honest answer."""
    body = bytes(honest.body)
    headers = {k: v for k, v in honest.headers.items() if k != "content-length"}
    match fault.fault:
        case "cut":
            return _Cut(body, honest.status_code, headers)
        case "broken_json":
            return Response(body[: len(body) * 2 // 3], honest.status_code, headers)
        case "malformed_post":
            answer = orjson.loads(body)
            if isinstance(answer, dict) and answer.get("data"):
                spoilt = MALFORMATIONS[fault.malformation](answer["data"][0])
                answer["data"][0] = spoilt
            return Response(dumps(answer), honest.status_code, headers)
    return honest
