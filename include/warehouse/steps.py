"""The steps of the DAG ``load_warehouse``: they open connections and call what is beside them."""

from __future__ import annotations

import logging
from datetime import date

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from include.assets import curated
from include.connections import load_settings, open_lake
from include.context import airflow_url
from include.datasets import dataset_names
from include.interval import Interval
from include.lake import Lake, day_of
from include.report import RunReport
from include.warehouse.connection import NAME, is_configured, open_adbc, open_engine

log = logging.getLogger(__name__)

News = dict[str, list[dict[str, str]]]
"""Of each dataset the runs that announced something: ``interval`` and the key of the ``report``."""


def find_news() -> News | None:
    """What set off this run; None where all of the lake is to be compared with the warehouse.

    That is so where a person did, and where something was forgotten on whichever days.
    """
    skip_without_warehouse()
    events = get_current_context().get("triggering_asset_events") or {}
    told = {asset.name: found for asset, found in events.items()}
    datasets = {curated(name).name: name for name in dataset_names()}
    if not told or not told.keys() <= datasets.keys():
        return None
    return {
        datasets[name]: [
            {"interval": event.extra["interval"], "report": event.extra["report"]}
            for event in found
        ]
        for name, found in told.items()
    }


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
    days = None if news is None else _days(lake, dataset, news.get(dataset, []))
    done = bring(lake, open_adbc, dataset, days)
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


def _days(lake: Lake, dataset: str, runs: list[dict[str, str]]) -> set[date]:
    """The days on which these runs have objects, or had some when they were loaded."""
    days: set[date] = set()
    for run in runs:
        report = RunReport.model_validate_json(lake.get(run["report"]))
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
