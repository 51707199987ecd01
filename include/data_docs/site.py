"""Publishing one run: its own pages and the few above them, whatever the lake already holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.data_docs.history import RunSummary, read_month, record
from include.data_docs.keys import (
    SITE,
    STYLE_KEY,
    home_key,
    month_of,
    month_page_key,
    page_key,
    part_name,
    relative_link,
    run_page_key,
    run_prefix,
)
from include.data_docs.words import cost_in_words, count_of, interval_in_words, to_review, tone
from include.errors import TweetLakeError
from include.interval import Interval
from include.lake import Lake
from include.report import AccountReport, RunReport

_HTML = "text/html; charset=utf-8"
_FOLDER = Path(__file__).parent
_CONNECTIONS = 8
"""Pages on their way to S3 at once; boto3's clients keep ten connections."""


class PageNotRendered(TweetLakeError):
    """A validation result can't be shown; the message names it."""


def publish(lake: Lake, report: RunReport, changed: Collection[str] | None = None) -> str:
    """Write the run's pages, then the month's, then the home page; returns the run page's key.

    Only what belongs to this run and one small object a month is read, so that the cost does not
    grow with the number of old runs. Running it again writes the same bytes.

    Args:
        lake: where the run's results lie, and the pages go.
        report: the run's.
        changed: accounts whose pages are not as they were published; None is all of them.

    Raises:
        LakeUnavailable: S3 refused; pages that were written stay.
        PageNotRendered: a validation result is no GX result.
    """
    interval = Interval.parse(report.interval)
    lake.put(STYLE_KEY, (_FOLDER / "static" / "style.css").read_bytes(), "text/css")
    _publish_accounts(lake, report, interval, changed)
    run_page = run_page_key(report.dataset, interval)
    lake.put(run_page, _run_page(lake, report, interval), _HTML)
    month = month_of(interval)
    record(lake, report.dataset, month, RunSummary.of(report))
    _put_settled(
        lake,
        month_page_key(report.dataset, month),
        partial(_month_page, lake, report.dataset, month),
    )
    _put_settled(lake, home_key(), partial(_home_page, lake))
    return run_page


def _publish_accounts(
    lake: Lake, report: RunReport, interval: Interval, changed: Collection[str] | None
) -> None:
    # GX keeps state in classes, so that one page is rendered at a time while others travel.
    renderer = Lock()

    def publish_page(account: AccountReport, validation_key: str) -> None:
        body = lake.get(validation_key)
        with renderer:
            page = _account_page(lake, report, account, validation_key, body)
        lake.put(page_key(validation_key), page, _HTML)

    pages = [(account, key) for account in report.accounts for key in account.validation_keys]
    new = [page for page in pages if changed is None or page[0].account in changed]
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        list(pool.map(publish_page, *zip(*new, strict=True))) if new else []
    stale = set(lake.keys(f"{run_prefix(report.dataset, interval)}accounts/"))
    for key in sorted(stale - {page_key(validation_key) for _, validation_key in pages}):
        lake.delete(key)  # of an earlier run over the same interval


def _account_page(
    lake: Lake, report: RunReport, account: AccountReport, validation_key: str, body: bytes
) -> bytes:
    # Importing GX takes seconds, and not every run has a result to show.
    from include.data_docs.gx_page import render_gx_page

    try:
        result = json.loads(body)
        text = render_gx_page(
            result,
            **_context(lake, page_key(validation_key)),
            report=report,
            account=account,
            interval=Interval.parse(report.interval),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PageNotRendered(
            f"s3://{lake.bucket}/{validation_key} can't be shown as a GX result "
            f"({type(error).__name__}: {error}); clear the task 'validate' of "
            f"{account.account} to write it anew"
        ) from error
    return _encode(text)


def _run_page(lake: Lake, report: RunReport, interval: Interval) -> bytes:
    attention = to_review(report)
    names = {account.account for account in attention}
    return _render(
        lake,
        "run.html",
        run_page_key(report.dataset, interval),
        report=report,
        interval=interval,
        attention=attention,
        rest=[account for account in report.accounts if account.account not in names],
        summary=RunSummary.of(report),
    )


def _month_page(lake: Lake, dataset: str, month: str) -> bytes:
    return _render(
        lake,
        "month.html",
        month_page_key(dataset, month),
        dataset=dataset,
        month=month,
        runs=read_month(lake, dataset, month).runs,
    )


def _home_page(lake: Lake) -> bytes:
    datasets = []
    for folder in lake.folders(SITE):
        dataset = folder.removeprefix(SITE).strip("/")
        if STYLE_KEY.startswith(folder):
            continue
        months = sorted(
            (month.removeprefix(folder).strip("/") for month in lake.folders(folder)), reverse=True
        )
        runs = read_month(lake, dataset, months[0]).runs
        datasets.append({"name": dataset, "months": months, "runs": runs})
    return _render(lake, "home.html", home_key(), datasets=datasets)


def _put_settled(lake: Lake, key: str, render: Callable[[], bytes]) -> None:
    """Write a page until it shows what lies in the lake.

    Runs of a backfill may publish at once: whoever writes a page last looks again afterwards, so
    that no page is left behind that misses another's run.
    """
    body = render()
    while True:
        lake.put(key, body, _HTML)
        latest = render()
        if latest == body:
            return
        body = latest


def _render(lake: Lake, template: str, page: str, **context: Any) -> bytes:
    return _encode(_templates().get_template(template).render(**_context(lake, page), **context))


def _context(lake: Lake, page: str) -> dict[str, Any]:
    return {
        "bucket": lake.bucket,
        "link": partial(relative_link, page),
        "STYLE_KEY": STYLE_KEY,
        "home_key": home_key,
        "month_of": month_of,
        "month_page_key": month_page_key,
        "page_key": page_key,
        "part_name": part_name,
        "run_page_key": run_page_key,
        "cost_in_words": cost_in_words,
        "count_of": count_of,
        "interval_in_words": interval_in_words,
        "parse_interval": Interval.parse,
        "tone": tone,
    }


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _encode(page: str) -> bytes:
    # A lone surrogate, which X has sent, has no UTF-8: it is shown as its escape.
    return page.encode("utf-8", "backslashreplace")
