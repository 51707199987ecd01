"""The upgrade drill: the metadata of an older Airflow is migrated for real, and comes back."""

from __future__ import annotations

import pytest

from tests.deploy.command.machine import NEW, OLD
from tests.deploy.command.real_airflow import RealAirflow

AIRFLOW_3_2 = "1d6611b6ab7c"
"""The newest revision that Airflow 3.2 knows."""


@pytest.fixture
def airflow(database, tmp_path):
    return RealAirflow(tmp_path / "airflow", database)


def test_metadata_of_an_older_airflow_is_migrated_and_restored(host, migrated, database, airflow):
    database.make(migrated)
    newest = database.sql("SELECT version_num FROM alembic_version")
    database.sql(
        "INSERT INTO slot_pool (pool, slots, description, include_deferred) "
        "VALUES ('x_api', 8, 'of the older', false)"
    )
    airflow.command("db", "downgrade", "--to-version", "3.2.0", "--yes")
    host.image(OLD, migrate="SELECT 1")  # the older release finds its own revision

    def revision():
        assert database.sql("SELECT slots FROM slot_pool WHERE pool = 'x_api'") == "8"
        return database.sql("SELECT version_num FROM alembic_version")

    assert revision() == AIRFLOW_3_2 != newest
    host.done("start")

    host.image(NEW, line=airflow.line("db", "migrate"), healthy=False)
    assert f"{OLD} runs as before" in host.refused("upgrade", NEW)
    assert revision() == AIRFLOW_3_2

    host.image(NEW, line=airflow.line("db", "migrate"))
    for image in (host.standin / "images").glob("*_2"):
        (image / "image.json").write_bytes(
            (host.standin / "registry" / image.name / "image.json").read_bytes()
        )
    host.done("upgrade", NEW)
    assert revision() == newest
    # Where the metadata has grown: docs/operating.md.
    clean = ("--clean-before-timestamp", "2026-06-01", "--skip-archive", "--yes")
    airflow.command("db", "clean", *clean)
    host.done("rollback")
    assert revision() == AIRFLOW_3_2
