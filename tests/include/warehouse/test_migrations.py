"""The history of the schema: one line, there and back, and what the models say."""

from __future__ import annotations

import threading

import pytest
from alembic import command
from pytest_alembic.tests import (
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from include.warehouse.migrate import config, is_current, upgrade
from include.warehouse.models import Base
from include.warehouse.views import VIEWS

__all__ = [
    "test_model_definitions_match_ddl",
    "test_single_head_revision",
    "test_up_down_consistency",
    "test_upgrade",
]


@pytest.fixture
def alembic_config():
    return config()


@pytest.fixture
def alembic_engine(empty_database):
    engine = create_engine(empty_database)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def engine(warehouse):
    engine = create_engine(warehouse)
    yield engine
    engine.dispose()


def test_every_table_and_column_says_what_it_is(engine):
    found = inspect(engine)
    for table in Base.metadata.sorted_tables:
        assert found.get_table_comment(table.name)["text"].startswith("One row per ")
        assert all(column["comment"] for column in found.get_columns(table.name)), table.name
    for view in VIEWS:
        assert found.get_table_comment(view.name)["text"] == view.comment
        columns = {column["name"]: column["comment"] for column in found.get_columns(view.name)}
        assert columns == view.columns


def test_a_second_migration_changes_nothing_and_keeps_the_rows(engine):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO dim_hashtag (hashtag) VALUES ('moon')"))
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT hashtag FROM dim_hashtag")).all() == ["moon"]
        assert is_current(connection)


def test_a_partition_is_no_difference_from_the_models(engine):
    with engine.begin() as connection:
        connection.execute(text("SELECT ensure_metrics_partition('2026-11-02')"))
        alembic = config()
        alembic.attributes["connection"] = connection
        command.check(alembic)


def test_two_who_migrate_at_once_wait_for_each_other(empty_database):
    engine = create_engine(empty_database)
    failures = []

    def migrate():
        try:
            upgrade(engine)
        except DBAPIError as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with engine.connect() as connection:
        assert is_current(connection)
        assert connection.scalar(text("SELECT count(*) FROM dim_date")) == 16_071
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing(empty_database):
    engine = create_engine(empty_database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE fact_tweet (id int)"))
    with pytest.raises(DBAPIError, match="already exists"):
        upgrade(engine)
    assert inspect(engine).get_table_names() == ["fact_tweet"]
    engine.dispose()


def test_tables_are_in_the_default_schema_whatever_its_name(empty_database):
    engine = create_engine(empty_database)
    with engine.begin() as connection:
        connection.execute(text('CREATE SCHEMA "Odd one"'))
        name = connection.engine.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET search_path = 'Odd one'"))
    engine.dispose()  # a session keeps the path that it began with
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text('SET search_path = public, "Odd one"'))
        connection.execute(text("SELECT ensure_metrics_partition('2026-11-02')"))
    found = inspect(engine)
    assert found.get_table_names(schema="public") == []
    assert "fact_tweet_metrics_2026_11" in found.get_table_names(schema="Odd one")
    engine.dispose()


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2006-01-01", (2006, 1, 1, "January", 1, 2005, 52, 7, "Sunday", True)),
        ("2024-02-29", (2024, 1, 2, "February", 29, 2024, 9, 4, "Thursday", False)),
        ("2049-12-31", (2049, 4, 12, "December", 31, 2049, 52, 5, "Friday", False)),
    ],
)
def test_the_calendar_is_filled(engine, day, expected):
    with engine.connect() as connection:
        row = connection.execute(
            text("SELECT * FROM dim_date WHERE date_key = :day"), {"day": day}
        ).one()
    assert tuple(row)[1:] == expected


def test_a_month_gets_its_partition_once_and_by_utc(engine):
    make = text("SELECT ensure_metrics_partition(:day)")
    with engine.begin() as connection:
        connection.execute(text("SET TIME ZONE 'America/New_York'"))
        names = [
            connection.scalar(make, {"day": day})
            for day in ("2026-11-30", "2026-11-01", "2026-12-01")
        ]
        months = ["2026_11", "2026_11", "2026_12"]
        assert names == [f"fact_tweet_metrics_{month}" for month in months]
        connection.execute(text("SET TIME ZONE 'UTC'"))
        bounds = connection.scalars(
            text(
                "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition "
                "AND relkind = 'r' ORDER BY relname"
            )
        ).all()
    assert bounds == [
        "FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00')",
        "FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00')",
    ]


def test_a_partition_that_somebody_makes_just_now_is_waited_for_while_others_read(engine):
    make = text("SELECT ensure_metrics_partition('2026-11-02')")
    answers = []
    with engine.connect() as first, engine.connect() as second, engine.connect() as reader:
        answers.append(first.scalar(make))
        waiting = threading.Thread(target=lambda: answers.append(second.scalar(make)))
        waiting.start()
        assert reader.scalar(text("SELECT count(*) FROM fact_tweet_metrics")) == 0
        first.commit()
        waiting.join()
        second.commit()
    assert answers == ["fact_tweet_metrics_2026_11"] * 2


@pytest.mark.parametrize("day", ["'2005-12-31'", "'2050-01-01'", "null"])
def test_no_partition_is_made_for_a_month_that_the_calendar_has_not(engine, day):
    with (
        engine.connect() as connection,
        pytest.raises(DBAPIError, match="no partition of fact_tweet_metrics for"),
    ):
        connection.execute(text(f"SELECT ensure_metrics_partition({day})"))
