"""The warehouse can be loaded, where there is one."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from include.doctor.finding import Finding, failed, not_checked, ok
from include.doctor.patient import Patient
from include.warehouse.connection import is_configured, open_engine, place
from include.warehouse.models.base import Base

_OLDEST = 15
_NEEDED = ("SELECT", "INSERT", "UPDATE", "DELETE")
_NONE = "none is set, and none is needed (docs/warehouse.md)"


def server(patient: Patient) -> Iterator[Finding]:
    """Its server answers, takes the login, by TLS; its schema is the one of this version."""
    if not is_configured():
        yield ok(_NONE)
        return
    engine = open_engine()
    with engine.connect() as connection:
        version = int(connection.scalar(text("SHOW server_version_num"))) // 10_000
        secure = connection.scalar(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
    engine.dispose()
    patient.answers("the warehouse")
    by = "by TLS" if secure else "on this machine"  # any other is refused before
    yield ok(f"{place(engine.url)}, {by}, migrated")
    if version < _OLDEST:
        yield failed(f"it is PostgreSQL {version}", f"use PostgreSQL {_OLDEST} or later")


def rights(patient: Patient) -> Iterator[Finding]:
    """The role may do what loads do: read and change every table, and make temporary ones."""
    if not is_configured():
        yield ok(_NONE)
        return
    patient.needs("the warehouse")
    engine = open_engine()
    with engine.connect() as connection:
        lacking = list(_lacking(connection))
    engine.dispose()
    if lacking:
        yield failed(
            f"'{engine.url.username}' lacks {'; '.join(lacking)}",
            "grant it, as its owner (docs/warehouse.md, Roles)",
        )
    else:
        yield ok(f"'{engine.url.username}' may load")


def room(patient: Patient) -> Iterator[Finding]:
    """How large it is; PostgreSQL itself does not tell how much its disk still takes."""
    if not is_configured():
        yield ok(_NONE)
        return
    patient.needs("the warehouse")
    engine = open_engine()
    with engine.connect() as connection:
        asked = text("SELECT pg_size_pretty(pg_database_size(current_database()))")
        size = connection.scalar(asked)
    engine.dispose()
    yield not_checked(
        f"it has {size}; how much its disk still takes PostgreSQL does not tell: look there, on "
        "RDS at FreeStorageSpace"
    )


def _lacking(connection: Connection) -> Iterator[str]:
    for right in _NEEDED:
        tables = connection.scalars(
            text(
                "SELECT name FROM unnest(CAST(:tables AS text[])) name "
                "WHERE NOT has_table_privilege(name, :right) ORDER BY name"
            ),
            {"tables": sorted(Base.metadata.tables), "right": right},
        ).all()
        if tables:
            yield f"{right} on {', '.join(tables)}"
    temporary = text("SELECT has_database_privilege(current_database(), 'TEMPORARY')")
    if not connection.scalar(temporary):
        yield "TEMPORARY on the database"
