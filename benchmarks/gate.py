"""A gate before X and S3, to end who asks exactly between two requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.faults import Fault, Faults
from sandbox.world import World


class Gate:
    """Counts the requests that it lets through, until it shuts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.open()

    def open(self, shut_at: int | None = None, then: Callable[[], None] = lambda: None) -> None:
        """Let through what comes, but shut before the request ``shut_at`` and call ``then``.

        The first request is 0. The one at which the gate shuts has no effect, nor has any after it.
        """
        with self._lock:
            self.passed: list[str] = []
            self.refused: str | None = None
            self._shut_at, self._then = shut_at, then

    def admits(self, request: str) -> bool:
        """Whether the request may have its effect."""
        with self._lock:
            if self.refused is not None:
                return False
            if len(self.passed) != self._shut_at:
                self.passed.append(request)
                return True
            self.refused = request
        self._then()
        return False


class GatedFaults(Faults):
    """The sandbox's faults: X asks them before it does anything else with a request."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def strike(self, subjects: Iterable[str]) -> Fault | None:
        """An outage for whom the gate does not let through: nothing is returned or charged."""
        target, *names = subjects
        if self._gate.admits(f"X {target}"):
            return super().strike([target, *names])
        return Fault("unavailable_text")


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """A line for each request is more than anybody reads."""


class GatedS3:
    """A second way to the buckets of the world in this process: ``url``, through the gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_QuietHandler
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        if self._gate.admits(f"{environ['REQUEST_METHOD']} {environ['REQUEST_URI']}"):
            return self._moto(environ, start_response)
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def guard(world: World, gate: Gate) -> None:
    """Put the gate before the world's X API; what was ordered of its faults is forgotten."""
    world.api.faults = GatedFaults(gate)
