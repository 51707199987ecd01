"""A host without Docker: the real command, moto, a real PostgreSQL, and a stand-in for `docker`."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.postgres import Postgres
from tests.deploy.command.machine import (
    NEW,
    OLD,
    PARAMETER,
    REGION,
    Database,
    HostMachine,
    client,
    programs,
)

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[Database]:
    """A PostgreSQL of the host's own: its databases have fixed names."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made there
    place = tempfile.TemporaryDirectory(
        prefix="tweet-lake-host-", dir=memory if memory.is_dir() else None
    )
    with place as folder, Postgres(Path(folder)) as own:
        database = Database(own.url().partition("?host=")[2])
        line = [programs() / "psql", "--username=postgres", "--dbname=postgres", "--quiet"]
        subprocess.run(
            [*line, "--command=CREATE ROLE airflow SUPERUSER LOGIN"],
            env={"PGHOST": database.socket},
            check=True,
        )
        yield database


@pytest.fixture
def database(server: Database) -> Database:
    """An empty database ``airflow``."""
    server.make()
    return server


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
