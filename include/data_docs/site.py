"""Publishing one run: its own pages and the few above them, whatever the lake already holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

from include.data_docs.history import RunSummary, read_month, record
from include.data_docs.keys import (
    STYLE_KEY,
    dataset_page_key,
    home_key,
    month_of,
    month_page_key,
    page_key,
    run_page_key,
    run_prefix,
)
from include.data_docs.pages import Pages, encode, read_history
from include.data_docs.rates import record_rates
from include.errors import TweetLakeError
from include.interval import Interval
from include.lake import Lake, at_once
from include.report import AccountReport, RunReport

STYLE = Path(__file__).parent / "static" / "style.css"
Found = TypeVar("Found")
HTML = "text/html; charset=utf-8"


class PageNotRendered(TweetLakeError):
    """A validation result can't be shown; the message names it."""


def publish(
    lake: Lake,
    report: RunReport,
    changed: Collection[str] | None = None,
    *,
    airflow_url: str | None = None,
) -> str:
    """Write the run's pages, then those above them; returns the key of the run's own page.

    Only what belongs to this run and a few small objects a dataset are read, so that the cost does
    not grow with the number of old runs. Running it again writes the same bytes.

    Args:
        lake: where the run's results lie, and the pages go.
        report: the run's.
        changed: accounts whose pages are not as they were published; None is all of them.
        airflow_url: where Airflow's UI is, for links to its runs.

    Raises:
        LakeUnavailable: S3 refused; pages that were written stay.
        PageNotRendered: a validation result is no GX result.
    """
    interval, dataset = Interval.parse(report.interval), report.dataset
    month, pages = month_of(interval), Pages(lake, airflow_url)
    lake.put(STYLE_KEY, STYLE.read_bytes(), "text/css")
    _publish_accounts(lake, pages, report, interval, changed)
    run_page = run_page_key(dataset, interval)
    lake.put(run_page, pages.run(report, interval), HTML)
    record(lake, dataset, month, RunSummary.of(report))
    record_rates(lake, month, report)
    _put_settled(
        lake,
        partial(read_month, lake, dataset, month),
        lambda found: {month_page_key(dataset, month): pages.month(dataset, month, found.runs)},
    )
    _put_settled(
        lake,
        partial(read_history, lake),
        lambda found: {
            dataset_page_key(dataset): pages.dataset(dataset, found.datasets[dataset]),
            home_key(): pages.home(found),
        },
    )
    return run_page


def publish_home(lake: Lake, airflow_url: str | None = None) -> None:
    """Write the start page, which leads to what is there now.

    Args:
        lake: whose page it is.
        airflow_url: where Airflow's UI is, for links to its runs.

    Raises:
        LakeUnavailable: S3 refused.
    """
    pages = Pages(lake, airflow_url)
    _put_settled(lake, partial(read_history, lake), lambda found: {home_key(): pages.home(found)})


def _publish_accounts(
    lake: Lake,
    pages: Pages,
    report: RunReport,
    interval: Interval,
    changed: Collection[str] | None,
) -> None:
    # GX keeps state in classes, so that one page is rendered at a time while others travel.
    renderer = Lock()

    def publish_page(page_of: tuple[AccountReport, str]) -> None:
        account, validation_key = page_of
        body = lake.get(validation_key)
        with renderer:
            page = _account_page(pages, report, account, validation_key, body)
        lake.put(page_key(validation_key), page, HTML)

    wanted = [(account, key) for account in report.accounts for key in account.validation_keys]
    new = [page for page in wanted if changed is None or page[0].account in changed]
    at_once(publish_page, new)
    stale = set(lake.keys(f"{run_prefix(report.dataset, interval)}accounts/"))
    for key in sorted(stale - {page_key(validation_key) for _, validation_key in wanted}):
        lake.delete(key)  # of an earlier run over the same interval


def _account_page(
    pages: Pages, report: RunReport, account: AccountReport, validation_key: str, body: bytes
) -> bytes:
    # Importing GX takes seconds, and not every run has a result to show.
    from include.data_docs.gx_page import render_gx_page

    try:
        result = json.loads(body)
        text = render_gx_page(
            result,
            **pages.context(page_key(validation_key)),
            report=report,
            account=account,
            interval=Interval.parse(report.interval),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PageNotRendered(
            f"s3://{pages.lake.bucket}/{validation_key} can't be shown as a GX result "
            f"({type(error).__name__}: {error}); clear the task 'validate' of "
            f"{account.account} to write it anew"
        ) from error
    return encode(text)


def _put_settled(
    lake: Lake, read: Callable[[], Found], render: Callable[[Found], Mapping[str, bytes]]
) -> None:
    """Write pages until they show what lies in the lake.

    Runs of a backfill may publish at once: whoever writes a page last looks again afterwards, so
    that no page is left behind that misses another's run.
    """
    found = read()
    while True:
        for key, body in render(found).items():
            lake.put(key, body, HTML)
        latest = read()
        if latest == found:
            return
        found = latest
