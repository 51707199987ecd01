"""Check the warehouse itself, where the Airflow connection `warehouse` is set.

Every day at 04:45 UTC, Great Expectations on PostgreSQL: does it hold what the lake holds, by
object, account and day; do facts lie where they belong; is it fresh; do counts and volumes look as
they should. The suites are `expectations/warehouse_*.json`. Results, pages and the digest go the
way of every other check; nothing in the warehouse is changed. docs/warehouse.md says what to do
about each failure.

**Connections**: `warehouse`, `aws_default`, and `smtp_default` where alerts go by mail.
**Variables**: `tweet_lake`. Written for Airflow 3.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import CronDataIntervalTimetable, dag, task

from include import steps
from include.dag_defaults import DEFAULT_ARGS
from include.warehouse.checks import steps as checks


@dag(
    schedule=CronDataIntervalTimetable("45 4 * * *", timezone="UTC"),
    start_date=datetime(2022, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["warehouse"],
    doc_md=__doc__,
)
def check_warehouse() -> None:
    """Wire the steps; what is checked is in `include/warehouse/checks/`."""

    @task
    def check() -> str:
        """Judge the warehouse; returns the key of the report."""
        return checks.check()

    @task
    def publish_data_docs(report_key: str) -> str:
        """Render this run's pages and the index above them."""
        return steps.publish_data_docs(report_key)

    @task
    def notify(report_key: str) -> str | None:
        """Mail one digest, if somebody has to look."""
        return steps.notify(report_key)

    # What a task returns stands for its result until it runs.
    report: Any = check()
    publish_data_docs(report) >> notify(report)


check_warehouse()
