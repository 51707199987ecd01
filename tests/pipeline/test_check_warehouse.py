"""What a run of `check_warehouse` tells: pages, a mail, and that all is well again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from include.interval import Interval
from include.lake import run_report_key
from include.outcomes import Outcome
from include.report import RunReport
from include.warehouse.connection import open_adbc
from include.warehouse.load import load
from tests.include import landed_rows

# By S3's clock, which is real: what was landed just now has to be loaded.
TOMORROW = datetime.now(UTC).replace(hour=4, minute=45, second=0, microsecond=0) + timedelta(days=2)


@pytest.fixture
def check_warehouse(airflow_database, world, monkeypatch):
    """Run the DAG over the day before; a failed task is not tried again."""

    def check_warehouse(at=TOMORROW):
        from airflow.dag_processing.dagbag import DagBag

        told = {
            "bucket": "tweet-lake",
            "alert_to": ["data-team@example.org"],
            "data_docs_url": "http://docs.example.org",
        }
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps(told))
        dag = DagBag().dags["check_warehouse"]
        for task in dag.tasks:
            task.retries = 0
        finished = dag.test(run_after=at, logical_date=at)
        return {ti.task_id: str(ti.state) for ti in finished.get_task_instances()}

    return check_warehouse


def page(lake, key):
    return lake.get(f"data-docs/{key}").decode()


def test_a_fault_is_told_by_page_and_mail_and_so_is_its_end(
    check_warehouse, warehouse, world, world_lake
):
    over = Interval(landed_rows.DAY, landed_rows.DAY + timedelta(hours=4))
    post = landed_rows.row("tweets", 1, over, "harbour", author_id="12", conversation_id=None)
    key = landed_rows.land(world_lake, "tweets", over, "harbour", [post])
    assert load(world_lake, open_adbc, "tweets").new == 1
    engine = create_engine(warehouse, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("UPDATE load_object SET state = 'failed', error = '<torn>'"))

    states = check_warehouse()

    assert set(states.values()) == {"success"}
    found = Interval(TOMORROW - timedelta(days=1), TOMORROW)
    report = RunReport.model_validate(world_lake.get_json(run_report_key("warehouse", found)))
    assert {account.account: account.outcome for account in report.accounts} == {
        **dict.fromkeys(("metrics", "profiles", "volume"), Outcome.CHECKED),
        **dict.fromkeys(("freshness", "lake"), Outcome.WRONG),
    }
    name = key.rpartition("/")[2]
    run = f"warehouse/{found.day:%Y-%m}/{found.name}"
    shown = page(world_lake, f"{run}/accounts/lake.html")
    assert '<th scope="col">what</th><th scope="col">failed</th>' in shown
    assert f"{name}: &lt;torn&gt;" in shown
    assert "<torn>" not in shown
    assert "2 checks of 5" in page(world_lake, f"{run}/index.html")
    assert "18 of 20 expectations" in page(world_lake, "index.html")
    for text_of_rows in ("Quarantined", "Fetched", "$0.00"):
        assert text_of_rows not in page(world_lake, f"{run}/index.html")
    (mail,) = world.mails
    body = mail.get_body(("plain",)).get_content()
    assert mail["Subject"].endswith(": 2 checks need attention")
    assert f"{name}: <torn>" in body
    assert f"http://docs.example.org/{run}/accounts/lake.html" in body
    assert "cost" not in body

    with engine.connect() as connection:
        connection.execute(text("UPDATE load_object SET state = 'loaded', error = null"))
    engine.dispose()
    check_warehouse(TOMORROW + timedelta(days=1))

    assert world.mails[-1]["Subject"].endswith(": freshness and lake recovered")
