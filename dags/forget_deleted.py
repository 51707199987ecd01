"""Forget what X does not show any more.

Every day at 00:30 UTC: ask X's batch compliance jobs which posts and users of the lake were
deleted, protected or suspended, and take these out of `curated/`, `quarantine/` and `raw/`, with
all that quotes them. What is withheld is told by what `ingest_tweet_metrics` has seen; so is
everything, where the app may not use the jobs. The record in `compliance/` holds ids and reasons
only. What went does not come back when an interval is rerun. With `glue_database`, the days of
which something went are compacted at once; `load_warehouse` is told. Both are done for what went,
even if `forget` fails in the end because something else could not go.

Trigger it with the parameter `dry_run` to have a record of what would go and of the objects that
hold it, and nothing else (docs/runbook.md).

**Connections**: `x_api`, `aws_default`, `smtp_default`. **Variables**: `tweet_lake`. **Pool**:
`x_api`. Written for Airflow 3.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import CronDataIntervalTimetable, Param, dag, task

from include.compliance import steps
from include.dag_defaults import DEFAULT_ARGS


@dag(
    schedule=CronDataIntervalTimetable("30 0 * * *", timezone="UTC"),
    start_date=datetime(2022, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params={"dry_run": Param(False, type="boolean", description="Change nothing, say what would")},
    tags=["x-api", "lake"],
    doc_md=__doc__,
)
def forget_deleted() -> None:
    """Wire the steps; what they do is in `include/compliance/`."""

    # Two minutes after each look at jobs that are not over: an hour in all.
    @task(pool="x_api", retries=30)
    def ask() -> str:
        """Which of the lake's ids have to go."""
        return steps.ask()

    @task
    def forget(found: str) -> str:
        """Make every run that holds one of them anew, without it."""
        return steps.forget(found)

    # What went leaves Glue and the warehouse the same day, though something else could not go.
    # Years of a user's posts take what they take.
    @task(trigger_rule="all_done", execution_timeout=None)
    def compact() -> dict[str, int]:
        """Compact the days of which something went, for the readers of Glue."""
        return steps.compact()

    @task(trigger_rule="all_done", outlets=[steps.GONE])
    def announce() -> None:
        """Tell the warehouse, if anything went."""
        steps.announce()

    @task
    def record(key: str) -> str:
        """Say that all of it is done."""
        return steps.record(key)

    @task
    def notify(key: str) -> str:
        """Mail how many went."""
        return steps.notify(key)

    # What a task returns stands for its result until it runs.
    found: Any = ask()
    forgotten: Any = forget(found)
    forgotten >> [compact(), announce()]
    recorded: Any = record(forgotten)
    notify(recorded)


forget_deleted()
