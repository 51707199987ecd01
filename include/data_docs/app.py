"""The web application that shows Data Docs: in Airflow's UI, or by itself on this machine.

It serves what lies below ``data-docs/`` and nothing else. Who may see it is the caller's matter:
the plugin asks Airflow.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, StreamingResponse
from starlette.exceptions import HTTPException

from include.data_docs.keys import SITE, STYLE_KEY
from include.data_docs.pages import encode, templates
from include.errors import BadConfiguration, LakeUnavailable, TweetLakeError
from include.lake import Lake

STYLE = Path(__file__).parent / "static" / "style.css"
HEADERS = {
    # Posts are untrusted text: nothing in a page may run, load from elsewhere or send anything.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}
_OWN_STYLE = "-/style.css"
_NAME = r"[A-Za-z0-9_-][A-Za-z0-9_.-]*"
_PATH = re.compile(rf"(?:{_NAME}/)*{_NAME}")
"""No name begins with a dot, and none has a slash, a backslash or a percent sign in it."""


@dataclass(frozen=True)
class Page:
    """One page on its way; a page that the reader has already has no chunks."""

    etag: str
    length: int
    chunks: Iterator[bytes] | None


Read = Callable[[str, str | None], Page | None]
"""The page at a path below the site, unless the reader has this ETag; None if there is none."""


def from_lake(lake: Callable[[], Lake]) -> Read:
    """Pages from ``data-docs/`` of the lake that ``lake`` returns, asked for each page."""

    def read(path: str, known: str | None) -> Page | None:
        found = lake().stream(SITE + path, known)
        return None if found is None else Page(*found)

    return read


def from_folder(folder: Path) -> Read:
    """Pages from files below ``folder``; a link that leads out of it is not followed."""
    root = folder.resolve()

    def read(path: str, known: str | None) -> Page | None:
        file = (root / path).resolve()
        if not (file.is_relative_to(root) and file.is_file()):
            return None
        body = file.read_bytes()
        etag = f'"{file.stat().st_mtime_ns:x}-{len(body):x}"'
        return Page(etag, len(body), None if etag == known else iter([body]))

    return read


def create_app(
    read: Read, *, dependencies: Sequence[Any] = (), routers: Sequence[APIRouter] = ()
) -> FastAPI:
    """The application.

    Args:
        read: finds the pages.
        dependencies: FastAPI's; they may refuse a request.
        routers: what is made when somebody asks for it.
    """
    app = FastAPI(
        title="Data Docs",
        dependencies=list(dependencies),
        openapi_url=None,
        redirect_slashes=False,
    )

    @app.get(f"/{_OWN_STYLE}")
    def style() -> Response:
        """The style of pages that are not of the site: the lake may be out of reach."""
        return FileResponse(STYLE, headers=HEADERS)

    for router in routers:
        app.include_router(router)

    @app.get("/{path:path}")
    def page(request: Request, path: str) -> Response:
        if path.endswith("/") or not path:
            path += "index.html"
        found = read(path, _known(request)) if _PATH.fullmatch(path) else None
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        headers = {**HEADERS, "ETag": found.etag}
        if found.chunks is None:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        headers["Content-Length"] = str(found.length)
        return StreamingResponse(found.chunks, headers=headers, media_type=content_type(path))

    app.exception_handler(HTTPException)(refused_page)
    app.exception_handler(RequestValidationError)(_misspelt)

    for kind, status in _STATUS.items():
        app.exception_handler(kind)(partial(_told, status))

    @app.exception_handler(Exception)
    def broken(request: Request, error: Exception) -> Response:
        return problem(
            request,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            f"Data Docs can't be shown ({type(error).__name__}); the server's log says why.",
        )

    return app


_STATUS = {
    LakeUnavailable: HTTPStatus.BAD_GATEWAY,
    BadConfiguration: HTTPStatus.SERVICE_UNAVAILABLE,
    TweetLakeError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def _told(status: HTTPStatus, request: Request, error: TweetLakeError) -> Response:
    return problem(request, status, str(error))


_SAID = {
    HTTPStatus.NOT_FOUND: (
        "There is no such page. A run publishes its pages when it has validated its accounts; "
        "before the first, there is none."
    ),
    HTTPStatus.FORBIDDEN: "You are logged in, but may not see this; ask whoever runs Airflow.",
}


def path_of(request: Request) -> str:
    """The path that was asked for, below where the application is mounted."""
    return str(request.scope["path"]).removeprefix(str(request.scope["root_path"]))


def refused_page(request: Request, refusal: HTTPException) -> Response:
    """The page of a request that is not served, with the refusal's own sentence if it has one."""
    status = HTTPStatus(refusal.status_code)
    said = refusal.detail if refusal.detail != status.phrase else _SAID.get(status, "")
    return problem(request, status, said)


def _misspelt(request: Request, error: RequestValidationError) -> Response:
    faults = [f"'{fault['loc'][-1]}' in the address: {fault['msg']}" for fault in error.errors()]
    return problem(request, HTTPStatus.BAD_REQUEST, "; ".join(faults))


def problem(request: Request, status: HTTPStatus, sentence: str) -> Response:
    """A page of the site's style that says why there is nothing to see."""
    root = request.scope.get("root_path", "")
    page = templates().get_template("problem.html")
    text = page.render(
        STYLE_KEY=STYLE_KEY,
        link=lambda _: f"{root}/{_OWN_STYLE}",
        home=f"{root}/",
        status=status,
        sentence=sentence,
    )
    return HTMLResponse(encode(text), status, headers={**HEADERS, "Cache-Control": "no-store"})


def content_type(path: str) -> str:
    """MIME type by the name's ending."""
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _known(request: Request) -> str | None:
    """The ETag that the reader has; whoever packs on the way marks it as weak."""
    tags = re.findall(r'"[^"]*"', request.headers.get("if-none-match", ""))
    return tags[0] if len(tags) == 1 else None
