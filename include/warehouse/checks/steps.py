"""The step of ``check_warehouse``: it opens connections and calls on."""

from __future__ import annotations

from include.connections import load_settings, open_lake
from include.context import current_interval, current_run
from include.warehouse.connection import open_engine
from include.warehouse.steps import skip_without_warehouse


def check() -> str:
    """Judge the warehouse; returns the key of the report."""
    skip_without_warehouse()
    from include.warehouse.checks.check import check as check_warehouse  # GX takes seconds

    settings = load_settings()
    engine = open_engine()
    try:
        return check_warehouse(
            open_lake(settings), engine, current_interval(), settings, current_run()
        )
    finally:
        engine.dispose()
