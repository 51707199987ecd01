"""The quarantine's pages as a part of the application that shows Data Docs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from include.data_docs.app import HEADERS, path_of
from include.errors import BadConfiguration
from include.lake import Lake
from include.quarantine.items import Item
from include.quarantine.pages import find_item, item_page, list_page

Ask = Callable[[Request, dict[str, Any]], Awaitable[str]]
"""Starts the DAG ``review_quarantine`` with what was asked for; returns where it is approved."""

_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    ),
    # Without a referrer a browser sends a form as of no origin.
    "Referrer-Policy": "same-origin",
}
_NOT_FROM_HERE = (
    "A decision is taken from the form of an item's own page only. If it was that: a proxy before "
    "Airflow has to pass the header Host on as it came."
)
_LONGEST_FORM = 200_000


def quarantine_router(lake: Callable[[], Lake], ask: Ask | None = None) -> APIRouter:
    """Pages below ``/quarantine/``.

    Args:
        lake: the lake that they show, asked for each page.
        ask: carries out what a page's form asks for; None shows no form.
    """
    router = APIRouter(prefix="/quarantine")

    @router.get("")
    @router.get("/{dataset}/{interval}/{account}")
    def with_slash(request: Request) -> Response:
        """Links of a page are relative to its folder."""
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{request.scope['root_path']}{path_of(request)}/{query}")

    @router.get("/")
    def listed(request: Request) -> Response:
        names = ("state", "dataset", "account", "interval", "reason", "since", "until")
        asked = {name: request.query_params.get(name, "") for name in names}
        return HTMLResponse(list_page(lake(), **asked), headers=_HEADERS)

    @router.get("/{dataset}/{interval}/{account}/")
    def shown(dataset: str, interval: str, account: str, start: int = 0) -> Response:
        item = _item(lake(), dataset, interval, account)
        page = item_page(lake(), item, max(start, 0), may_ask=ask is not None)
        return HTMLResponse(page, headers=_HEADERS)

    if ask is not None:

        @router.post("/{dataset}/{interval}/{account}/decide")
        async def decide(request: Request, dataset: str, interval: str, account: str) -> Response:
            if not _is_from_here(request):
                raise HTTPException(HTTPStatus.FORBIDDEN, _NOT_FROM_HERE)
            item = await run_in_threadpool(_item, lake(), dataset, interval, account)
            form = await _form(request)
            decision = next(iter(form.get("decision", [])), "")
            # A replay is always of the whole item, as the page says.
            ids = form.get("id", []) if decision != "replay" else []
            asked = {
                "decision": decision,
                "why": next(iter(form.get("why", [])), ""),
                "dataset": item.dataset,
                "interval": item.interval,
                "account": item.account,
                "ids": ids or None,
            }
            return RedirectResponse(await ask(request, asked), HTTPStatus.SEE_OTHER)

    return router


def _item(lake: Lake, dataset: str, interval: str, account: str) -> Item:
    try:
        item = find_item(lake, dataset, interval, account)
    except BadConfiguration as error:
        raise HTTPException(HTTPStatus.NOT_FOUND) from error
    if item is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return item


def _is_from_here(request: Request) -> bool:
    """Whether the form is of a page of this host: a browser says so, and no page can feign it.

    Browsers send ``Sec-Fetch-Site`` over https and to this machine, ``Origin`` always.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", "")).netloc
    return origin != "" and origin == request.headers.get("host")


async def _form(request: Request) -> dict[str, list[str]]:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_FORM:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return parse_qs(body.decode("utf-8", "replace"))
