"""Run again what was missed while this host was down, or what the budget did not reach.

Every hour: look for intervals of the last days (`look_back_days` in the settings) that were not
run, failed or stopped before the end, and trigger `ingest_tweets` for each, the oldest first and
within the budget. Only what came after an account was seen first counts. While X refuses to answer,
or the budget is used up, nothing is triggered; nor for an account whose newest interval failed.
Profiles and counts are not made up for: X shows them as they are now.

Older gaps are filled by hand (docs/runbook.md); `make gaps` lists them.

**Connections**: `x_api` (X's clock), `aws_default`. **Variables**: `tweet_lake`, `x_accounts`.
Written for Airflow 3.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import CronDataIntervalTimetable, dag, task

from include import steps
from include.dag_defaults import DEFAULT_ARGS


@dag(
    schedule=CronDataIntervalTimetable("20 * * * *", timezone="UTC"),
    start_date=datetime(2022, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["tweets", "lake"],
    doc_md=__doc__,
)
def fill_gaps() -> None:
    """Wire the steps; what is missing is found in `include/gaps.py`."""

    @task
    def find() -> list[dict[str, str]]:
        """The dates of a run for each interval that can be filled."""
        # Airflow takes the interval of a run that another one triggers from its `run_after`.
        return [{"logical_date": date, "run_after": date} for date in steps.find_gaps("tweets")]

    # Waits, so that the next hour does not trigger what is still in the queue.
    TriggerDagRunOperator.partial(
        task_id="fill",
        trigger_dag_id="ingest_tweets",
        wait_for_completion=True,
        deferrable=True,
        # Run again within the hour, it finds its own runs there: their dates are the same.
        skip_when_already_exists=True,
        poke_interval=30,
        retries=0,
        execution_timeout=None,
    ).expand_kwargs(find())


fill_gaps()
