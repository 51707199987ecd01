"""Airflow itself: its database, its services, its DAGs, its pool, its login."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from airflow.configuration import conf
from sqlalchemy import URL, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from include.doctor.examination import within
from include.doctor.finding import Finding, Unknown, failed, ok, warning
from include.doctor.patient import Patient
from include.doctor.site import is_here

POOL = "x_api"
"""As the DAGs name it."""
_DATABASE = "Airflow's database"
_SERVICES = {"scheduler": "scheduler", "dag_processor": "dag-processor", "triggerer": "triggerer"}
_NAMED = 6
_SECONDS = 4
"""How long its database is given to answer."""
_SIMPLE = "SimpleAuthManager"
_ON_A_HOST = "(on a host after `docker exec tweet-lake-scheduler-1`, or after `tweet-lake-run`)"


def has_database() -> bool:
    """Whether there is an Airflow beside this process, whose database answers."""
    try:
        return _is_beside() and within(_SECONDS, _ping) is None
    except (TimeoutError, SQLAlchemyError):
        return False


def database(patient: Patient) -> Iterator[Finding]:
    """The metadata database answers, and has the schema of this Airflow."""
    if not _is_beside():
        raise Unknown("there is no Airflow beside this process; ask where Airflow runs")
    kind = _url().get_backend_name()
    where = "see that its server runs, and [database] sql_alchemy_conn"
    try:
        within(_SECONDS, _ping)
    except TimeoutError:
        yield failed(f"{kind}: no answer within {_SECONDS} s", where)
        return
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        yield failed(f"{kind}: {' '.join(str(cause).split())}", where)
        return
    from airflow.utils.db import check_migrations

    try:
        check_migrations(0)  # type: ignore[no-untyped-call]
    except TimeoutError:
        yield failed(
            f"{kind}: its schema is not that of this Airflow",
            "airflow db migrate (on a host `tweet-lake start` does it, without Docker `systemctl "
            "restart tweet-lake.target`)",
        )
        return
    patient.answers(_DATABASE)
    yield ok(f"{kind}, migrated")


def _is_beside() -> bool:
    """Whether this process is where Airflow runs: elsewhere its database is a file never made."""
    url = _url()
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


def _url() -> URL:
    return make_url(conf.get_mandatory_value("database", "sql_alchemy_conn"))


def _ping() -> None:
    from airflow.utils.session import create_session

    with create_session() as session:
        session.execute(select(1))


def heartbeats(patient: Patient) -> Iterator[Finding]:
    """Scheduler, DAG processor and triggerer are alive."""
    patient.needs(_DATABASE)
    from airflow.api.common.airflow_health import HEALTHY, get_airflow_health

    health = get_airflow_health()
    for part, service in _SERVICES.items():
        if health[part]["status"] == HEALTHY:
            yield ok(f"the {service} is alive")
            continue
        last = health[part][f"latest_{part}_heartbeat"]
        since = (
            f"was last heard of at {datetime.fromisoformat(last).astimezone(UTC):%Y-%m-%d %H:%M:%S}"
            " UTC"
            if last
            else "was never started"
        )
        yield failed(
            f"the {service} {since}",
            f"start it, and look at its log (in containers `docker logs "
            f"tweet-lake-{service}-1`, under systemd `journalctl -u tweet-lake-{service}`)",
        )


def dags(patient: Patient) -> Iterator[Finding]:
    """Every DAG can be imported, and none is paused."""
    patient.needs(_DATABASE)
    from airflow.models.dag import DagModel
    from airflow.models.errors import ParseImportError
    from airflow.utils.session import create_session

    with create_session() as session:
        broken = session.scalars(select(ParseImportError)).all()
        for error in broken:
            lines = (error.stacktrace or "it gave no reason").strip().splitlines()
            yield failed(
                f"{error.filename} can't be imported: {lines[-1]}",
                "correct it, or install what it lacks; `airflow dags list-import-errors` has more",
            )
        there = session.execute(
            select(DagModel.dag_id, DagModel.is_paused).where(~DagModel.is_stale)
        ).all()
    if not there:
        yield failed(
            "Airflow knows no DAG",
            "see that [core] dags_folder is this project's dags/, and the dag-processor's log; "
            "after the first start it takes a minute",
        )
        return
    paused = sorted(name for name, is_paused in there if is_paused)
    if paused:
        more = f" and {len(paused) - _NAMED} more" if len(paused) > _NAMED else ""
        yield warning(
            f"paused, and run nothing: {', '.join(paused[:_NAMED])}{more}",
            "unpause those that you want in Airflow's list of DAGs, or by "
            f"`airflow dags unpause {paused[0]}` {_ON_A_HOST}",
        )
    if not paused and not broken:
        yield ok(f"{len(there)} DAGs, none is paused")


def pool(patient: Patient) -> Iterator[Finding]:
    """The pool in which tasks ask X is there, with slots."""
    patient.needs(_DATABASE)
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    with create_session() as session:
        slots = session.scalar(select(Pool.slots).where(Pool.pool == POOL))
    if slots:
        yield ok(f"{POOL} has {slots} slots")
    else:
        yield failed(
            f"the pool {POOL} {'is not there' if slots is None else 'has no slots'}: tasks that "
            "ask X never start",
            f'`airflow pools set {POOL} 8 "Tasks that may ask X at the same time"` {_ON_A_HOST}',
        )


def login(patient: Patient) -> Iterator[Finding]:
    """Who comes from elsewhere has to log in with an account of their own."""
    manager = conf.get_mandatory_value("core", "auth_manager").rpartition(".")[2]
    host = urlsplit(patient.settings.data_docs_url).hostname or ""
    if manager != _SIMPLE or is_here(host):
        yield ok(manager)
    else:
        yield failed(
            f"Airflow is reached at {host} with its {_SIMPLE}, which is for development",
            "set AIRFLOW__CORE__AUTH_MANAGER to "
            "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        )
