"""Compact a long history with Spark, by hand.

Fill in the form of the *Trigger* button: a dataset, the first day, and the day after the last. What
Spark does is what `compact_lake` does on one machine, a day at a time: the rows are the same, and
the same code sends readers to them. Days that are in the catalogue as they are are left out.
docs/lake.md says what the cluster needs.

**Connections**: `aws_default`, `spark_default`. **Variables**: `tweet_lake`. Written for Airflow 3.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

from include.compaction import steps
from include.compaction.spark_task import spark_task
from include.dag_defaults import DEFAULT_ARGS
from include.datasets import dataset_names


@dag(
    schedule=None,
    start_date=datetime(2022, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params={
        "dataset": Param("tweets", enum=dataset_names()),
        "since": Param("2022-01-01", type="string", format="date", description="First day"),
        "until": Param("2022-02-01", type="string", format="date", description="Not this day"),
    },
    tags=["lake", "spark"],
    doc_md=__doc__,
)
def compact_history() -> None:
    """Wire the steps; what they do is in `include/compaction/`."""

    @task
    def plan() -> str:
        """Write down which days Spark has to compact."""
        asked: Any = get_current_context()["params"]
        return steps.plan_history(asked["dataset"], asked["since"], asked["until"])

    @task
    def publish(plan: str) -> list[str]:
        """Put the days into the catalogue, and into Glue's."""
        return steps.publish_history(plan)

    # What a task returns stands for its result until it runs.
    planned: Any = plan()
    published: Any = publish(planned)
    spark_task(planned) >> published


compact_history()
