"""The wiring that every dataset's DAG shares; what its steps do is in `include/steps.py`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import CronDataIntervalTimetable, dag, task

from include import steps
from include.assets import curated
from include.context import name_in_grid
from include.dag_defaults import DEFAULT_ARGS


def ingest_dag(dataset: str, *, cron: str, about: str | None) -> None:
    """Register the DAG ``ingest_<dataset>``, which announces ``curated_<dataset>``.

    Args:
        dataset: its name in every room and zone.
        cron: when it runs, in UTC; a run's data interval is what lies between two of them.
        about: the DAG file's docstring, in Markdown.
    """

    @dag(
        dag_id=f"ingest_{dataset}",
        schedule=CronDataIntervalTimetable(cron, timezone="UTC"),
        start_date=datetime(2022, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=[dataset, "x-api", "lake"],
        doc_md=about,
    )
    def ingest() -> None:
        @task(pool="x_api")
        def plan() -> list[dict[str, Any]]:
            """Look at what is wanted; one fetch for each account, or one for all."""
            return steps.plan(dataset)

        # The digest names every account that failed: a mail each would be hundreds when X is down.
        @task(
            pool="x_api",
            map_index_template="{{ account }}",
            multiple_outputs=False,
            on_failure_callback=None,
        )
        def extract(fetch: dict[str, Any]) -> dict[str, Any]:
            """Store X's answers to one fetch, page by page."""
            name_in_grid(account=fetch["account"])
            return steps.extract(dataset, fetch)

        @task(trigger_rule="all_done")
        def batches(fetches: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
            """Divide the accounts whose pages are complete among the validation tasks."""
            return steps.batches(dataset, fetches)

        @task(map_index_template="{{ accounts }}", multiple_outputs=False)
        def validate(batch: dict[str, Any]) -> dict[str, Any]:
            """Pages → rows → Great Expectations → curated or quarantine, account by account."""
            name_in_grid(accounts=batch["label"])
            return steps.validate(dataset, batch)

        @task(trigger_rule="all_done", outlets=[curated(dataset)])
        def report(fetches: list[dict[str, Any]] | None) -> str:
            """Gather what became of every account."""
            return steps.report(dataset, fetches)

        @task
        def publish_data_docs(report_key: str) -> str:
            """Render this run's pages and the index above them."""
            return steps.publish_data_docs(report_key)

        @task(trigger_rule="all_done")
        def notify(report_key: str | None) -> str | None:
            """Mail one digest, if somebody has to look."""
            return steps.notify(report_key)

        @task(trigger_rule="all_done")
        def reconcile(report_key: str | None) -> None:
            """Fail the run if a task failed or anything planned is not in the lake."""
            steps.reconcile(report_key)

        # What a task returns stands for its result until it runs.
        fetches: Any = plan()
        divided: Any = batches(fetches)
        reported: Any = report(fetches)
        extract.expand(fetch=fetches) >> divided
        validate.expand(batch=divided) >> reported
        publish_data_docs(reported) >> notify(reported) >> reconcile(reported)

    ingest()
