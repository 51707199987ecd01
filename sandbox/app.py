"""The web application: X's endpoints, and `/_sandbox/` to steer them."""

from collections.abc import Callable
from email.utils import format_datetime

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.compliance_api import ComplianceApi
from sandbox.controls import add_controls
from sandbox.endpoints import Handle
from sandbox.problems import blank
from sandbox.wire import json_response
from sandbox.x_api import Served, XApi


def create_app(api: XApi) -> FastAPI:
    """Return the web application: X's endpoints, and `/_sandbox/` to steer them."""
    app = FastAPI(title="Sandbox X API", openapi_url=None, docs_url=None, redoc_url=None)
    for path, handle in api.endpoints.routes().items():
        _add_endpoint(app, api, path, handle)
    _add_compliance(app, api)
    add_controls(app, api)
    app.add_middleware(Dated, clock=api.clock)

    @app.exception_handler(404)
    async def not_found(request: Request, _error: Exception) -> Response:
        api.requests.append(Served(request.method, request.url.path, request.url.query, 404, None))
        return json_response(404, blank(404, "Not Found"))

    return app


def _add_endpoint(app: FastAPI, api: XApi, path: str, handle: Handle, method: str = "GET") -> None:
    limited = path if method == "GET" else f"{method} {path}"

    async def endpoint(request: Request) -> Response:
        request.state.body = await request.body()
        return await api.respond(request, limited, handle)

    app.router.add_route(path, endpoint, methods=[method])


def _add_compliance(app: FastAPI, api: XApi) -> None:
    compliance = ComplianceApi(api.compliance)
    _add_endpoint(app, api, "/2/compliance/jobs", compliance.create, "POST")
    _add_endpoint(app, api, "/2/compliance/jobs", compliance.listed)
    _add_endpoint(app, api, "/2/compliance/jobs/{id}", compliance.one)
    stored = {
        "submission": ("PUT", compliance.upload),
        "delivery": ("GET", compliance.download),
    }
    for action, (method, handle) in stored.items():
        _add_storage(app, api, f"/storage/compliance/{{id}}/{action}", method, handle)


def _add_storage(
    app: FastAPI, api: XApi, path: str, method: str, handle: Callable[[Request], Response]
) -> None:
    async def endpoint(request: Request) -> Response:
        request.state.body = await request.body()
        return await api.store(request, handle)

    app.router.add_route(path, endpoint, methods=[method])


class Dated:
    """Gives a request one moment to live in, `request.state.now`, and the answer its `Date`.

    X charges a resource on the UTC day that the answer's `Date` tells: the two must not differ,
    not even at midnight.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        """Take the application around which this stands."""
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer."""
        now = self._clock()
        scope.setdefault("state", {})["now"] = now
        # X's recorded answers say UTC, where HTTP wants GMT.
        date = (b"date", format_datetime(now, usegmt=True).replace("GMT", "UTC").encode())

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], date]
            await send(message)

        await self._app(scope, receive, send_dated)
