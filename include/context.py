"""What a running task reads of its own run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import get_current_context
from airflow.sdk.configuration import conf

from include.errors import BadConfiguration
from include.interval import Interval
from include.report import AirflowRun


def current_interval() -> Interval:
    """The run's data interval.

    Raises:
        BadConfiguration: the run was triggered without a logical date.
    """
    context = get_current_context()
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        raise BadConfiguration(
            "this run has no data interval; trigger it with a logical date: it then takes the "
            "last whole interval before that date"
        )
    # Airflow hands over pendulum's datetimes, whose arithmetic with plain ones fails.
    return Interval(
        datetime.fromtimestamp(start.timestamp(), UTC), datetime.fromtimestamp(end.timestamp(), UTC)
    )


def current_run() -> AirflowRun:
    """Which run of which DAG this task belongs to."""
    run = get_current_context()["dag_run"]
    return AirflowRun(dag_id=run.dag_id, run_id=run.run_id)


def airflow_url() -> str | None:
    """Where Airflow's UI is, as ``[api] base_url`` says; None if it does not."""
    return conf.get("api", "base_url", fallback="") or None


def name_in_grid(**names: str) -> None:
    """Give a mapped task the names that its ``map_index_template`` shows."""
    context: Any = get_current_context()
    context.update(names)
