"""Bring the PostgreSQL warehouse to what is in the validated lake.

Runs when a dataset's run has landed, when a decision about quarantined rows was carried out, and
when something was forgotten: then only objects of `curated/` that the warehouse does not know as
they are now are loaded, and rows of objects that are gone are deleted. What a run that failed was
told, the next one looks at. Triggered by hand, it compares all of the lake with the warehouse.
Profiles come first, so that posts find their author. Then the reports beside Data Docs are drawn
anew.

Objects that can't be loaded fail the run in the end and are listed in the table `load_object`
(`state = 'failed'`); everything else is loaded, of the other datasets too, and the next run tries
them again.

**Connections**: `warehouse` (without it the run is skipped), `aws_default`. **Variables**:
`tweet_lake`. How the tables are made and read: docs/warehouse.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import AssetAny, dag, task

from include.assets import FORGOTTEN
from include.dag_defaults import DEFAULT_ARGS
from include.warehouse import steps


@dag(
    schedule=AssetAny(*steps.ASSETS.values(), FORGOTTEN),
    start_date=datetime(2022, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["warehouse"],
    doc_md=__doc__,
)
def load_warehouse() -> None:
    """Wire the steps; what they do is in `include/warehouse/`."""

    @task(inlets=[*steps.ASSETS.values(), FORGOTTEN])
    def find_news() -> steps.News:
        """Which runs have landed since, also where a run of this DAG failed or it was paused."""
        return steps.find_news()

    # A first load of years takes what it takes; what is loaded stays, if it is stopped.
    @task(trigger_rule="all_done", execution_timeout=None)
    def load(dataset: str, news: steps.News | None) -> dict[str, int]:
        """Stage the objects that changed, merge them, batch by batch."""
        return steps.load(dataset, news)

    @task(trigger_rule="all_done")
    def publish_reports() -> list[str]:
        """Draw the reports of what is there now, beside Data Docs."""
        return steps.publish_reports()

    @task
    def all_loaded() -> None:
        """Do nothing: the run is red where any of the others is, not only the last of them."""

    # What a task returns stands for its result until it runs.
    news: Any = find_news()
    users = load.override(task_id="load_users")("users", news)
    tweets = load.override(task_id="load_tweets")("tweets", news)
    metrics = load.override(task_id="load_tweet_metrics")("tweet_metrics", news)
    published = publish_reports()
    users >> tweets >> metrics >> published
    [users, tweets, metrics, published] >> all_loaded()


load_warehouse()
