"""A real PostgreSQL, with what it refuses; and Glue, the other place to load."""

from __future__ import annotations

import boto3
import pytest
from sqlalchemy import create_engine, text

from include.doctor import glue, warehouse

CHECKS = (warehouse.server, warehouse.rights, warehouse.room)


def connect(monkeypatch, url):
    plain = url.set(drivername="postgres").render_as_string(hide_password=False)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", plain)


def test_without_one_there_is_nothing_to_do(look):
    assert [f.state for check in CHECKS for f in look(check)] == ["ok"] * 3


def test_one_that_can_be_loaded(look, warehouse):
    assert [f.state for check in CHECKS for f in look(check)] == ["ok", "ok", "not checked"]


def test_one_without_its_schema(look, empty_database, monkeypatch):
    connect(monkeypatch, empty_database)
    (found,) = look(CHECKS[0])
    assert (found.state, "include.warehouse.migrate" in found.text) == ("failed", True)
    assert [f.state for f in look(CHECKS[1])] == ["not checked"]


def test_one_that_is_down(look, connection):
    connection("warehouse", conn_type="postgres", host="127.0.0.1", port=9, login="a", schema="b")
    (found,) = look(CHECKS[0])
    assert (found.state, "the server runs" in found.text) == ("failed", True)


def test_one_without_tls(look, connection):
    connection("warehouse", conn_type="postgres", host="db.example.org", login="a", schema="b")
    (found,) = look(CHECKS[0])
    assert (found.state, "without TLS" in found.text) == ("failed", True)


@pytest.fixture
def reader(warehouse, monkeypatch):
    """A role that may read and no more."""
    role = f"{warehouse.database}_reader"
    engine = create_engine(warehouse, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in (
            f"CREATE ROLE {role} LOGIN",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
            f"REVOKE TEMPORARY ON DATABASE {warehouse.database} FROM PUBLIC",
        ):
            connection.execute(text(statement))
        connect(monkeypatch, warehouse.set(username=role))
        yield role
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))
    engine.dispose()


def test_a_role_that_may_not_load(look, reader):
    look(CHECKS[0])
    (found,) = look(CHECKS[1])
    assert found.state == "failed"
    assert found.text.startswith(f"'{reader}' lacks INSERT on ")
    assert "TEMPORARY on the database" in found.text
    assert "SELECT" not in found.text


@pytest.fixture
def catalogue(s3, aws, settings, look):
    url = s3.meta.endpoint_url
    aws(url)
    settings(glue_database="doctors", lake_formation_tags={"domain": "social"})
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return lambda name: boto3.client(name, endpoint_url=url, region_name="us-east-1", **keys)


def test_glue_and_its_tags(look, catalogue):
    (database,), (tags,) = look(glue.database), look(glue.tags)
    assert (database.state, "no Glue database doctors" in database.text) == ("warning", True)
    assert (tags.state, "no tag domain with the value social" in tags.text) == ("failed", True)
    catalogue("glue").create_database(DatabaseInput={"Name": "doctors"})
    catalogue("lakeformation").create_lf_tag(TagKey="domain", TagValues=["social"])
    assert [f.state for check in (glue.database, glue.tags) for f in look(check)] == ["ok", "ok"]
    catalogue("glue").delete_database(Name="doctors")
    catalogue("lakeformation").delete_lf_tag(TagKey="domain")


@pytest.mark.usefixtures("catalogue")
def test_glue_may_not_be_looked_at(look, aws, stub):
    aws(stub.url)
    stub.status, stub.body = 400, b'{"__type": "AccessDeniedException", "message": "no"}'
    states = [f.state for check in (glue.database, glue.tags) for f in look(check)]
    assert states == ["failed", "not checked"]
