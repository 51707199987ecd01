"""The DAG export_warehouse, run as Airflow runs it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.pipeline.conftest import SETTINGS

DAGS = Path(__file__).parents[2] / "dags"
DAY = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def run(airflow_database, warehouse, tmp_path):
    from airflow.dag_processing.dagbag import DagBag

    dag = DagBag(DAGS / "export_warehouse.py").dags["export_warehouse"]
    for task in dag.tasks:
        task.retries = 0

    def run(**asked):
        return dag.test(logical_date=DAY, run_conf={"to": str(tmp_path), **asked})

    engine = create_engine(warehouse)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO dim_hashtag (hashtag) VALUES ('rain'), ('sea')"))
    engine.dispose()
    return run


def test_the_form_s_export_lies_where_it_was_wanted(run, tmp_path, capsys):
    finished = run(relation="dim_date", since="2026-11-02", until="2026-11-03", format="ndjson")
    assert finished.state == "success"
    made = tmp_path / "dim_date-since-2026-11-02-until-2026-11-03.ndjson"
    rows = [json.loads(line) for line in made.read_text().splitlines()]
    assert {date.fromisoformat(row["date_key"]).day for row in rows} == {2, 3}
    (task,) = finished.get_task_instances()
    told = task.xcom_pull(task_ids="export")
    assert (told["place"], told["rows"]) == (str(made), 2)
    assert "rows/s" not in capsys.readouterr().err


def test_what_can_not_be_fails_and_leaves_nothing(run, tmp_path):
    assert run(relation="dim_hashtag", account="nasa").state == "failed"
    assert list(tmp_path.iterdir()) == []


def test_a_file_for_other_programs_is_put_beside_the_lake(run, world, asked_of_aws, monkeypatch):
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps(SETTINGS))
    finished = run(relation="dim_hashtag", to=f"s3://{world.bucket}/exports/")
    assert finished.state == "success"
    exported = f"arn:aws:s3:::{world.bucket}/exports/dim_hashtag.csv"
    assert ("s3:PutObject", exported) in asked_of_aws
