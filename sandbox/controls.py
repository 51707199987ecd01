"""`/_sandbox/`: what steers the sandbox, and tells what was asked of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response

from sandbox.clock import ClockRunsError
from sandbox.wire import json_response
from sandbox.x_api import XApi

Handle = Callable[[bytes], Any]


def add_controls(app: FastAPI, api: XApi) -> None:
    """Add the routes; a ValueError of what they call is a 400 that says what is wrong."""
    controls = _Controls(api)
    routes: dict[str, dict[str, Handle]] = {
        "health": {"GET": controls.health},
        "clock": {"POST": controls.move_clock},
        "faults": {"POST": controls.add_faults, "DELETE": controls.clear_faults},
        "fates": {"POST": controls.add_fates, "DELETE": controls.clear_fates},
        "requests": {"GET": controls.list_requests, "DELETE": controls.clear_requests},
    }
    for name, methods in routes.items():
        for method, handle in methods.items():
            app.router.add_route(f"/_sandbox/{name}", _endpoint(handle), methods=[method])


def _endpoint(handle: Handle) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            return json_response(200, handle(await request.body()))
        except ClockRunsError as error:
            return json_response(409, {"detail": str(error)})
        except ValueError as error:
            return json_response(400, {"detail": str(error)})

    return endpoint


class _Controls:
    def __init__(self, api: XApi) -> None:
        self._api = api

    def health(self, _body: bytes) -> dict[str, str]:
        return {"status": "ready", "now": self._api.clock().isoformat()}

    def move_clock(self, body: bytes) -> dict[str, str]:
        order = orjson.loads(body)
        if not isinstance(order, dict) or set(order) != {"now"}:
            msg = "expected a JSON object with the key 'now'"
            raise ValueError(msg)
        self._api.clock.travel(datetime.fromisoformat(str(order["now"])))
        return {"now": self._api.clock().isoformat()}

    def add_faults(self, body: bytes) -> dict[str, int]:
        orders = _orders(body, "faults")
        self._api.faults.extend(orders)
        return {"added": len(orders)}

    def clear_faults(self, _body: bytes) -> dict[str, str]:
        self._api.faults.clear()
        return {"status": "cleared"}

    def add_fates(self, body: bytes) -> dict[str, int]:
        orders = _orders(body, "fates")
        self._api.fates.extend(orders)
        return {"added": len(orders)}

    def clear_fates(self, _body: bytes) -> dict[str, str]:
        self._api.fates.clear()
        return {"status": "cleared"}

    def list_requests(self, _body: bytes) -> list[Any]:
        return list(self._api.requests)

    def clear_requests(self, _body: bytes) -> dict[str, str]:
        self._api.requests.clear()
        return {"status": "cleared"}


def _orders(body: bytes, what: str) -> list[dict[str, Any]]:
    orders = orjson.loads(body)
    if not isinstance(orders, list) or not all(isinstance(order, dict) for order in orders):
        msg = f"expected a JSON list of {what}"
        raise ValueError(msg)
    return orders
