"""Bring the tweets of the configured accounts to the validated lake.

Every four hours: fetch what each account posted in the data interval, keep X's answers in `raw/`,
validate every account's posts against `expectations/tweets.json`, land the good rows in
`curated/`, put the bad ones in `quarantine/`, publish Data Docs, and mail a digest if somebody
has to look.

A rerun begins with what is in the lake: no post is paid for twice. An account that X does not
show (suspended, protected, deleted, misspelt) is an outcome in the report; trouble that nobody
expected fails the run in `reconcile`, and what landed stays.

**Connections**: `x_api`, `aws_default`, `smtp_default`. **Variables**: `tweet_lake` (settings),
`x_accounts` (accounts; else `include/accounts.yaml`). **Pool**: `x_api`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import CronDataIntervalTimetable, dag, get_current_context, task

from include import steps
from include.assets import CURATED_TWEETS
from include.dag_defaults import DEFAULT_ARGS

DATASET = "tweets"


@dag(
    schedule=CronDataIntervalTimetable("0 */4 * * *", timezone="UTC"),
    start_date=datetime(2022, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["tweets", "x-api", "lake"],
    doc_md=__doc__,
)
def ingest_tweets() -> None:
    """Wire the steps; what they do is in `include/steps.py`."""

    @task(pool="x_api")
    def plan() -> list[dict[str, Any]]:
        """Look the accounts up; one fetch for each."""
        return steps.plan(DATASET)

    # The digest names every account that failed: a mail each would be hundreds when X is down.
    @task(
        pool="x_api",
        map_index_template="{{ account }}",
        multiple_outputs=False,
        on_failure_callback=None,
    )
    def extract(fetch: dict[str, Any]) -> dict[str, Any]:
        """Store X's answers for one account, page by page."""
        get_current_context()["account"] = fetch["account"]
        return steps.extract(DATASET, fetch)

    @task(trigger_rule="all_done")
    def batches(fetches: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        """Divide the accounts whose pages are complete among the validation tasks."""
        return steps.batches(DATASET, fetches)

    @task(map_index_template="{{ accounts }}", multiple_outputs=False)
    def validate(batch: dict[str, Any]) -> dict[str, Any]:
        """Pages → rows → Great Expectations → curated or quarantine, account by account."""
        get_current_context()["accounts"] = batch["label"]
        return steps.validate(DATASET, batch)

    @task(trigger_rule="all_done", outlets=[CURATED_TWEETS])
    def report(fetches: list[dict[str, Any]] | None) -> str:
        """Gather what became of every account."""
        return steps.report(DATASET, fetches, CURATED_TWEETS)

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

    fetches = plan()
    divided = batches(fetches)
    reported = report(fetches)
    extract.expand(fetch=fetches) >> divided
    validate.expand(batch=divided) >> reported
    publish_data_docs(reported) >> notify(reported) >> reconcile(reported)


ingest_tweets()
