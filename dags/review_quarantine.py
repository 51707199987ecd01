"""Decide on rows that lie in quarantine.

Trigger it with the form: which rows (dataset, account, dates, reason), what is to be done, and why.

| decision | what it does |
|---|---|
| replay | parses and validates again from raw with today's code and suite; what is good now lands |
| release | the rows land as they are, marked `released_by`, `released_at`, `release_reason` |
| discard | the rows are kept in quarantine, marked, and never land |

The run counts what would happen and waits, for three days at most, until somebody approves it
(*Required actions*); only then anything moves. Who approves answers for it: the name is in the
marks and in `review/`, where decisions are kept for good. Nothing is asked of X.

**Connections**: `aws_default`, `smtp_default`. **Variables**: `tweet_lake`. Written for Airflow 3.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, dag, task

from include.dag_defaults import DEFAULT_ARGS
from include.datasets import dataset_names
from include.quarantine import steps
from include.quarantine.verdicts import VERDICTS


@dag(
    schedule=None,
    start_date=datetime(2022, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=16,
    default_args=DEFAULT_ARGS,
    params={
        "decision": Param(type="string", enum=[*VERDICTS], description="What is to be done"),
        "why": Param(
            type="string",
            minLength=3,
            maxLength=1000,
            pattern=r"\S",
            description="Kept with the decision",
        ),
        "dataset": Param(steps.ALL, type="string", enum=[steps.ALL, *dataset_names()]),
        "account": Param(None, type=["null", "string"], description="Username; empty for all"),
        "since": Param(None, type=["null", "string"], format="date", description="First UTC date"),
        "until": Param(None, type=["null", "string"], format="date", description="Last UTC date"),
        "interval": Param(
            None, type=["null", "string"], description="Like 20261120T0000Z_20261120T0400Z"
        ),
        "reason": Param(
            None, type=["null", "string"], description="Key of an expectation that rows failed"
        ),
        "ids": Param(
            None, type=["null", "array"], items={"type": "string"}, description="Only these rows"
        ),
    },
    tags=["lake", "review"],
    doc_md=__doc__,
)
def review_quarantine() -> None:
    """Wire the steps; what they do is in `include/quarantine/`."""

    @task
    def select() -> dict[str, str]:
        """Find the rows, and count what the decision would do."""
        return steps.select()

    @task(outlets=[steps.REVIEWED])
    def decide(key: str, answer: dict[str, Any]) -> list[str]:
        """Record the decision, and make the runs anew by it."""
        return steps.decide(key, answer)

    # What a task returns stands for its result until it runs.
    selected: Any = select()
    approve = ApprovalOperator(
        task_id="approve",
        subject="{{ params.decision }}: is this what should happen?",
        body="{{ ti.xcom_pull(task_ids='select')['counts'] }}",
        response_timeout=timedelta(days=3),
        execution_timeout=None,
        retries=0,  # who did not answer in three days is not asked for three more
    )
    selected >> approve >> decide(selected["key"], approve.output)


review_quarantine()
