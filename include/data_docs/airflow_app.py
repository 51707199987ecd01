"""Data Docs as a part of Airflow's API server: its login, its settings, its connection."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode

from airflow.api_fastapi.app import API_ROOT_PATH
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from botocore.config import Config
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse
from httpx import ASGITransport, AsyncClient
from starlette.exceptions import HTTPException

from include.connections import load_settings, open_lake
from include.data_docs.app import HEADERS, create_app, from_lake, path_of, refused_page
from include.data_docs.pages import templates
from include.lake import Lake
from include.quarantine.web import quarantine_router

_SOON = Config(connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 2})
"""Somebody waits before the page, and a thread of the API server with them."""
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_REVIEW = "review_quarantine"
_PAUSED = (
    f"The DAG {_REVIEW} is paused, so that nobody would count anything. Unpause it in Airflow, and "
    "send the form again."
)
_REFUSED = {
    HTTPStatus.FORBIDDEN: (
        f"You may look, but not decide. Ask whoever runs Airflow for the right to trigger the DAG "
        f"{_REVIEW}."
    ),
    HTTPStatus.NOT_FOUND: (
        f"The DAG {_REVIEW} is not there. Airflow shows under 'Import Errors' why it could not be "
        "read; a minute after the first start it may just not have been yet."
    ),
}
_LEAVE = Path(__file__).parent / "static" / "leave.js"
_LOGIN = f"{API_ROOT_PATH}api/v2/auth/login"
"""Where Airflow's UI goes as well: it knows the auth manager, and comes back to ``next``."""


def create_airflow_app() -> FastAPI:
    """The application for whoever may use Airflow's UI; others are sent to its login."""
    # To be let into the UI at all is what every auth manager knows: with FAB, from Viewer on.
    may_see = Depends(requires_access_view(AccessView.WEBSITE))
    lake = CurrentLake()
    app = create_app(
        from_lake(lake),
        dependencies=[may_see],
        routers=[_ways_out(), quarantine_router(lake, ask_for_decision)],
    )

    @app.exception_handler(HTTPException)
    def refused(request: Request, refusal: HTTPException) -> Response:
        stale = refusal.status_code == _FORBIDDEN and refusal.detail == "Invalid JWT token"
        if refusal.status_code != _UNAUTHORIZED and not stale:
            return refused_page(request, refusal)
        if "text/html" in request.headers.get("accept", ""):
            # Also after a form, which is not to be sent to the login.
            return RedirectResponse(
                f"{_LOGIN}?{urlencode({'next': _here(request)})}", HTTPStatus.SEE_OTHER
            )
        return JSONResponse(
            {"detail": refusal.detail}, _UNAUTHORIZED, {"WWW-Authenticate": "Bearer"}
        )

    return app


def _ways_out() -> APIRouter:
    """What leads from a page to a run of Airflow.

    In the UI a page is in a frame that may not lead elsewhere by itself. The frame may run scripts
    of its own host, so that one page, which shows nothing of the lake, lets the window follow.
    """
    router = APIRouter()

    @router.get("/-/run")
    def run(request: Request, dag_id: str, run_id: str, tab: str = "") -> Response:
        places = ("dags", dag_id, "runs", run_id, *filter(None, [tab]))
        target = API_ROOT_PATH + "/".join(quote(place, safe="") for place in places)
        # Over plain http a browser does not say where it shows the page; a window follows as well.
        if request.headers.get("sec-fetch-dest", "iframe") != "iframe":
            return RedirectResponse(target)
        page = templates().get_template("leave.html").render(target=target)
        policy = "default-src 'none'; script-src 'self'; frame-ancestors 'self'"
        return HTMLResponse(page, headers={**HEADERS, "Content-Security-Policy": policy})

    @router.get("/-/leave.js")
    def leave() -> Response:
        return FileResponse(_LEAVE, headers=HEADERS)

    return router


async def ask_for_decision(request: Request, asked: dict[str, Any]) -> str:
    """Start ``review_quarantine`` in the name of who asks; returns where the run is.

    Raises:
        HTTPException: Airflow refuses, and why; or the DAG is paused.
    """
    # It is the server's own main module: imported before, it would make a second server.
    from airflow.api_fastapi.main import app as airflow

    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    token = bearer or request.cookies.get(COOKIE_NAME_JWT_TOKEN, "")
    async with AsyncClient(
        transport=ASGITransport(airflow),
        base_url="http://airflow",
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        dag = await client.get(f"/api/v2/dags/{_REVIEW}")
        if dag.is_success and dag.json()["is_paused"]:
            raise HTTPException(HTTPStatus.CONFLICT, _PAUSED)
        answer = await client.post(
            f"/api/v2/dags/{_REVIEW}/dagRuns", json={"logical_date": None, "conf": asked}
        )
    if answer.status_code == HTTPStatus.BAD_REQUEST:
        detail = answer.json()["detail"]
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"The request was not taken: {detail}")
    if answer.is_error:
        raise HTTPException(answer.status_code, _REFUSED.get(HTTPStatus(answer.status_code)))
    run = {"dag_id": _REVIEW, "run_id": answer.json()["dag_run_id"], "tab": "required_actions"}
    return f"{request.scope['root_path']}/-/run?{urlencode(run)}"


def _here(request: Request) -> str:
    """The page that was asked for, or that the form was on, with Airflow's own path prefix."""
    if request.method == "POST":
        return f"{request.scope['root_path']}{quote(path_of(request).rpartition('/')[0])}/"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.scope['root_path']}{quote(path_of(request))}{query}"


class CurrentLake:
    """The lake as Airflow knows it now; a client is kept while its connection is the same."""

    def __init__(self) -> None:
        self._connection: str | None = None
        self._lake: Lake | None = None
        self._lock = Lock()

    def __call__(self) -> Lake:
        """Open the lake, if it is another than the last.

        Raises:
            BadConfiguration: the settings are missing or wrong.
        """
        settings, connection = load_settings(), _connection()
        with self._lock:
            if self._lake is None or connection != self._connection:
                self._lake, self._connection = open_lake(settings, _SOON), connection
            return Lake(self._lake.client, settings.bucket)


def _connection() -> str | None:
    try:
        return str(BaseHook.get_connection("aws_default").get_uri())
    except AirflowNotFoundException:
        return None  # boto3 finds the credentials, as on EC2
