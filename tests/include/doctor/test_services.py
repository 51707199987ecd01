"""Airflow's own database, with what can be wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text

from include.doctor import services

CANARY = "tests_of_the_doctor"


@pytest.fixture
def session(airflow_database: None, look: Any) -> Iterator[Any]:
    """Airflow's metadata database, found to be there; what is changed in it is taken back."""
    from airflow.utils.session import create_session

    assert [f.state for f in look(services.database)] == ["ok"]
    with create_session() as session:
        yield session


def test_without_airflow_beside_it_nothing_is_checked(look, monkeypatch):
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "sqlite:////nowhere/airflow.db")
    checks = (services.database, services.heartbeats, services.dags, services.pool)
    assert [f.state for check in checks for f in look(check)] == ["not checked"] * 4


def test_a_schema_of_another_airflow(session, look):
    before = session.scalar(text("SELECT version_num FROM alembic_version"))
    session.execute(text("UPDATE alembic_version SET version_num = 'e42d9fcd10d9'"))
    session.commit()
    try:
        (found,) = look(services.database)
    finally:
        session.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": before})
        session.commit()
    assert found.state == "failed"
    assert "airflow db migrate" in found.remedy


def test_services_that_are_silent_and_one_that_is_alive(session, look):
    from airflow.jobs.job import Job

    now = datetime.now(UTC)
    beats = {"SchedulerJob": now - timedelta(hours=2), "DagProcessorJob": now}
    jobs = []
    for kind, at in beats.items():
        job = Job(state="running", latest_heartbeat=at)
        job.job_type, job.start_date = kind, at
        jobs.append(job)
    session.add_all(jobs)
    session.commit()
    try:
        scheduler, processor, triggerer = look(services.heartbeats)
    finally:
        for job in jobs:
            session.delete(job)
        session.commit()
    assert (scheduler.state, processor.state, triggerer.state) == ("failed", "ok", "failed")
    assert f"was last heard of at {beats['SchedulerJob']:%Y-%m-%d %H:%M}" in scheduler.text
    assert "docker logs tweet-lake-scheduler-1" in scheduler.remedy
    assert "was never started" in triggerer.text


def test_dags_that_are_broken_or_paused(session, look):
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.errors import ParseImportError

    bundle = DagBundleModel(name=CANARY)
    session.add(bundle)
    session.flush()
    rows = [
        DagModel(dag_id=CANARY, bundle_name=CANARY, is_paused=True, is_stale=False),
        ParseImportError(
            filename="dags/broken.py",
            bundle_name=CANARY,
            stacktrace="Traceback …\nModuleNotFoundError: No module named 'nothing'\n",
        ),
    ]
    session.add_all(rows)
    session.commit()
    try:
        found = look(services.dags)
    finally:
        for row in (*rows, bundle):
            session.delete(row)
            session.commit()
    broken = [f.text for f in found if f.state == "failed"]
    assert broken == [
        "dags/broken.py can't be imported: ModuleNotFoundError: No module named 'nothing'"
    ]
    (paused,) = [f for f in found if f.state == "warning"]
    assert "paused, and run nothing:" in paused.text


@pytest.mark.parametrize(("slots", "state"), [(None, "failed"), (0, "failed"), (8, "ok")], ids=str)
def test_the_pool_of_x(session, look, slots, state):
    from airflow.models.pool import Pool

    session.execute(delete(Pool).where(Pool.pool == services.POOL))
    if slots is not None:
        session.add(Pool(pool=services.POOL, slots=slots, include_deferred=False))
    session.commit()
    (found,) = look(services.pool)
    session.execute(delete(Pool).where(Pool.pool == services.POOL))
    session.commit()
    assert found.state == state
    assert state == "ok" or "airflow pools set x_api 8" in found.remedy


@pytest.fixture
def login(look, settings, monkeypatch):
    def login(host, manager):
        settings(data_docs_url=f"https://{host}/data-docs/")
        monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", manager)
        (found,) = look(services.login)
        return found

    return login


@pytest.mark.parametrize(
    ("host", "manager", "state"),
    [
        ("127.0.0.1:8080", "simple.simple_auth_manager.SimpleAuthManager", "ok"),
        ("lake.example.org", "simple.SimpleAuthManager", "failed"),
        ("lake.example.org", "fab.fab_auth_manager.FabAuthManager", "ok"),
    ],
)
def test_the_login_of_development_is_for_this_machine_alone(login, host, manager, state):
    found = login(host, manager)
    assert found.state == state
    assert state == "ok" or "FabAuthManager" in found.remedy
