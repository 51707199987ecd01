"""Tell people when a dataset is late, and when it is back.

Every hour: look in the lake for each dataset's newest run report. Where an interval was over for
more than `late_after_minutes` (in the settings) and neither it nor a newer one has a report, the
dataset is late: its DAG is paused, its run failed or is stuck, or the scheduler stood still. That
is told once, and again after `quiet_hours`; so is its return. An empty lake is not late.

It says nothing while no scheduler runs: watch that from outside, by Airflow's health page
(docs/runbook.md).

**Connections**: `aws_default`, and `smtp_default` where alerts go by mail. **Variables**:
`tweet_lake`. Written for Airflow 3.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronDataIntervalTimetable, dag, task

from include import steps
from include.dag_defaults import DEFAULT_ARGS


@dag(
    schedule=CronDataIntervalTimetable("50 * * * *", timezone="UTC"),
    start_date=datetime(2022, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["lake"],
    doc_md=__doc__,
)
def watch_datasets() -> None:
    """Wire the step; what is late is found in `include/lateness.py`."""

    @task
    def watch() -> list[str]:
        """Tell of datasets that are late, or back; returns those that are late."""
        return steps.watch()

    watch()


watch_datasets()
