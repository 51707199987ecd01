"""The step of ``check_warehouse``: it opens connections and calls on."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowSkipException

from include.connections import load_settings, open_lake
from include.context import current_interval, current_run
from include.warehouse.connection import is_configured, open_engine


def check() -> str:
    """Judge the warehouse; returns the key of the report."""
    if not is_configured():
        raise AirflowSkipException(
            "there is no Airflow connection 'warehouse', so nothing is checked (docs/warehouse.md)"
        )
    from include.warehouse.checks.check import check as check_warehouse  # GX takes seconds

    settings = load_settings()
    engine = open_engine()
    try:
        return check_warehouse(
            open_lake(settings), engine, current_interval(), settings, current_run()
        )
    finally:
        engine.dispose()
