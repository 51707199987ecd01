"""A host without Docker: the real command, moto, a real PostgreSQL, and a stand-in for `docker`."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.command.machine import (
    MIGRATED,
    NEW,
    OLD,
    PARAMETER,
    REGION,
    Database,
    HostMachine,
    client,
)
from tests.deploy.command.real_airflow import RealAirflow

_numbers = itertools.count()


@pytest.fixture(scope="session")
def migrated(server: Database, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database that Airflow has migrated: a copy takes no time."""
    server.make()
    RealAirflow(tmp_path_factory.mktemp("of") / "airflow", server).command("db", "migrate")
    server.sql(f"CREATE DATABASE {MIGRATED} TEMPLATE airflow", "postgres")
    return MIGRATED


@pytest.fixture
def host(s3: Any, tmp_path: Path, database: Database) -> HostMachine:
    """A host as the stack leaves it, with two releases in the registry."""
    endpoint, bucket = s3.meta.endpoint_url, f"host-{next(_numbers)}"
    where = {"LocationConstraint": REGION}
    client("s3", endpoint).create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    client("ssm", endpoint).put_parameter(Name=PARAMETER, Value=OLD, Type="String", Overwrite=True)
    machine = HostMachine(tmp_path, endpoint, bucket, database)
    machine.image(OLD)
    machine.image(NEW)
    return machine
