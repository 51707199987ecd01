"""Make few large files of a day's many small objects, and keep the catalogue and the bucket tidy.

Every day at 02:30 UTC, for each dataset: compact yesterday and every earlier day that is not in the
catalogue, verify the entries of the last days (`look_back_days` in the settings), bring the tables
of the Glue Data Catalog up to date (`glue_database`), and delete versions that were superseded a
day ago. Then write the bucket's lifecycle rules (`raw_days` and its neighbours). What the small
objects in `curated/` hold is never changed; docs/lake.md says how to read the lake.

**Connections**: `aws_default`. **Variables**: `tweet_lake`. Written for Airflow 3.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronDataIntervalTimetable, dag, task

from include.compaction import steps
from include.context import name_in_grid
from include.dag_defaults import DEFAULT_ARGS
from include.datasets import dataset_names


@dag(
    schedule=CronDataIntervalTimetable("30 2 * * *", timezone="UTC"),
    start_date=datetime(2022, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["lake"],
    doc_md=__doc__,
)
def compact_lake() -> None:
    """Wire the steps; what they do is in `include/compaction/`."""

    @task(map_index_template="{{ dataset }}")
    def compact(dataset: str) -> dict[str, int]:
        """Compact a dataset's days, tell Glue, then delete what nobody is sent to any more."""
        name_in_grid(dataset=dataset)
        return steps.compact(dataset)

    @task
    def apply_retention() -> bool:
        """Write the bucket's lifecycle rules."""
        return steps.apply_retention()

    compact.expand(dataset=dataset_names())
    apply_retention()


compact_lake()
