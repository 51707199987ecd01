"""What the hosts of both ways share: a real PostgreSQL."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.postgres import Postgres
from tests.deploy.command.machine import Database, programs


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
            [
                *line,
                "--command=CREATE ROLE airflow SUPERUSER LOGIN",
                '--command=CREATE ROLE "tweet-lake" LOGIN',
            ],
            env={"PGHOST": database.socket},
            check=True,
        )
        yield database


@pytest.fixture
def database(server: Database) -> Database:
    """An empty database ``airflow``."""
    server.make()
    return server
