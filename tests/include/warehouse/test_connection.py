"""What the Airflow connection ``warehouse`` says, and what is said of a wrong one."""

from __future__ import annotations

import json
import logging

import pytest
from sqlalchemy import create_engine, text

from include.errors import BadConfiguration, WarehouseUnavailable
from include.warehouse.connection import is_configured, open_adbc, open_engine, warehouse_url
from include.warehouse.migrate import main

PASSWORD = "very secret: p@ss/w%rd"
THERE = {
    "conn_type": "postgres",
    "host": "db.example.org",
    "schema": "warehouse",
    "login": "loader",
    "password": PASSWORD,
    "extra": {"sslmode": "verify-full"},
}


@pytest.fixture
def connection(monkeypatch):
    def connection(**changed):
        fields = {name: value for name, value in {**THERE, **changed}.items() if value is not None}
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(fields))

    return connection


def test_without_the_connection_there_is_no_warehouse(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE", raising=False)
    assert not is_configured()
    with pytest.raises(BadConfiguration, match="'warehouse' is missing; set it"):
        warehouse_url()


def test_both_ways_lead_to_the_same_database_in_utc(warehouse):
    assert is_configured()
    asked = "SELECT current_database(), current_setting('TimeZone')"
    engine = open_engine()
    with engine.connect() as by_sqlalchemy:
        row = tuple(by_sqlalchemy.execute(text(asked)).one())
    engine.dispose()
    with open_adbc() as by_adbc, by_adbc.cursor() as cursor:
        cursor.execute(asked)
        assert cursor.fetchone() == row == (warehouse.database, "UTC")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"conn_type": "mysql"}, "is of type 'mysql', not postgres"),
        ({"host": None}, "has no host"),
        ({"schema": None}, "has no database"),
        ({"login": None}, "has no login"),
        ({"extra": {"sslmode": "require", "dbname": "x"}}, "has dbname; it takes what libpq takes"),
        ({"extra": {"iam": True}}, "has iam; it takes"),
        ({"host": "localhost", "extra": {"host": "db.example.org"}}, "has host; it takes"),
    ],
)
def test_a_wrong_connection_is_named_with_what_it_lacks(connection, changed, said):
    connection(**changed)
    with pytest.raises(BadConfiguration, match=said) as refused:
        open_engine()
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("mode", [None, "disable", "allow", "prefer"])
@pytest.mark.parametrize("host", ["db.example.org", "10.0.0.7", "localhost,db.example.org"])
def test_no_row_goes_over_a_network_without_tls(connection, host, mode):
    connection(host=host, extra={"sslmode": mode} if mode else {})
    with pytest.raises(BadConfiguration, match="without TLS"):
        warehouse_url()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "::1", "/var/run/postgresql"])
def test_this_machine_may_do_without(connection, host):
    connection(host=host, extra={})
    assert "sslmode" not in warehouse_url().query


def test_a_host_in_the_extra_is_looked_at_like_any_other(connection):
    connection(host=None, extra={"host": "db.example.org"})
    with pytest.raises(BadConfiguration, match=r"would reach db\.example\.org without TLS"):
        warehouse_url()
    connection(host=None, extra={"host": "/var/run/postgresql"})
    assert warehouse_url().query["host"] == "/var/run/postgresql"


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_safe_modes_are_passed_on(connection, mode):
    connection(extra={"sslmode": mode, "options": "-c statement_timeout=5s"})
    query = warehouse_url().query
    assert query["sslmode"] == mode
    assert query["options"] == "-c statement_timeout=5s -c timezone=UTC"


def test_a_server_that_does_not_answer_is_named_and_the_password_is_not(connection, caplog):
    connection(host="127.0.0.1", port=1, extra={})
    caplog.set_level(logging.DEBUG)
    for way in (open_engine, open_adbc):
        with pytest.raises(WarehouseUnavailable, match=r"'warehouse' at 127\.0\.0\.1:1") as refused:
            way()
        assert PASSWORD not in str(refused.value)
    assert PASSWORD not in caplog.text
    assert PASSWORD not in repr(warehouse_url())


def test_a_database_that_is_not_there_is_named(connection, postgres):
    connection(host=postgres.host or postgres.query["host"], login=postgres.username, extra={})
    with pytest.raises(WarehouseUnavailable, match='database "warehouse" does not exist'):
        open_engine()


def test_a_database_without_the_schema_says_how_to_make_it(empty_database, monkeypatch, capsys):
    url = empty_database.set(drivername="postgres").render_as_string(hide_password=False)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", url)
    with pytest.raises(BadConfiguration, match=r"python -m include\.warehouse\.migrate"):
        open_engine()
    assert main() == 0
    open_engine().dispose()


def test_the_schema_of_another_version_is_refused(warehouse):
    engine = create_engine(warehouse)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(BadConfiguration, match="has not the schema of this version"):
        open_adbc()
    assert main() == 2
