"""JSON as it leaves the sandbox."""

import json
from typing import Any

import orjson
from fastapi import Response

from sandbox.limits import Standing

_OK = 200


def dumps(body: Any) -> bytes:
    """Encode a body; a lone surrogate leaves as the escape it came in, as others have reported."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        return json.dumps(body, separators=(",", ":")).encode()


def loads(body: bytes) -> Any:
    """Decode a body of the sandbox's own, lone surrogates and all."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


def json_response(status: int, body: Any, standing: Standing | None = None) -> Response:
    """Return a JSON answer with the headers that X sends."""
    kind = "application/json" if status == _OK else "application/problem+json"
    headers = {"content-type": f"{kind}; charset=utf-8", "cache-control": "no-store"}
    headers |= standing.headers() if standing else {}
    return Response(dumps(body), status, headers)
