"""The web application: X's endpoints, and `/_sandbox/` to steer them."""

from collections.abc import Callable
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response

from sandbox.problems import blank
from sandbox.wire import json_response
from sandbox.x_api import Served, XApi


def create_app(api: XApi) -> FastAPI:
    """Return the web application: X's endpoints, and `/_sandbox/` to steer them."""
    app = FastAPI(title="Sandbox X API", openapi_url=None, docs_url=None, redoc_url=None)
    endpoints: dict[str, Callable[[Request], dict[str, Any]]] = {
        "/2/users/by": api.users_by,
        "/2/users": api.users,
        "/2/users/{id}/tweets": api.timeline,
        "/2/tweets": api.tweets,
        "/2/tweets/search/recent": api.search_recent,
        "/2/tweets/search/all": api.search_all,
        "/2/usage/tweets": api.usage_tweets,
    }
    for path, handle in endpoints.items():
        _add_endpoint(app, api, path, handle)
    _add_controls(app, api)

    @app.exception_handler(404)
    async def not_found(request: Request, _error: Exception) -> Response:
        api.requests.append(Served(request.method, request.url.path, request.url.query, 404, None))
        return json_response(404, blank(404, "Not Found"))

    return app


def _add_endpoint(
    app: FastAPI, api: XApi, path: str, handle: Callable[[Request], dict[str, Any]]
) -> None:
    async def endpoint(request: Request) -> Response:
        return await api.respond(request, path, handle)

    app.router.add_route(path, endpoint, methods=["GET"])


def _add_controls(app: FastAPI, api: XApi) -> None:
    @app.get("/_sandbox/health")
    async def health() -> dict[str, str]:
        return {"status": "ready", "now": api.clock().isoformat()}

    @app.post("/_sandbox/faults")
    async def add_faults(request: Request) -> Response:
        try:
            orders = orjson.loads(await request.body())
            if not isinstance(orders, list) or not all(isinstance(o, dict) for o in orders):
                return json_response(400, {"detail": "expected a JSON list of faults"})
            api.faults.extend(orders)
        except ValueError as error:
            return json_response(400, {"detail": str(error)})
        return json_response(200, {"added": len(orders)})

    @app.delete("/_sandbox/faults")
    async def clear_faults() -> dict[str, str]:
        api.faults.clear()
        return {"status": "cleared"}

    @app.get("/_sandbox/requests")
    async def list_requests() -> Response:
        return json_response(200, list(api.requests))

    @app.delete("/_sandbox/requests")
    async def clear_requests() -> dict[str, str]:
        api.requests.clear()
        return {"status": "cleared"}
