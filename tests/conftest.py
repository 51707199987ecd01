"""What every room of the tests shares: a real S3 protocol to talk to, and a fresh lake on it."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from include.interval import Interval
from include.lake import Lake
from tests.chromium import headless

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from sqlalchemy import URL

    from sandbox.world import World

if not hasattr(sys.modules["__main__"], "__file__"):
    # A process of pytest-xdist: PySpark takes it for one of its own doctests, and ends it.
    sys.modules["__main__"].__file__ = __file__

# Before anything imports Airflow: the tests' own home, never a developer's.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="tweet-lake-tests-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(Path(__file__).parents[1] / "dags")
os.environ["GX_ANALYTICS_ENABLED"] = "False"

if importlib.util.find_spec("moto") is None:
    # Astro's image brings no sandbox: what runs there is tests/dags.
    collect_ignore = [room.name for room in Path(__file__).parent.iterdir() if room.name != "dags"]

_numbers = itertools.count()

LONGEST = {
    "tests/browser/test_data_docs.py",
    "tests/deploy/command/test_lost_host.py",
    "tests/include/compliance/test_forget.py",
    "tests/pipeline/test_budget.py",
    "tests/pipeline/test_forget_deleted.py",
    "tests/pipeline/test_ingest_tweets.py",
    "tests/pipeline/test_killed.py",
    "tests/test_demo.py",
}
"""Files of more than half a minute."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest: in the end no process is alone with one while the others idle."""
    items.sort(key=lambda item: item.nodeid.partition("::")[0] not in LONGEST)


@pytest.fixture(scope="session")
def s3() -> Iterator[Any]:
    """A client of a local S3 server."""
    # Astro's image has no moto: its tests, in tests/dags, do without.
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    server.stop()


@pytest.fixture(scope="module", autouse=True)
def empty_account() -> Iterator[Callable[[], None]]:
    """Takes away what moto has but for buckets, as is done after each module of tests.

    Moto has one account for the whole process, whatever server it is asked through; buckets have
    names of their own, and some are kept for a session.
    """

    def empty() -> None:
        if "moto.core" in sys.modules:
            from moto.core.base_backend import BackendDict

            for service in BackendDict._instances:
                if service.service_name != "s3":
                    for region in service.values():  # a service's own reset is that of all services
                        region.reset()

    yield empty
    empty()


@pytest.fixture
def lake(s3: Any) -> Lake:
    """A lake in a bucket of its own."""
    bucket = f"lake-{next(_numbers)}"
    s3.create_bucket(Bucket=bucket)
    return Lake(s3, bucket)


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """The metadata database of the tests' Airflow home."""
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium, for a module of tests."""
    with headless() as browser:
        yield browser


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """A PostgreSQL for this process: the one that TEST_DATABASE_URL names, or one of our own."""
    from sqlalchemy import make_url

    if named := os.environ.get("TEST_DATABASE_URL"):
        yield make_url(named).set(drivername="postgresql+psycopg")
        return

    from sandbox.postgres import Postgres

    # A database is 300 files: 8 ms in memory, 20 to 380 ms on a disk. A container's may be tiny.
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made there
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    # Not below pytest's folder: a server that root starts is somebody else's, who may not enter it.
    place = tempfile.TemporaryDirectory(prefix="tweet-lake-pg-", dir=memory if roomy else None)
    with place as folder, Postgres(Path(folder)) as own:
        yield make_url(own.url()).set(drivername="postgresql+psycopg")


@pytest.fixture(scope="session")
def databases(postgres: URL) -> Iterator[Callable[[str], URL]]:
    """Makes databases as copies of the one that is named; they are dropped in the end."""
    from sqlalchemy import create_engine, text

    server = create_engine(postgres, isolation_level="AUTOCOMMIT")
    made = []

    def make(template: str) -> URL:
        name = f"tweet_lake_{os.getpid()}_{next(_numbers)}"
        with server.connect() as connection:
            connection.execute(
                text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
            )
        made.append(name)
        return postgres.set(database=name)

    yield make
    with server.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="session")
def migrated(databases: Callable[[str], URL]) -> str:
    """The name of a database with the warehouse's schema and no rows, to be copied."""
    from sqlalchemy import create_engine

    from include.warehouse.migrate import upgrade

    url = databases("template0")
    engine = create_engine(url)
    upgrade(engine)
    engine.dispose()
    return str(url.database)


@pytest.fixture
def empty_database(databases: Callable[[str], URL]) -> URL:
    """A database without tables."""
    return databases("template0")


@pytest.fixture
def warehouse(
    databases: Callable[[str], URL], migrated: str, monkeypatch: pytest.MonkeyPatch
) -> URL:
    """A warehouse of its own without rows, which the Airflow connection ``warehouse`` names."""
    url = databases(migrated)
    connection = url.set(drivername="postgres").render_as_string(hide_password=False)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", connection)
    return url


@pytest.fixture
def another_warehouse(databases: Callable[[str], URL], migrated: str) -> URL:
    """A second one, which no connection names."""
    return databases(migrated)


NOW = datetime(2026, 11, 2, 12, 1, tzinfo=UTC)
"""The sandbox's frozen clock: one minute after the tested interval."""


@pytest.fixture
def interval() -> Interval:
    """The four hours before the sandbox's clock."""
    return Interval(datetime(2026, 11, 2, 8, tzinfo=UTC), datetime(2026, 11, 2, 12, tzinfo=UTC))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A sandbox of its own, its clock at ``NOW``."""
    from sandbox.world import World

    with World(tmp_path / "world", now=NOW) as world:
        yield world
