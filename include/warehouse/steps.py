"""The steps of the DAG ``load_warehouse``: they open connections and call what is beside them."""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Any, TypedDict

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from include.assets import FORGOTTEN, curated
from include.connections import load_settings, open_lake
from include.context import airflow_url
from include.datasets import dataset_names
from include.interval import Interval
from include.lake import Lake, at_once, day_of
from include.report import RunReport
from include.warehouse.connection import NAME, is_configured, open_adbc, open_engine
from include.warehouse.marks import read_marks, set_mark

log = logging.getLogger(__name__)

ASSETS = {name: curated(name) for name in dataset_names()}


class News(TypedDict):
    """What is to be looked at."""

    runs: dict[str, list[dict[str, str]] | None]
    """Of each dataset the runs that announced something since it was last looked at: ``interval``
    and the key of the ``report``. None where all of the lake is to be looked at."""
    until: str | None
    """When the last of all announcements was made; None if there was none."""


def find_news() -> News:
    """What was announced since the last time that somebody looked, whoever has failed since.

    All of the lake is looked at where a person asked for it, where nobody ever looked, where
    something was forgotten on whichever days, and where an event names no run: a person made it.
    """
    skip_without_warehouse()
    context = get_current_context()
    triggers: Any = context.get("triggering_asset_events") or {}
    announced: Any = context["inlet_events"]
    newest = [
        event.timestamp
        for asset in (*ASSETS.values(), FORGOTTEN)
        for event in announced[asset].ascending(False).limit(1)
    ]
    until = max(newest, default=None)
    with open_adbc() as connection, connection.cursor() as cursor:
        marks = read_marks(cursor)

    def events_of(asset: Asset, mark: datetime) -> list[Any]:
        since = [e for e in announced[asset].after(mark).before(until) if e.timestamp > mark]
        return [*since, *triggers.get(asset, [])]  # one may be written after a later one

    runs: dict[str, list[dict[str, str]] | None] = dict.fromkeys(ASSETS)
    for dataset, asset in ASSETS.items():
        mark = marks.get(dataset)
        if not triggers or mark is None or events_of(FORGOTTEN, mark):
            continue
        events = events_of(asset, mark)
        if all("report" in (event.extra or {}) for event in events):
            found = {(event.extra["interval"], event.extra["report"]) for event in events}
            runs[dataset] = [{"interval": i, "report": key} for i, key in sorted(found)]
    return {"runs": runs, "until": until and until.isoformat()}


def load(dataset: str, news: News | None) -> dict[str, int]:
    """Bring a dataset of the warehouse to what is in the lake; returns what was done, in counts.

    Raises:
        NotLoaded: some objects could not be loaded; everything else is.
    """
    from include.warehouse.load import NotLoaded
    from include.warehouse.load import load as bring

    skip_without_warehouse()
    lake = open_lake(load_settings())
    lake.check()
    runs = news and news["runs"][dataset]
    done = bring(lake, open_adbc, dataset, None if runs is None else _days(lake, dataset, runs))
    if news and news["until"]:
        # What could not be loaded is in the ledger: it is tried again without being announced.
        with open_adbc() as connection, connection.cursor() as cursor:
            set_mark(cursor, dataset, datetime.fromisoformat(news["until"]))
            connection.commit()
    counts = {
        "objects": done.objects,
        "gone": done.gone,
        "new": done.new,
        "changed": done.changed,
        "failed": len(done.failed),
    }
    log.info("%s: %s", dataset, counts)
    if done.failed:
        raise NotLoaded(dataset, done.failed)
    return counts


def publish_reports() -> list[str]:
    """Draw the reports of the warehouse; returns their keys."""
    skip_without_warehouse()
    from include.reports.publish import publish_reports as publish  # Altair is slow to import

    engine = open_engine()
    try:
        return publish(open_lake(load_settings()), engine, airflow_url=airflow_url())
    finally:
        engine.dispose()


def _days(lake: Lake, dataset: str, runs: list[dict[str, str]]) -> set[date] | None:
    """The days on which these runs have objects, or had some when they were loaded.

    None where nobody can tell any more: a report has expired.
    """
    days: set[date] = set()
    for body in at_once(lake.find, [run["report"] for run in runs]):
        if body is None:
            return None
        report = RunReport.model_validate_json(body)
        days |= {day_of(key) for account in report.accounts for key in account.curated_keys}
    ends = {Interval.parse(run["interval"]).end for run in runs}
    with open_adbc() as connection, connection.cursor() as cursor:
        for end in ends:
            cursor.execute(
                "SELECT DISTINCT day FROM load_object WHERE dataset = $1 AND interval_end = $2",
                (dataset, end),
            )
            days |= {day for (day,) in cursor.fetchall()}
    return days


def skip_without_warehouse() -> None:
    """Skip the task where there is no connection to a warehouse."""
    if not is_configured():
        raise AirflowSkipException(
            f"there is no Airflow connection '{NAME}': the lake does without a warehouse "
            "(docs/warehouse.md)"
        )
