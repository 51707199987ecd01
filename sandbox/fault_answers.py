"""The answers that faults give: instead of the honest one, or made from it."""

import time
from collections.abc import Callable
from typing import Any

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from sandbox.cast import Vocabulary
from sandbox.drift import in_other_vocabulary, with_more_usage, with_unknown_fields
from sandbox.faults import Fault
from sandbox.limits import Standing
from sandbox.malformed import MALFORMATIONS
from sandbox.problems import (
    CREDITS_DEPLETED,
    NOT_ENROLLED,
    USAGE_CAPPED,
    blank,
    spend_cap_reached,
    unavailable,
)
from sandbox.wire import dumps, loads

_Instead = Callable[[Fault, Standing, Request], Response]
_HTML = b"<!DOCTYPE html><html><head><title>X / Over capacity</title></head><body></body></html>"


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    kind = {"content-type": "application/json; charset=utf-8"}
    return Response(dumps(body), status, kind | (headers or {}))


def _rate_limit(fault: Fault, standing: Standing, _request: Request) -> Response:
    reset = int(time.time()) + fault.reset_in
    hit = Standing(standing.limit, 0, reset, allowed=False)
    return _json(429, blank(429, "Too Many Requests"), hit.headers())


def _spending_limit(_fault: Fault, standing: Standing, request: Request) -> Response:
    return _json(403, spend_cap_reached(request.state.now), standing.headers())


def _errors_only(_fault: Fault, standing: Standing, request: Request) -> Response:
    query = request.query_params
    parameter = next((name for name in ("usernames", "ids", "query") if name in query), "id")
    asked = query.get(parameter) or request.path_params.get("id", "")
    values = [asked] if parameter == "query" else asked.split(",")
    kind = "user" if "/users" in request.url.path else "tweet"
    errors = [unavailable(Vocabulary.CLASSIC, parameter, value, kind) for value in values]
    return _json(200, {"errors": errors}, standing.headers())


def _redirect(fault: Fault, _standing: Standing, request: Request) -> Response:
    url = request.url
    target = f"{url.path}?{url.query}" if url.query else url.path
    return Response(status_code=302, headers={"location": fault.location.rstrip("/") + target})


def _always(status: int, body: Any, *, limits: bool = True) -> _Instead:
    return lambda _, standing, __: _json(status, body, standing.headers() if limits else None)


_CODE_88 = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
_INSTEAD: dict[str, _Instead] = {
    "rate_limit": _rate_limit,
    "rate_limit_no_header": _always(429, _CODE_88, limits=False),
    "monthly_cap": _always(429, USAGE_CAPPED),
    "credits_depleted": _always(402, CREDITS_DEPLETED),
    "unauthorized": _always(401, blank(401, "Unauthorized"), limits=False),
    "forbidden": _always(403, NOT_ENROLLED),
    "spending_limit": _spending_limit,
    "unavailable_html": lambda *_: Response(_HTML, 503, media_type="text/html"),
    "unavailable_text": lambda *_: Response("upstream connect error", 503),
    "not_json_200": lambda *_: Response(_HTML, 200, media_type="text/html"),
    "not_found_timeline": _always(404, blank(404, "Not Found")),
    "empty_answer": _always(200, {"meta": {"result_count": 0}}),
    "errors_only": _errors_only,
    "redirect": _redirect,
}


def answer_instead(fault: Fault, standing: Standing, request: Request) -> Response | None:
    """Return the fault's own answer; None where it needs the honest one."""
    make = _INSTEAD.get(fault.fault)
    return make(fault, standing, request) if make else None


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
    retell = _RETOLD.get(fault.fault)
    if retell is None:
        return honest
    return Response(dumps(retell(fault, loads(body))), honest.status_code, headers)


def _with_malformed_post(fault: Fault, answer: Any) -> Any:
    data = answer.get("data")
    if isinstance(data, list) and data and isinstance(data[0], dict) and "text" in data[0]:
        data[0] = MALFORMATIONS[fault.malformation](data[0])
    return answer


_RETOLD: dict[str, Callable[[Fault, Any], Any]] = {
    "malformed_post": _with_malformed_post,
    "unknown_fields": lambda _, answer: with_unknown_fields(answer),
    "other_vocabulary": lambda _, answer: in_other_vocabulary(answer),
    "usage_drift": lambda fault, answer: with_more_usage(answer, fault.percent),
}
