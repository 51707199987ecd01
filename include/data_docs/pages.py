"""What stands on the pages above GX's: a run's, a month's, a dataset's, and the start page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.data_docs.history import HistoryUnreadable, RunSummary, read_month
from include.data_docs.keys import (
    SITE,
    STYLE_KEY,
    airflow_run_url,
    dataset_page_key,
    home_key,
    item_key,
    month_of,
    month_page_key,
    page_key,
    part_name,
    quarantine_key,
    relative_link,
    report_key,
    reports_prefix,
    run_page_key,
)
from include.data_docs.plot import dots, floor_of, line
from include.data_docs.rates import Rates, read_rates
from include.data_docs.words import (
    cost_in_words,
    count_of,
    interval_in_words,
    nouns,
    percent,
    to_review,
    tone,
)
from include.interval import Interval
from include.lake import Lake
from include.quarantine.items import Item, ItemsUnreadable, newest_open, open_by_month
from include.report import RunReport

LATEST = 8
"""Runs, items in quarantine and accounts that the start page lists of each kind."""
_FOLDER = Path(__file__).parent
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OTHERS = (STYLE_KEY.rpartition("/")[0] + "/", reports_prefix())
"""Folders of the site that are no dataset's."""


class DatasetRun(NamedTuple):
    """A line of a list of runs."""

    dataset: str
    summary: RunSummary


class DatasetHistory(NamedTuple):
    """What the start page and the dataset's own page tell of a dataset."""

    months: list[str]
    """Newest first."""
    runs: list[RunSummary]
    """Those of the newest month, newest first."""
    rates: Rates | None
    """None where they can't be read."""
    problem: str = ""
    """Why something of it can't be shown."""


class LakeHistory(NamedTuple):
    """What the start page is made of."""

    datasets: dict[str, DatasetHistory]
    newest_open: list[Item]
    """Items of the quarantine that wait for a decision."""
    all_open: int
    problem: str = ""
    """Why they can't be shown."""
    reports: Sequence[str] = ()
    """Keys of the reports that there are."""


class Pages:
    """The pages of one lake; each is made of a bounded number of small objects.

    ``airflow_url`` is where Airflow's UI is, for links to its runs; None makes no such links.
    """

    def __init__(self, lake: Lake, airflow_url: str | None = None) -> None:
        self.lake = lake
        self._airflow_url = airflow_url

    def run(self, report: RunReport, interval: Interval) -> bytes:
        """The run's accounts, those to look at first."""
        attention = to_review(report)
        names = {account.account for account in attention}
        return self._render(
            "run.html",
            run_page_key(report.dataset, interval),
            report=report,
            interval=interval,
            attention=attention,
            rest=[account for account in report.accounts if account.account not in names],
            summary=RunSummary.of(report),
        )

    def month(self, dataset: str, month: str, runs: Sequence[RunSummary]) -> bytes:
        """The runs of a month."""
        return self._render(
            "month.html",
            month_page_key(dataset, month),
            dataset=dataset,
            month=month,
            runs=[DatasetRun(dataset, run) for run in runs],
        )

    def dataset(self, dataset: str, history: DatasetHistory) -> bytes:
        """How every account fared lately."""
        return self._render(
            "dataset.html", dataset_page_key(dataset), dataset=dataset, history=history
        )

    def home(self, found: LakeHistory) -> bytes:
        """The start page: what is new, and how every dataset fared lately."""
        runs = [
            DatasetRun(dataset, run)
            for dataset, history in found.datasets.items()
            for run in history.runs[:LATEST]
        ]
        runs.sort(key=lambda run: (run.summary.interval, run.dataset), reverse=True)
        return self._render(
            "home.html",
            home_key(),
            histories=found.datasets,
            runs=runs[:LATEST],
            newest_open=found.newest_open,
            all_open=found.all_open,
            problem=found.problem,
            reports=found.reports,
            most_accounts=LATEST,
        )

    def _render(self, template: str, page: str, **context: Any) -> bytes:
        text = templates().get_template(template).render(**self.context(page), **context)
        return encode(text)

    def context(self, page: str) -> dict[str, Any]:
        """What every template may use; links are relative to ``page``."""
        url = None if self._airflow_url is None else partial(airflow_run_url, self._airflow_url)
        return {
            "bucket": self.lake.bucket,
            "link": partial(relative_link, page),
            "airflow_run_url": url,
            "STYLE_KEY": STYLE_KEY,
            "dataset_page_key": dataset_page_key,
            "home_key": home_key,
            "item_key": item_key,
            "quarantine_key": quarantine_key,
            "report_key": report_key,
            "month_of": month_of,
            "month_page_key": month_page_key,
            "page_key": page_key,
            "part_name": part_name,
            "run_page_key": run_page_key,
            "cost_in_words": cost_in_words,
            "count_of": count_of,
            "interval_in_words": interval_in_words,
            "nouns": nouns,
            "parse_interval": Interval.parse,
            "percent": percent,
            "tone": tone,
            "plot_dots": dots,
            "plot_floor": floor_of,
            "plot_line": line,
        }


def read_history(lake: Lake) -> LakeHistory:
    """What the start page and the datasets' own pages are made of; a few small objects each.

    A list that can't be read costs its own section only, which says why.

    Raises:
        LakeUnavailable: S3 refused.
    """
    datasets = (f.removeprefix(SITE).strip("/") for f in lake.folders(SITE) if f not in _OTHERS)
    histories = {dataset: _history(lake, dataset) for dataset in datasets}
    known = {dataset: history for dataset, history in histories.items() if history.months}
    reports = list(lake.keys(reports_prefix()))
    try:
        waiting = open_by_month(lake)
        newest = list(newest_open(lake, waiting, LATEST))
    except ItemsUnreadable as error:
        return LakeHistory(known, [], 0, str(error), reports)
    count = sum(sum(months.values()) for months in waiting.values())
    return LakeHistory(known, newest, count, reports=reports)


def _history(lake: Lake, dataset: str) -> DatasetHistory:
    folder = f"{SITE}{dataset}/"
    months = [month.removeprefix(folder).strip("/") for month in lake.folders(folder)]
    months.sort(reverse=True)
    runs: list[RunSummary] = []
    try:
        # A month's first run writes its accounts' pages before it is on the month's list.
        while months and not (runs := read_month(lake, dataset, months[0]).runs):
            months.pop(0)
        last = Interval.parse(runs[0].interval).day if runs else None
        return DatasetHistory(months, runs, read_rates(lake, dataset, last) if last else None)
    except HistoryUnreadable as error:
        return DatasetHistory(months, runs, None, str(error))


@cache
def templates() -> Environment:
    """The site's templates; what they are given is escaped."""
    return Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def encode(page: str) -> bytes:
    """A page as bytes; what X has sent and no page can show is shown as its escape.

    Those are lone surrogates, and control characters, which a browser leaves out.
    """
    shown = _CONTROL.sub(lambda found: repr(found[0])[1:-1], page)
    return shown.encode("utf-8", "backslashreplace")
