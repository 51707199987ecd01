"""The warehouse behind the Airflow connection ``warehouse``: for SQLAlchemy, and for ADBC."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo
from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import OperationalError, ProgrammingError

from include.errors import BadConfiguration, WarehouseUnavailable
from include.warehouse.migrate import is_current

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection as AdbcConnection
    from airflow.sdk import Connection as AirflowConnection

NAME = "warehouse"
_SET_IT = (
    "set it (type postgres, host, database as schema, login, password, and "
    '{"sslmode": "verify-full", "sslrootcert": "…"} as extra; docs/warehouse.md)'
)
_SAFE_MODES = ("require", "verify-ca", "verify-full")
_FIELDS = {"user", "password", "dbname", "port", "hostaddr", "service", "servicefile", "passfile"}
"""Parameters of libpq that are no extras: fields of the connection, or ways around them."""
_OPTIONS = {option.keyword.decode() for option in Conninfo.get_defaults()} - _FIELDS
_CONNECT_SECONDS = "10"
_IDLE_SECONDS = "60"
"""After which both ends ask for the other: a firewall forgets who is silent, and a server would
keep the lock of somebody who is gone for hours."""
_STAGED = "64MB"
"""Memory of the server for what a load stages; more would go to the server's disk and back."""


def is_configured() -> bool:
    """Whether there is a warehouse at all: the project does without."""
    try:
        BaseHook.get_connection(NAME)
    except AirflowNotFoundException:
        return False
    return True


def warehouse_url() -> URL:
    """Where the warehouse is, for SQLAlchemy and GX; printed, it hides the password.

    Every session is in UTC, so that a timestamp's date is its UTC day.

    Raises:
        BadConfiguration: the connection is missing, incomplete, no PostgreSQL, or would send rows
            over a network without TLS.
    """
    try:
        connection = BaseHook.get_connection(NAME)
    except AirflowNotFoundException as error:
        raise BadConfiguration(f"the Airflow connection '{NAME}' is missing; {_SET_IT}") from error
    if connection.conn_type != "postgres":
        raise BadConfiguration(
            f"the Airflow connection '{NAME}' is of type '{connection.conn_type}', not postgres; "
            f"{_SET_IT}"
        )
    extra = _extra(connection)
    host = connection.host or extra.pop("host", "")
    for value, what in (
        (host, "host"),
        (connection.schema, "database"),
        (connection.login, "login"),
    ):
        if not value:
            raise BadConfiguration(f"the Airflow connection '{NAME}' has no {what}; {_SET_IT}")
    _check_tls(host, extra.get("sslmode"))
    return URL.create(
        "postgresql+psycopg",
        username=connection.login,
        password=connection.password or None,
        host=None if host.startswith("/") else host,
        port=connection.port,
        database=connection.schema,
        query={
            "connect_timeout": _CONNECT_SECONDS,
            **extra,
            "options": f"{extra.get('options', '')} -c timezone=UTC".strip(),
            **({"host": host} if host.startswith("/") else {}),
        },
    )


def open_engine(*, migrated: bool = True) -> Engine:
    """The warehouse for SQLAlchemy; it has answered once.

    Args:
        migrated: its schema has to be the one of this version.

    Raises:
        BadConfiguration: see ``warehouse_url``; or the schema is another one, or can't be read.
        WarehouseUnavailable: the server can't be reached, or refuses the login.
    """
    url = warehouse_url()
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if migrated:
                _check_schema(connection, url)
    except OperationalError as error:
        raise WarehouseUnavailable(place(url), error.orig or error) from error
    return engine


def open_adbc() -> AdbcConnection:
    """The warehouse for Arrow tables, one transaction until ``commit``; the caller closes it.

    Raises:
        BadConfiguration, WarehouseUnavailable: as ``open_engine``.
    """
    from adbc_driver_manager import Error
    from adbc_driver_postgresql import dbapi

    open_engine().dispose()
    url = warehouse_url()
    try:
        return dbapi.connect(conninfo(url))
    except Error as error:
        raise WarehouseUnavailable(place(url), error) from error


def conninfo(url: URL) -> str:
    """The same place as libpq and ADBC read it, password and all: not for messages."""
    fields = url.translate_connect_args(username="user", database="dbname")
    options = (
        f"{url.query.get('options', '')} -c temp_buffers={_STAGED} "
        f"-c tcp_keepalives_idle={_IDLE_SECONDS}"
    )
    every = {
        "keepalives_idle": _IDLE_SECONDS, **fields, **url.query, "options": options.strip(),
    }  # fmt: skip
    return make_conninfo(**{name: str(value) for name, value in every.items()})


def _extra(connection: AirflowConnection) -> dict[str, str]:
    extra: Mapping[str, Any] = connection.extra_dejson
    allowed = _OPTIONS - {"host"} if connection.host else _OPTIONS  # libpq would take the extra's
    if unknown := set(extra) - allowed:
        raise BadConfiguration(
            f"the extra of the Airflow connection '{NAME}' has {', '.join(sorted(unknown))}; it "
            "takes what libpq takes, as sslmode and sslrootcert, but no field of the connection"
        )
    return {name: str(value) for name, value in extra.items()}


def _check_tls(hosts: str, mode: str | None) -> None:
    if mode in _SAFE_MODES or all(map(_is_here, hosts.split(","))):
        return
    raise BadConfiguration(
        f"the Airflow connection '{NAME}' would reach {hosts} without TLS (sslmode is "
        f"{mode or 'not set'}); put "
        '{"sslmode": "verify-full", "sslrootcert": "/path/to/ca.pem"}, or at least '
        '{"sslmode": "require"}, into its extra (docs/warehouse.md)'
    )


def _is_here(host: str) -> bool:
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_schema(connection: Connection, url: URL) -> None:
    try:
        current = is_current(connection)
    except ProgrammingError as error:
        raise BadConfiguration(
            f"{place(url)}: '{url.username}' may not read the warehouse: {error.orig}. Grant it "
            "its role (docs/warehouse.md)"
        ) from error
    if not current:
        raise BadConfiguration(
            f"{place(url)} has not the schema of this version; run `python -m "
            "include.warehouse.migrate` as its owner. If that was done, "
            f"'{url.username}' lacks the right to use it (docs/warehouse.md)"
        )


def place(url: URL) -> str:
    """Where that is, in words."""
    host = url.host or url.query["host"]
    return f"database '{url.database}' at {host}{f':{url.port}' if url.port else ''}"
