"""Whole DAG runs in this process, against the sandbox, with Airflow's own `dag.test`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import boto3
import pytest

from include.interval import Interval
from include.lake import ZONES, Lake, run_report_key
from include.report import AccountReport, RunReport
from sandbox.world import World
from tests.deploy.ec2.calls import Call, recorded
from tests.deploy.ec2.role import GLUE, refused

SETTINGS = {
    "bucket": "tweet-lake",
    "alert_to": ["data-team@example.org"],
    "data_docs_url": "http://docs.example.org",
}


@dataclass
class Run:
    """One finished DAG run."""

    succeeded: bool
    states: dict[str, set[str]]
    lake: Lake
    interval: Interval
    dataset: str = "tweets"

    @property
    def report(self) -> RunReport:
        return RunReport.model_validate(
            self.lake.get_json(run_report_key(self.dataset, self.interval))
        )

    def account(self, name: str) -> AccountReport:
        return next(account for account in self.report.accounts if account.account == name)

    def objects(self) -> dict[str, bytes]:
        return {key: self.lake.get(key) for key in self.lake.keys("")}


@pytest.fixture(autouse=True)
def asked_of_aws() -> Iterator[set[Call]]:
    """What DAGs ask of AWS: no more than the role of deploy/ec2 may. Tests have another login."""
    with recorded() as calls:
        yield calls
    assert refused(calls) == []


@pytest.fixture
def glue_database(world: World) -> Iterator[str]:
    """The name of the database in Glue, which the stack makes; gone afterwards."""
    glue = boto3.client(
        "glue",
        endpoint_url=world.s3_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    glue.create_database(DatabaseInput={"Name": GLUE})
    yield GLUE
    glue.delete_database(Name=GLUE)


@pytest.fixture
def world_lake(world: World) -> Iterator[Lake]:
    client = boto3.client(
        "s3",
        endpoint_url=world.s3_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    lake = Lake(client, world.bucket)
    yield lake
    # Exports may be written everywhere else.
    assert {key.partition("/")[0] for key in lake.keys("")} <= ZONES


@pytest.fixture
def ingest(
    airflow_database: None,
    world: World,
    world_lake: Lake,
    interval: Interval,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Run]:
    """Run a dataset's DAG over an interval; a failed task is not tried again."""

    def ingest(
        *accounts: str | dict[str, object],
        dataset: str = "tweets",
        over: Interval = interval,
        environment: dict[str, str] | None = None,
        **settings: object,
    ) -> Run:
        from airflow.dag_processing.dagbag import DagBag

        entries = [{"username": a} if isinstance(a, str) else a for a in accounts]
        for name, value in {
            **world.environment(),
            "AIRFLOW_VAR_TWEET_LAKE": json.dumps({**SETTINGS, **settings}),
            "AIRFLOW_VAR_X_ACCOUNTS": json.dumps(entries),
            **(environment or {}),
        }.items():
            monkeypatch.setenv(name, value)
        dag = DagBag().dags[f"ingest_{dataset}"]
        for task in dag.tasks:
            task.retries = 0
        # A rerun is the same run of Airflow, cleared: its id is made of when it was due.
        finished = dag.test(run_after=over.end, logical_date=over.end)
        states: dict[str, set[str]] = {}
        for ti in finished.get_task_instances():
            states.setdefault(ti.task_id, set()).add(str(ti.state))
        return Run(finished.state == "success", states, world_lake, over, dataset)

    return ingest
