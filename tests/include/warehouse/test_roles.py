"""The roles of docs/warehouse.md, as they are written there, may do what it says."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from adbc_driver_postgresql import dbapi
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from include.datasets import dataset_named
from include.interval import Interval
from include.settings import Settings
from include.warehouse.checks.check import check
from include.warehouse.connection import conninfo, open_engine
from include.warehouse.load import load
from include.warehouse.migrate import main
from tests.include import landed_rows

PAGE = (Path(__file__).parents[3] / "docs" / "warehouse.md").read_text(encoding="utf-8")
PREFIX = f"roles_{os.getpid()}_"
"""Roles belong to the whole server, which others may use."""


def run(url, sql):
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in sql.replace("warehouse_", PREFIX).rstrip("; \n").split(";\n"):
            connection.execute(text(statement))
    engine.dispose()


def connection(url):
    return url.set(drivername="postgres").render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def warehouse_of(postgres):
    """The warehouse that the page sets up, for each of its roles."""
    administrator, owner, afterwards = re.findall(r"```sql\n(.+?)```", PAGE, re.DOTALL)
    database = f"{PREFIX}database"
    administrator = re.sub(r"DATABASE warehouse\b", f"DATABASE {database}", administrator)

    def url(role):
        return postgres.set(username=PREFIX + role, password="choose-one", database=database)

    run(postgres, administrator)
    run(url("owner"), owner)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", connection(url("owner")))
        assert main() == 0
    run(url("owner"), afterwards)
    yield url
    run(postgres, f"DROP DATABASE {database} WITH (FORCE)")
    for role in ("owner", "loader", "reader"):
        run(postgres, f"DROP ROLE {PREFIX}{role}")


@pytest.fixture
def connected(warehouse_of, monkeypatch):
    engines = []

    def connected(role):
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", connection(warehouse_of(role)))
        engines.append(open_engine())
        return engines[-1].connect()

    yield connected
    for engine in engines:
        engine.dispose()


@pytest.fixture(params=[False, True], ids=["", "granted"])
def quick(request, postgres, warehouse_of):
    """Whether the loader has the right that makes it quick."""
    if request.param:
        grant, revoke = re.findall(r"`((?:GRANT SET|REVOKE ALL) ON PARAMETER [^`]+)`", PAGE)
        run(postgres, grant)
    yield request.param
    if request.param:
        run(postgres, revoke)


@pytest.fixture(params=["", "loader"], ids=["", "own-schema"])
def own_schema(request, postgres, warehouse_of):
    """A schema of the loader's own name, which PostgreSQL looks into before ``public``."""
    there = postgres.set(database=warehouse_of("loader").database)
    if request.param:
        run(there, f"CREATE SCHEMA AUTHORIZATION warehouse_{request.param}")
    yield
    if request.param:
        run(there, f"DROP SCHEMA warehouse_{request.param}")


@pytest.mark.usefixtures("own_schema")
def test_the_loader_needs_nothing_else_to_load(lake, warehouse_of, quick):
    key = {"users": "user_id", "tweets": "tweet_id", "tweet_metrics": "tweet_id"}
    moment = datetime(2026, 11, 2, 9, tzinfo=UTC)
    for number in range(2):
        over = landed_rows.interval(number)
        for dataset in key:
            row = landed_rows.row(dataset, 7 + number, over, "") | {
                "author_id": "12", "created_at": moment, "observed_at": moment, "status": "visible",
                "conversation_id": None, "hashtags": [f"tag{number}"],
            }  # fmt: skip
            known = dataset_named(dataset).curated_schema.names
            rows = [{name: value for name, value in row.items() if name in known}]
            landed_rows.land(lake, dataset, over, "nasa" if dataset == "tweets" else "", rows)
    loader = conninfo(warehouse_of("loader"))

    for dataset in key:
        loaded = load(lake, lambda: dbapi.connect(loader), dataset)
        assert (loaded.objects, loaded.failed) == (2, {})
    may = "SELECT has_parameter_privilege('session_replication_role', 'SET')"
    with dbapi.connect(loader) as session, session.cursor() as cursor:
        cursor.execute(may)
        assert cursor.fetchone() == (quick,)
    for listed in list(lake.keys("curated/")):
        lake.delete(listed)
    for dataset in key:
        loaded = load(lake, lambda: dbapi.connect(loader), dataset)
        assert (loaded.gone, loaded.failed) == (2, {})


def test_the_loader_loads(connected):
    with connected("loader") as loader:
        loader.execute(text("CREATE TEMP TABLE stage ON COMMIT DROP AS SELECT 7 AS user_id"))
        loader.execute(
            text(
                "INSERT INTO dim_user (user_id, valid_from, valid_to, is_current, is_inferred) "
                "SELECT user_id, '-infinity', 'infinity', true, true FROM stage"
            )
        )
        loader.execute(text("UPDATE dim_user SET username = 'nasa'"))
        assert loader.scalars(text("SELECT user_id FROM dim_user")).all() == [7]
        loader.execute(text("SELECT ensure_metrics_partition('2026-11-02')"))
        loader.execute(
            text(
                "INSERT INTO load_object "
                "(dataset, key, etag, day, interval_end, rows, shadowed, state, loaded_at) VALUES "
                "('tweet_metrics', 'k', 'e', '2026-11-02', now(), 1, 0, 'loaded', now())"
            )
        )
        loader.execute(
            text(
                "INSERT INTO fact_tweet_metrics "
                "(tweet_id, observed_at, observed_on, status, object_id) SELECT "
                "1, '2026-11-02 08:00+00', '2026-11-02', 'visible', object_id FROM load_object"
            )
        )
        loader.execute(text("DELETE FROM fact_tweet_metrics"))


def test_the_loader_checks(connected, lake):
    over = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    settings = Settings(
        bucket="tweet-lake", alert_to=("x@example.org",), data_docs_url="http://docs"
    )

    with connected("loader") as loader:
        report = lake.get_json(check(lake, loader.engine, over, settings))

    assert {account["outcome"] for account in report["accounts"]} == {"checked"}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE fact_tweet DROP COLUMN text",
        "DROP VIEW tweets_latest",
        "TRUNCATE fact_tweet CASCADE",
        "UPDATE dim_date SET year = 2000",
        "DELETE FROM alembic_version",
        "CREATE SCHEMA mine",
        "COPY dim_date TO PROGRAM 'cat'",
    ],
)
def test_the_loader_alters_nothing(connected, statement):
    with connected("loader") as loader, pytest.raises(DBAPIError, match=r"denied|must be"):
        loader.execute(text(statement))


@pytest.mark.parametrize("name", ["fact_tweet", "dim_user", "tweets_latest", "account_growth"])
def test_the_reader_reads(connected, name):
    with connected("reader") as reader:
        assert reader.execute(text("TABLE " + name)).all() == []


def test_the_reader_reads_a_partition_that_was_made_later(connected):
    with connected("loader") as loader:
        name = loader.scalar(text("SELECT ensure_metrics_partition('2026-12-02')"))
        loader.commit()
    with connected("reader") as reader:
        assert reader.execute(text("TABLE " + name)).all() == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO dim_hashtag (hashtag) VALUES ('moon')",
        "UPDATE fact_tweet SET text = ''",
        "DELETE FROM load_object",
        "SELECT ensure_metrics_partition('2026-11-02')",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE TABLE mine (id int)",
    ],
)
def test_the_reader_only_reads(connected, statement):
    with connected("reader") as reader, pytest.raises(DBAPIError, match="denied"):
        reader.execute(text(statement))


def test_a_loader_who_migrates_is_told_who_may(warehouse_of, connected, monkeypatch, capsys):
    connected("loader").close()
    assert main() == 2
    said = capsys.readouterr().err
    assert "must be owner" in said
    assert "Migrate as the owner of the schema" in said


def test_a_trap_in_the_loaders_search_path_does_not_catch_the_owner(connected):
    """The function runs as its owner: what the caller's temporary tables shadow is not for it."""
    with connected("loader") as loader:
        loader.execute(text("CREATE TEMP TABLE fact_tweet_metrics (tweet_id bigint)"))
        loader.execute(text("SELECT ensure_metrics_partition('2027-01-02')"))
        parent = loader.scalar(
            text(
                "SELECT inhparent::regclass::text FROM pg_inherits "
                "WHERE inhrelid = 'fact_tweet_metrics_2027_01'::regclass"
            )
        )
        assert parent == "public.fact_tweet_metrics"
