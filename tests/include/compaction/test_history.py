"""Spark compacts as DuckDB does: the real engine, on files of a folder."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from include.catalogue.columns import compacted_schema
from include.catalogue.manifest import read_manifest, withdraw
from include.catalogue.views import ask
from include.compaction.compact import compact, is_current, versions
from include.compaction.history import plan, publish
from include.compaction.rounds import days_to_compact
from include.compaction.spark_task import spark_task
from include.compaction.steps import plan_history, publish_history
from include.connections import load_settings, open_lake
from include.datasets import dataset_named
from include.errors import BadConfiguration
from include.failures import Failures
from tests.deploy.ec2.calls import recorded
from tests.deploy.ec2.role import refused
from tests.include.landed_rows import DAY, NESTED, interval, land, row

FIRST = date(2026, 11, 2)
UNTIL = date(2026, 11, 9)
NOW = datetime(2026, 11, 10, tzinfo=UTC)


@pytest.fixture
def history(lake):
    """Two days of each dataset: duplicates, nulls, nested columns, older columns, odd texts."""
    for slot in (0, 1, 6):
        over = interval(slot)
        for account in ("nasa", "esa", "of_a_search"):
            rows = [
                row("tweets", 1, over, account, text=f"of {slot}"),
                row("tweets", 2 + slot, over, account, **NESTED, longitude=-4.5),
                row("tweets", 50, over, account, text="\U0001f30a\n'\"\\\t", lang=None),
            ]
            old = ["source", "media", "latitude"] if slot == 0 else []
            land(lake, "tweets", over, account, rows, without=old)
        for dataset in ("users", "tweet_metrics"):
            seen = [DAY + timedelta(hours=hours, microseconds=1) for hours in (0, slot)]
            rows = [
                row(dataset, number, over, "all-accounts", observed_at=at)
                for number in (1, 2)
                for at in seen
            ]
            land(lake, dataset, over, rows=rows)
    return lake


@pytest.fixture
def run_spark(history, spark, tmp_path):
    """What the DAG does between its two other tasks, with a folder in the place of s3a://."""
    from include.compaction import spark_job

    def run_spark(key):
        for name in history.keys(""):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(history.get(name))
        spark_job.run(spark, (tmp_path / key).as_uri())
        written = (tmp_path / "compacted").rglob("[!.]*")
        for path in written:
            if path.is_file():
                history.put(path.relative_to(tmp_path).as_posix(), path.read_bytes())

    return run_spark


def planned(lake, dataset, tmp_path):
    return plan(lake, dataset, FIRST, UNTIL, tmp_path.as_uri())


def published(lake, key):
    failures = Failures()
    days = publish(lake, key, NOW, failures)
    failures.tell()
    return days


def rows(lake, dataset):
    return ask(lake, lambda c: c.sql(f"SELECT * FROM {dataset} ORDER BY ALL").to_arrow_table())  # noqa: S608 - its name


def test_both_engines_give_the_same_rows(history, run_spark, tmp_path):
    for dataset in ("tweets", "users"):
        small = rows(history, dataset)
        days = days_to_compact(history, dataset, UNTIL, 1, NOW)
        key = planned(history, dataset, tmp_path)
        run_spark(key)
        assert published(history, key) == sorted(days)
        by_spark = [read_manifest(history, dataset, day) for day in days]
        assert all(is_current(history, manifest) for manifest in by_spark)
        assert rows(history, dataset).equals(small)
        for manifest in by_spark:
            (large,) = manifest.files
            found = pq.read_table(tmp_path / large.key)
            wanted = compacted_schema(dataset_named(dataset))
            assert found.schema.names == wanted.names
            for field in wanted:
                if field.name != "accounts":  # which Spark knows to be never null
                    assert found.schema.field(field.name).equals(field)
            assert large.rows == len(found)
            by_duckdb = compact(history, dataset, manifest.day, NOW)
            other = tmp_path / "by_duckdb.parquet"
            other.write_bytes(history.get(by_duckdb.files[0].key))
            assert found.to_pylist() == pq.read_table(other).to_pylist()
    assert len(small) > 0


def test_what_is_in_the_catalogue_as_it_is_is_not_planned_again(history, tmp_path):
    for day in days_to_compact(history, "tweets", UNTIL, 1, NOW):
        compact(history, "tweets", day, NOW)
    with pytest.raises(BadConfiguration, match="nothing to compact"):
        planned(history, "tweets", tmp_path)
    land(history, "tweets", interval(2), "nasa", [row("tweets", 9, interval(2), "nasa")])
    key = planned(history, "tweets", tmp_path)
    assert [day["day"] for day in history.get_json(key)["days"]] == ["2026-11-02"]


def test_a_day_that_changed_meanwhile_is_not_switched_to(history, run_spark, tmp_path):
    key = planned(history, "users", tmp_path)
    run_spark(key)
    over = interval(2)
    land(history, "users", over, rows=[row("users", 9, over, "all-accounts")])
    assert published(history, key) == [FIRST + timedelta(days=1)]
    assert read_manifest(history, "users", FIRST) is None
    assert versions(history, "users", FIRST) == []


def test_a_day_that_spark_did_not_finish_is_named_and_the_others_are_published(
    history, run_spark, tmp_path
):
    key = planned(history, "users", tmp_path)
    run_spark(key)
    first, second = history.get_json(key)["days"]
    history.delete(f"compacted/users/dt=2026-11-02/{first['version']}/_SUCCESS")
    failures = Failures()
    assert publish(history, key, NOW, failures) == [date.fromisoformat(second["day"])]
    with pytest.raises(
        FileNotFoundError, match=r"dt=2026-11-02/[\w-]+-spark/_SUCCESS is not there"
    ):
        failures.tell()


def test_a_day_that_spark_can_not_read_holds_up_no_other(history, run_spark, tmp_path):
    good = history.get("curated/users/dt=2026-11-02/20261102T0000Z_20261102T0400Z.parquet")
    broken = "curated/users/dt=2026-11-02/20261102T0800Z_20261102T1200Z.parquet"
    history.put(broken, good[:100])
    key = planned(history, "users", tmp_path)
    run_spark(key)
    failures = Failures()
    assert publish(history, key, NOW, failures) == [FIRST + timedelta(days=1)]
    with pytest.raises(FileNotFoundError, match="dt=2026-11-02"):
        failures.tell()
    with pytest.raises(BadConfiguration, match="nothing to compact"):
        plan(history, "users", FIRST + timedelta(days=1), UNTIL, tmp_path.as_uri())


def test_a_job_that_compacts_no_day_at_all_fails(history, run_spark, tmp_path):
    for key in list(history.keys("curated/users/")):
        history.put(key, b"no Parquet")
    with pytest.raises(Exception, match=r"no Parquet|not a Parquet file|CANNOT_READ"):
        run_spark(planned(history, "users", tmp_path))


def test_what_was_compacted_and_cleaned_up_while_spark_ran_stops_nothing(history, tmp_path):
    key = planned(history, "users", tmp_path)
    days = [date.fromisoformat(day["day"]) for day in history.get_json(key)["days"]]
    entries = [compact(history, "users", day, NOW) for day in days]
    assert published(history, key) == days
    assert [read_manifest(history, "users", day) for day in days] == entries


def test_a_second_try_leaves_what_the_first_one_published(history, run_spark, tmp_path):
    """Glue, and readers who are at it, have been sent there."""
    key = planned(history, "users", tmp_path)
    run_spark(key)
    published(history, key)
    files = [file.key for file in read_manifest(history, "users", FIRST).files]
    over = interval(2)
    extra = land(history, "users", over, rows=[row("users", 9, over, "all-accounts")])
    withdraw(history, "users", [FIRST])
    assert published(history, key) == [FIRST + timedelta(days=1)]
    assert set(files) <= set(history.keys("compacted/users/"))
    history.delete(extra)  # the objects are what they were when they were planned
    published(history, key)
    assert set(files) <= set(history.keys("compacted/users/"))


def test_a_plan_goes_once_its_days_are_published(world, monkeypatch, tmp_path):
    settings = f'{{"bucket": "{world.bucket}", "alert_to": ["a@b"], "data_docs_url": "http://d"}}'
    for name, value in {**world.environment(), "AIRFLOW_VAR_TWEET_LAKE": settings}.items():
        monkeypatch.setenv(name, value)
    lake = open_lake(load_settings())
    land(lake, "users", interval(0), rows=[row("users", 1, interval(0), "all-accounts")])
    key = planned(lake, "users", tmp_path)
    with pytest.raises(FileNotFoundError):
        publish_history(f"s3a://{world.bucket}/{key}")
    assert lake.find(key) is not None
    compact(lake, "users", FIRST, NOW)
    with recorded() as calls:
        assert publish_history(f"s3a://{world.bucket}/{key}") == ["2026-11-02"]
    assert refused(calls) == []
    assert calls
    assert list(lake.keys("catalogue/plans/")) == []
    with pytest.raises(BadConfiguration, match="Trigger 'compact_history' anew"):
        publish_history(f"s3a://{world.bucket}/{key}")


def test_the_job_goes_to_the_cluster_of_the_connection():
    submit = pytest.importorskip("airflow.providers.apache.spark.operators.spark_submit")
    operator = spark_task("s3a://lake/catalogue/plans/tweets/p.json")
    assert isinstance(operator, submit.SparkSubmitOperator)
    assert operator.application == str(spark_job_path())
    assert operator.application_args == ["s3a://lake/catalogue/plans/tweets/p.json"]


def test_without_the_provider_the_task_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "airflow.providers.apache.spark.operators.spark_submit", None)
    told = spark_task("a plan").operator
    with pytest.raises(BadConfiguration, match="install apache-airflow-providers-apache-spark"):
        told.python_callable("a plan")


def spark_job_path():
    return Path(__file__).parents[3] / "include" / "compaction" / "spark_job.py"


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("yesterday", "2026-11-02", "'yesterday' is no date; write 2026-11-01"),
        ("2026-11-02", "2026-11-02", r"until \(2026-11-02\) is not after since"),
    ],
)
def test_wrong_dates_get_a_sentence(monkeypatch, since, until, sentence):
    settings = '{"bucket": "lake", "alert_to": ["a@b"], "data_docs_url": "http://docs"}'
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", settings)
    with pytest.raises(BadConfiguration, match=sentence):
        plan_history("tweets", since, until)
