"""Whole runs of `load_warehouse` over what the ingesting DAGs landed."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, select, text

from include.data_docs.keys import report_key
from include.interval import Interval
from include.lake import run_report_key

USERS_DAY = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
ACCOUNTS = ("harbour_news", "faulty_feed", "repost_relay")

NOBODY_LISTENS = json.dumps(
    {"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "schema": "warehouse", "login": "x"}
)


@pytest.fixture
def run_load(airflow_database, monkeypatch):
    """Run the DAG by hand, or as an event of an asset does."""
    from airflow.models import dagrun
    from airflow.models.asset import AssetEvent, AssetModel

    create = dagrun.get_or_create_dagrun

    def run(asset=None):
        from airflow.dag_processing.dagbag import DagBag

        def set_off(*, session, **named):
            made = create(session=session, **named)
            if asset:
                number = session.scalar(select(AssetModel.id).where(AssetModel.name == asset))
                made.consumed_asset_events.append(AssetEvent(asset_id=number))
            session.commit()
            return made

        monkeypatch.setattr(dagrun, "get_or_create_dagrun", set_off)
        dag = DagBag().dags["load_warehouse"]
        for task in dag.tasks:
            task.retries = 0
        finished = dag.test(logical_date=datetime.now(UTC))
        return str(finished.state), {
            ti.task_id: str(ti.state) for ti in finished.get_task_instances()
        }

    return run


@pytest.fixture
def ask(warehouse):
    engine = create_engine(warehouse)

    def ask(query):
        with engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    yield ask
    engine.dispose()


def ids(lake, dataset):
    return sorted(
        int(row["tweet_id"])
        for key in lake.keys(f"curated/{dataset}/")
        if key.endswith(".parquet")
        for row in pq.read_table(io.BytesIO(lake.get(key)), columns=["tweet_id"]).to_pylist()
    )


def test_what_landed_is_in_the_warehouse(world, ingest, interval, ask, run_load):
    ingest(*ACCOUNTS, dataset="users", over=USERS_DAY)
    landed = ingest(*ACCOUNTS)
    end = interval.end + timedelta(hours=2)
    world.travel(end + timedelta(minutes=1))
    ingest(*ACCOUNTS, dataset="tweet_metrics", over=Interval(interval.end, end))

    state, tasks = run_load()

    assert (state, set(tasks.values())) == ("success", {"success"})
    assert [row[0] for row in ask("SELECT tweet_id FROM fact_tweet ORDER BY 1")] == ids(
        landed.lake, "tweets"
    )
    observed = ask("SELECT tweet_id FROM fact_tweet_metrics ORDER BY 1")
    assert [row[0] for row in observed] == ids(landed.lake, "tweet_metrics")
    assert ask("SELECT count(*) FROM fact_tweet JOIN dim_user ON user_key = author_key"
               " WHERE is_inferred") == [(0,)]  # fmt: skip
    assert ask("SELECT DISTINCT username FROM tweets_latest WHERE account = 'harbour_news'") == [
        ("harbour_news",)
    ]


def test_a_landed_object_that_can_not_be_loaded_fails_the_run_and_names_it(
    ingest, ask, run_load, world_lake
):
    profiles = ingest("harbour_news", dataset="users", over=USERS_DAY)
    (damaged,) = profiles.report.accounts[0].curated_keys
    landed = ingest("harbour_news", "repost_relay")
    (key,) = landed.account("repost_relay").curated_keys
    for object_ in (damaged, key):
        world_lake.put(object_, b"no Parquet")

    state, tasks = run_load()

    assert state == "failed"
    assert tasks == {
        "find_news": "success",
        "load_users": "failed",
        "load_tweets": "failed",
        "load_tweet_metrics": "success",
        "publish_reports": "success",
        "all_loaded": "upstream_failed",
    }
    failed = "SELECT key, state FROM load_object WHERE error <> '' ORDER BY dataset DESC"
    assert ask(failed) == [(damaged, "failed"), (key, "failed")]
    assert ask("SELECT DISTINCT account FROM fact_tweet") == [("harbour_news",)]
    assert b"2026-11-02" in world_lake.get(report_key("tweets"))


def test_a_run_makes_up_for_one_that_failed_before_it(ingest, ask, run_load, monkeypatch):
    ask("INSERT INTO load_mark VALUES ('tweets', now()), ('users', now()) RETURNING 1")
    landed = ingest("harbour_news")
    (key,) = landed.account("harbour_news").curated_keys
    of_a_day_without_news = key.replace("dt=2026-11-02", "dt=2026-11-01")
    landed.lake.put(of_a_day_without_news, landed.lake.get(key))
    with monkeypatch.context() as down:
        down.setenv("AIRFLOW_CONN_WAREHOUSE", NOBODY_LISTENS)
        assert run_load()[0] == "failed"

    assert run_load("curated_users")[0] == "success"

    assert ask("SELECT key FROM load_object WHERE dataset = 'tweets'") == [(key,)]


def test_without_a_warehouse_the_run_is_skipped(ingest, run_load):
    ingest("harbour_news")
    state, tasks = run_load()
    assert (state, set(tasks.values())) == ("success", {"skipped"})


def test_the_news_are_the_days_on_which_a_run_has_objects(ingest, warehouse, monkeypatch):
    from include.warehouse import steps

    landed = ingest("harbour_news")
    run = {"interval": landed.interval.name, "report": run_report_key("tweets", landed.interval)}
    (day,) = steps._days(landed.lake, "tweets", [run])
    assert day == landed.interval.day
    landed.lake.delete(run["report"])
    assert steps._days(landed.lake, "tweets", [run]) is None
