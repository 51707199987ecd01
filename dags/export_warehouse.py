"""Export a table or view of the warehouse as a file for other programs.

Trigger it with the form. The file and, beside it, its manifest are there when the run has
succeeded; what was there under the same name is replaced. An empty `account`, `columns` or date
means all. docs/exports.md says what is in which format.

The file is for use inside your organisation: X's terms let nothing but ids be handed on. What X
hides later is still in it; delete it once you are done.

**Connections**: `warehouse`, for `s3://` also `aws_default`. **Variables**: for `s3://`
`tweet_lake`. Written for Airflow 3.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Param, dag, task

from include.dag_defaults import DEFAULT_ARGS
from include.exports import steps
from include.exports.formats import FORMATS
from include.exports.relations import RELATIONS


@dag(
    schedule=None,
    start_date=datetime(2022, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=4,
    default_args=DEFAULT_ARGS,
    params={
        "relation": Param(
            "tweets_latest",
            type="string",
            enum=[*RELATIONS],
            description="Table or view; tweets_latest has the posts, with their latest counts",
        ),
        "account": Param(
            None, type=["null", "string"], description="Username, or a search; empty for all"
        ),
        "since": Param(None, type=["null", "string"], format="date", description="First UTC date"),
        "until": Param(None, type=["null", "string"], format="date", description="Last UTC date"),
        "columns": Param(
            None, type=["null", "array"], items={"type": "string"}, description="Empty for all"
        ),
        "format": Param(
            "csv",
            type="string",
            enum=[*FORMATS],
            description="hyper needs Tableau's library on the worker",
        ),
        "to": Param(
            type="string",
            minLength=1,
            description="s3://bucket/prefix, or a folder or file on the worker",
        ),
    },
    tags=["warehouse", "export"],
    doc_md=__doc__,
)
def export_warehouse() -> None:
    """Wire the step; what it does is in `include/exports/`."""

    @task
    def export() -> dict[str, Any]:
        """Write the file and its manifest."""
        return steps.carry_out()

    export()


export_warehouse()
