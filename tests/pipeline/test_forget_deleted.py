"""What runs of `forget_deleted` take out of a lake that all datasets have landed in."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from adbc_driver_postgresql import dbapi
from airflow.models.asset import AssetEvent
from airflow.utils.session import create_session
from sqlalchemy import create_engine, select, text

from include.catalogue.reader import curated_days
from include.compaction.compact import compact
from include.connections import load_settings, open_glue
from include.datasets import dataset_names
from include.interval import Interval
from include.warehouse.connection import conninfo
from include.warehouse.load import load
from include.warehouse.models import Base

DAY = datetime(2026, 11, 3, 0, 31, tzinfo=UTC)
ACCOUNTS = ("harbour_news", "city_weather", "rail_updates", "faulty_feed", "repost_relay")
USERS_DAY = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))


def text_of(key: str, body: bytes) -> str:
    """An object as a reader finds it: unpacked, without escapes."""
    if key.endswith(".gz"):
        body = gzip.decompress(body)
    if key.endswith(".parquet"):
        return "\n".join(map(repr, pq.read_table(io.BytesIO(body)).to_pylist()))
    text = body.decode("utf-8", "surrogateescape")
    return repr(json.loads(text)) if key.endswith((".json", ".json.gz")) else text


def whole(run) -> str:
    return "\n".join(f"{key}\n{text_of(key, body)}" for key, body in run.objects().items())


def but_the_bill(objects):
    """Everything, without what depends on the day of the rerun.

    That is the ledger, and who quotes it; and the catalogue, from which a rerun takes its days.
    """
    rest = {
        key: body
        for key, body in objects.items()
        if not key.startswith(("raw/spending/", "catalogue/"))
        and not re.match("data-docs/.*/index.html", key)
    }
    reports = {key: json.loads(rest[key]) for key in rest if "/run/" in key}
    return rest | {key: report | {"bill": None} for key, report in reports.items()}


def rows_of(lake, prefix):
    return [
        row
        for key in lake.keys(prefix)
        if key.endswith(".parquet")
        for row in pq.read_table(io.BytesIO(lake.get(key))).to_pylist()
    ]


@pytest.fixture
def full_lake(world, ingest, interval):
    """Profiles, posts and counts of five accounts; some of the posts are in quarantine."""

    def metrics():
        end = interval.end + timedelta(hours=2)
        world.travel(end + timedelta(minutes=1))
        over = Interval(end - timedelta(hours=2), end)
        return ingest(*ACCOUNTS, dataset="tweet_metrics", over=over, csv=True)

    world.travel(USERS_DAY.end + timedelta(minutes=1))
    ingest(*ACCOUNTS, dataset="users", over=USERS_DAY, csv=True)
    world.travel(interval.end + timedelta(minutes=1))
    run = ingest(*ACCOUNTS, csv=True)
    assert run.succeeded
    return run, metrics


@pytest.fixture
def forget(world, full_lake):
    """Run the DAG at half past midnight; a failed task is not tried again."""

    def forget(**parameters):
        from airflow.dag_processing.dagbag import DagBag

        world.travel(DAY)
        dag = DagBag().dags["forget_deleted"]
        for task in dag.tasks:
            task.retries = 0
        finished = dag.test(logical_date=DAY, run_conf=parameters)
        states = {ti.task_id: str(ti.state) for ti in finished.get_task_instances()}
        assert (finished.state == "failed") == ("failed" in states.values())
        return states

    return forget


def record_of(lake, name="record"):
    return lake.get_json(f"compliance/dt=2026-11-03/{name}.json")


@pytest.fixture
def glue_of(glue_database, monkeypatch):
    """A Glue that shows a lake's posts, and a setting that names it."""

    def glue_of(run):
        settings = json.loads(os.environ["AIRFLOW_VAR_TWEET_LAKE"])
        with_glue = {**settings, "glue_database": glue_database}
        monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps(with_glue))
        glue = open_glue(load_settings())
        assert glue.keep(run.lake, "tweets") > 0
        return glue

    return glue_of


def in_warehouse(run, url):
    """Every row of every table, as text, once what is in the lake is loaded."""
    engine = create_engine(url)
    for dataset in dataset_names():
        assert load(run.lake, lambda: dbapi.connect(conninfo(url)), dataset).failed == {}
    with engine.connect() as connection:
        rows = [
            "\n".join(map(str, row.values()))
            for table in Base.metadata.tables
            for (row,) in connection.execute(
                text(f"SELECT row_to_json(t) FROM {table} t")  # noqa: S608 - the models' names
            )
        ]
        assert sorted(connection.scalars(text("SELECT tweet_id::text FROM fact_tweet"))) == sorted(
            {row["tweet_id"] for row in rows_of(run.lake, "curated/tweets/")}
        )
    engine.dispose()
    return "\n".join(rows)


def announced():
    """Names of the assets of which the runs of `forget_deleted` told."""
    with create_session() as session:
        events = session.scalars(
            select(AssetEvent).where(AssetEvent.source_dag_id == "forget_deleted")
        )
        return [event.asset.name for event in events]


def shown(run, glue):
    """Day → ids of the posts that a reader of Glue finds."""
    answer = glue.client.get_partitions(DatabaseName=glue.database, TableName="tweets")
    places = {p["Values"][0]: p["StorageDescriptor"]["Location"] for p in answer["Partitions"]}
    prefixes = {day: place.partition("tweet-lake/")[2] for day, place in places.items()}
    return {
        day: {row["tweet_id"] for row in rows_of(run.lake, prefix)}
        for day, prefix in prefixes.items()
    }


def test_what_is_forgotten_leaves_the_warehouse_too(world, full_lake, forget, warehouse):
    run, metrics = full_lake
    posts = rows_of(run.lake, "curated/tweets/")
    (user,) = (u for u in rows_of(run.lake, "curated/users/") if u["username"] == "city_weather")
    assert metrics().succeeded
    before, told = in_warehouse(run, warehouse), len(announced())
    world.fates.suspend("city_weather")
    gone = {post["text"] for post in posts if post["author_id"] == user["user_id"]}
    gone |= {user["name"], user["description"]} - {None}
    assert [text for text in gone if text not in before] == []

    forget()
    forget()

    assert announced()[told:] == ["forgotten"]
    after = in_warehouse(run, warehouse)
    assert [text for text in gone if text in after] == []


def test_nothing_of_what_x_hides_is_left_anywhere(world, ingest, full_lake, forget, glue_of):
    run, metrics = full_lake
    posts = {row["tweet_id"]: row for row in rows_of(run.lake, "curated/tweets/")}
    bad = rows_of(run.lake, "quarantine/tweets/")
    users = {row["username"]: row for row in rows_of(run.lake, "curated/users/")}
    of_harbour = [i for i, p in posts.items() if "account=harbour_news/" in p["raw_key"]]
    deleted, withheld = of_harbour[:2]
    world.fates.delete_post(deleted)
    world.fates.withhold_post(withheld, ["DE"])
    assert metrics().succeeded
    world.fates.suspend("city_weather")
    world.fates.suspend("faulty_feed")
    world.fates.protect("rail_updates")
    gone_users = {name: users[name] for name in ("city_weather", "faulty_feed", "rail_updates")}
    user_ids = {user["user_id"] for user in gone_users.values()}
    gone = {
        i
        for i, post in posts.items()
        if {i, post["retweeted_tweet_id"]} & {deleted, withheld}
        or post["author_id"] in user_ids
        or post["text"].startswith(tuple(f"RT @{name}:" for name in gone_users))
    }
    texts = {posts[i]["text"] for i in gone} | {row["text"] for row in bad if row["text"]}
    texts |= {user["description"] for user in gone_users.values() if user["description"]}
    texts |= {user["name"] for user in gone_users.values()}
    kept = {post["text"] for i, post in posts.items() if i not in gone}
    for dataset in ("tweets", "users", "tweet_metrics"):
        for day in curated_days(run.lake, dataset):
            compact(run.lake, dataset, day, DAY)
    assert {row["tweet_id"] for row in rows_of(run.lake, "compacted/tweets/")} == posts.keys()
    glue = glue_of(run)
    before = whole(run)
    assert all(repr(text)[1:-1] in before for text in kept | texts)

    assert forget() == dict(
        zip(
            TASKS,
            ("failed", "upstream_failed", *["skipped"] * 2, *["upstream_failed"] * 2),
            strict=True,
        )
    )
    assert forget() == dict.fromkeys(TASKS, "success")
    after = whole(run)
    assert [text for text in texts - kept if repr(text)[1:-1] in after or text in after] == []
    assert [text for text in kept if repr(text)[1:-1] not in after] == []
    left = {row["tweet_id"] for row in rows_of(run.lake, "curated/tweets/")}
    assert left == posts.keys() - gone
    assert set().union(*shown(run, glue).values()) == left
    assert [row for row in rows_of(run.lake, "curated/users/") if row["user_id"] in user_ids] == []
    counted = rows_of(run.lake, "curated/tweet_metrics/")
    assert {row["tweet_id"] for row in counted if row["like_count"] is not None} <= left
    assert [row["tweet_id"] for row in counted if row["status"] == "deleted"] == [deleted]
    record = record_of(run.lake)
    assert (record["finished"], record["users"].keys()) == (True, user_ids)
    assert gone <= record["posts"].keys()
    assert record["posts"][withheld] == "withheld"
    assert [job.status for job in world.compliance.newest_first("tweets")][1:] == []
    mail = world.mails[-1]
    assert "forgotten" in mail["subject"]
    assert "1 post: withheld" in mail.get_body(("plain",)).get_content()

    forgotten, asked = run.objects(), len(world.requests)
    assert ingest(*ACCOUNTS, csv=True).succeeded
    assert metrics().succeeded
    again = run.objects()
    assert but_the_bill(again) == but_the_bill(forgotten)
    assert {request.path for request in world.requests[asked:]} == {"/2/usage/tweets"}


def test_what_could_go_leaves_glue_and_the_warehouse_though_a_page_of_the_rest_is_lost(
    world, full_lake, forget, glue_of
):
    run, _ = full_lake
    users = {user["username"]: user["user_id"] for user in rows_of(run.lake, "curated/users/")}
    for dataset in dataset_names():
        for day in curated_days(run.lake, dataset):
            compact(run.lake, dataset, day, DAY)
    glue, told = glue_of(run), len(announced())
    for name in ("city_weather", "harbour_news"):
        world.fates.suspend(name)
    for key in list(run.lake.keys("raw/tweets/")):
        if "account=harbour_news/" in key:
            run.lake.delete(key)

    assert forget()["announce"] == "skipped"  # X's job is not over yet
    assert forget() == dict(
        zip(
            TASKS,
            ("success", "failed", "success", "success", *["upstream_failed"] * 2),
            strict=True,
        )
    )

    left = rows_of(run.lake, "curated/tweets/")
    authors = {row["author_id"] for row in left}
    assert (users["city_weather"] in authors, users["harbour_news"] in authors) == (False, True)
    assert announced()[told:] == ["forgotten"]
    assert set().union(*shown(run, glue).values()) == {row["tweet_id"] for row in left}


def test_without_access_to_compliance_jobs_the_lake_goes_by_what_it_has_seen(
    world, ingest, full_lake, forget, interval
):
    run, metrics = full_lake
    posts = rows_of(run.lake, "curated/tweets/")
    deleted = next(p for p in posts if "account=harbour_news/" in p["raw_key"])["tweet_id"]
    world.fates.delete_post(deleted)
    metrics()
    world.fates.suspend("faulty_feed")
    world.travel(interval.end + timedelta(hours=4, minutes=1))
    ingest(*ACCOUNTS, csv=True, over=Interval(interval.end, interval.end + timedelta(hours=4)))
    suspended = run.account("faulty_feed")
    world.faults.add("forbidden", path="compliance", times=None)
    assert forget() == dict.fromkeys(TASKS, "success")
    record = record_of(run.lake)
    assert record["source"] == "tombstones"
    assert list(record["users"].values()) == ["suspended"]
    assert record["posts"][deleted] == "deleted"
    left = rows_of(run.lake, "curated/tweets/")
    assert {p["tweet_id"] for p in posts} - {p["tweet_id"] for p in left} == {
        p["tweet_id"] for p in posts if p["tweet_id"] in record["posts"]
    }
    assert all(run.lake.find(key) is None for key in suspended.curated_keys)
    assert rows_of(run.lake, "quarantine/") == []


def test_a_dry_run_changes_nothing_and_mails_nobody(world, full_lake, forget):
    run, _ = full_lake
    world.compliance.polls = 0
    world.fates.suspend("city_weather")
    before, mails = run.objects(), len(world.mails)
    skipped = dict.fromkeys(("compact", "announce", "notify"), "skipped")
    assert forget(dry_run=True) == {**dict.fromkeys(TASKS, "success"), **skipped}
    after = run.objects()
    assert {key for key in after if not key.startswith("compliance/")} == before.keys()
    assert {key for key in before if after[key] != before[key]} == set()
    assert record_of(run.lake, "dry-run")["keys"]
    assert len(world.mails) == mails


TASKS = ("ask", "forget", "compact", "announce", "record", "notify")
