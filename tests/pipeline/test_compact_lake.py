"""What a run of `compact_lake` makes of a lake that a run of each kind has filled."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import boto3
import pytest

from include.catalogue.manifest import read_manifest, withdraw
from include.catalogue.views import ask

NIGHT = datetime(2026, 11, 3, 2, 30, tzinfo=UTC)


@pytest.fixture
def compact_lake(monkeypatch):
    """Run the DAG; a failed task is not tried again."""

    def compact_lake(at=NIGHT, **settings):
        from airflow.dag_processing.dagbag import DagBag

        told = {
            "bucket": "tweet-lake",
            "alert_to": ["data-team@example.org"],
            "data_docs_url": "http://docs.example.org",
            **settings,
        }
        monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps(told))
        dag = DagBag().dags["compact_lake"]
        for task in dag.tasks:
            task.retries = 0
        finished = dag.test(logical_date=at)
        states = {}
        for ti in finished.get_task_instances():
            states.setdefault(ti.task_id, set()).add(str(ti.state))
        return states

    return compact_lake


def counted(lake):
    sql = (
        "SELECT dt, brought.account, count(*), count(DISTINCT tweet_id) "
        "FROM tweets, unnest(accounts) AS brought(account) GROUP BY ALL ORDER BY 2"
    )
    return ask(lake, lambda c: c.sql(sql).fetchall())


def partitions(world, database):
    """Day and location of each of Glue's partitions."""
    glue = boto3.client(
        "glue",
        endpoint_url=world.s3_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    answer = glue.get_partitions(DatabaseName=database, TableName="tweets")
    return [(p["Values"][0], p["StorageDescriptor"]["Location"]) for p in answer["Partitions"]]


def test_a_day_is_compacted_and_told_to_glue_and_once_more_after_rows_came(
    world, ingest, interval, compact_lake, glue_database
):
    run = ingest("harbour_news", "city_weather")
    assert run.succeeded
    before = counted(run.lake)
    assert [row[1] for row in before] == ["city_weather", "harbour_news"]
    done = compact_lake(glue_database=glue_database, raw_days=90, quarantine_days=90)
    assert done == {"compact": {"success"}, "apply_retention": {"success"}}
    manifest = read_manifest(run.lake, "tweets", interval.day)
    assert sum(file.rows for file in manifest.files) == sum(row[2] for row in before)
    assert counted(run.lake) == before
    assert partitions(world, glue_database) == [
        (str(interval.day), f"s3://tweet-lake/{manifest.prefix}")
    ]
    rules = run.lake.client.get_bucket_lifecycle_configuration(Bucket="tweet-lake")["Rules"]
    assert "raw/tweets/" in {rule["Filter"]["Prefix"] for rule in rules}

    (late,) = run.account("harbour_news").curated_keys
    run.lake.put(late.replace("harbour_news", "late_account"), run.lake.get(late))
    withdraw(run.lake, "tweets", [interval.day])
    again = compact_lake()
    assert again == done
    new = read_manifest(run.lake, "tweets", interval.day)
    assert new.superseded.keys() == {manifest.version}
    assert list(run.lake.keys(manifest.prefix))  # a reader may still be at it
    assert [row[1] for row in counted(run.lake)] == ["city_weather", "harbour_news", "late_account"]


def test_a_day_that_can_not_be_compacted_holds_up_no_other(
    world, ingest, interval, compact_lake, glue_database
):
    run = ingest("harbour_news")
    (key,) = run.account("harbour_news").curated_keys
    broken = key.replace(f"dt={interval.day}", "dt=2026-11-01")
    run.lake.put(broken, b"no Parquet")
    done = compact_lake(glue_database=glue_database)
    assert done == {"compact": {"success", "failed"}, "apply_retention": {"success"}}
    assert read_manifest(run.lake, "tweets", interval.day) is not None
    assert [day for day, _ in partitions(world, glue_database)] == [str(interval.day)]
