"""Publishing: each dataset's report beside Data Docs, and a link to it on their start page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from include.data_docs.keys import STYLE_KEY, report_key
from include.data_docs.pages import DatasetHistory, Pages, encode, read_history, templates
from include.data_docs.site import HTML, STYLE, publish_home
from include.errors import WarehouseUnavailable
from include.lake import Lake
from include.reports import quarantine, tweet_metrics, tweets, users
from include.reports.figure import Figure
from include.reports.queries import Questions, last_day

_FIGURES: Mapping[str, Callable[[Questions], list[Figure]]] = {
    "tweets": tweets.figures,
    "users": users.figures,
    "tweet_metrics": tweet_metrics.figures,
}


def publish_reports(lake: Lake, engine: Engine, *, airflow_url: str | None = None) -> list[str]:
    """Write the reports' pages, and the start page that leads to them; returns the reports' keys.

    All are of one moment of the warehouse, which nothing is written to. The same warehouse makes
    the same pages.

    Args:
        lake: where the pages go, and what was quarantined is known.
        engine: the warehouse's; a role that may read is enough.
        airflow_url: where Airflow's UI is, for the links of the start page.

    Raises:
        LakeUnavailable: S3 refused; pages that were written stay.
        WarehouseUnavailable: the warehouse was lost; nothing was written.
    """
    histories = read_history(lake).datasets
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        with snapshot.connect() as connection:
            pages = {
                report_key(dataset): _page(lake, connection, dataset, histories.get(dataset))
                for dataset in _FIGURES
            }
    except OperationalError as error:
        place = f"database '{engine.url.database}'"
        raise WarehouseUnavailable(place, error.orig or error) from error
    lake.put(STYLE_KEY, STYLE.read_bytes(), "text/css")
    for key, page in pages.items():
        lake.put(key, page, HTML)
    publish_home(lake, airflow_url)
    return list(pages)


def _page(
    lake: Lake, connection: Connection, dataset: str, history: DatasetHistory | None
) -> bytes:
    last = last_day(connection, dataset)
    questions = None if last is None else Questions(connection, last)
    figures = [] if questions is None else _FIGURES[dataset](questions)
    if history is not None:
        figures.append(quarantine.figure(history.rates, history.problem))
    text = (
        templates()
        .get_template("report.html")
        .render(
            **Pages(lake).context(report_key(dataset)),
            dataset=dataset,
            datasets=list(_FIGURES),
            has_docs=history is not None,
            questions=questions,
            figures=sorted(figures, key=lambda figure: figure.is_list),
        )
    )
    return encode(text)
