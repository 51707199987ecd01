"""JSON as it leaves the sandbox."""

import json
from typing import Any

import orjson


def dumps(body: Any) -> bytes:
    """Encode a body; a lone surrogate leaves as the escape it came in, as others have reported."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        return json.dumps(body, separators=(",", ":")).encode()
