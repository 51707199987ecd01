"""The Variables and secrets are there, right, and nobody's placeholder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from airflow.configuration import conf
from airflow.sdk.execution_time.supervisor import ensure_secrets_backend_loaded
from airflow.secrets.local_filesystem import LocalFilesystemBackend
from airflow.secrets.metastore import MetastoreBackend
from sqlalchemy.exc import SQLAlchemyError

from include.connections import (
    ACCOUNTS_FILE,
    ACCOUNTS_VARIABLE,
    load_accounts,
    load_settings,
)
from include.data_docs.words import count_of
from include.doctor.finding import Finding, failed, ok
from include.doctor.hidden import CONNECTIONS, OF_THE_HOST, PLACEHOLDER, VARIABLES
from include.doctor.patient import Patient

_IN_PIECES = (LocalFilesystemBackend, MetastoreBackend)
"""Places that have a connection not as a text, but as its parts."""


def variable(_: Patient) -> Iterator[Finding]:
    """The Variable `tweet_lake` is there and right."""
    settings = load_settings()
    yield ok(f"bucket {settings.bucket}, alerts by {' and '.join(settings.alert_by)}")


def accounts(_: Patient) -> Iterator[Finding]:
    """The accounts are right, none is there twice, and Airflow maps as many."""
    wanted = [account for account in load_accounts() if account.enabled]
    most = conf.getint("core", "max_map_length")
    if len(wanted) > most:
        yield failed(
            f"{len(wanted)} accounts are enabled, but Airflow maps at most {most} tasks",
            f"set AIRFLOW__CORE__MAX_MAP_LENGTH to at least {len(wanted)}, and start Airflow anew",
        )
        return
    own = any(True for _ in _values("Variable", ACCOUNTS_VARIABLE))
    source = f"the Variable '{ACCOUNTS_VARIABLE}'" if own else f"include/{ACCOUNTS_FILE.name}"
    yield ok(f"{count_of(len(wanted), 'account')} enabled in {source}")


def placeholders(_: Patient) -> Iterator[Finding]:
    """No connection, Variable or secret of the host still holds `replace-me`."""
    left = False
    for kind, names in (("connection", CONNECTIONS), ("Variable", VARIABLES)):
        for name in names:
            for backend, text in _values(kind, name):
                if PLACEHOLDER in text:
                    left = True
                    yield failed(
                        f"the {kind} '{name}' still holds {PLACEHOLDER}",
                        _remedy(backend, kind, name),
                    )
    for section, key in OF_THE_HOST:
        if PLACEHOLDER in (conf.get(section, key, fallback="") or ""):
            left = True
            yield failed(
                f"Airflow's [{section}] {key} still holds {PLACEHOLDER}",
                f"put the real one where AIRFLOW__{section.upper()}__{key.upper()} comes from, "
                "and start Airflow anew",
            )
    if not left:
        yield ok(f"no secret holds {PLACEHOLDER}")


def _values(kind: str, name: str) -> Iterator[tuple[object, str]]:
    """What each place where Airflow looks for secrets has under a name, as it is stored."""
    for backend in ensure_secrets_backend_loaded():
        try:
            if kind == "Variable":
                text = backend.get_variable(name)
            elif isinstance(backend, _IN_PIECES):
                found = backend.get_connection(name)
                text = found and found.get_uri()
            else:
                text = backend.get_conn_value(name)
        except SQLAlchemyError:  # no metadata database: the check of it says so
            continue
        if text:
            yield backend, text


def _remedy(backend: object, kind: str, name: str) -> str:
    prefix = getattr(backend, f"{kind.lower()}s_prefix", None)  # of AWS Secrets Manager
    if prefix:
        secret = f"{prefix}{getattr(backend, 'sep', '/')}{name}"
        return (
            f"aws secretsmanager put-secret-value --secret-id {secret} --secret-string "
            f"file://{name}.json (its form: docs/settings.md)"
        )
    file = getattr(backend, f"{kind.lower()}s_file", None)  # a copy, which systemd shows
    if file:
        return (
            f"put the real one into /etc/tweet-lake/credentials/{Path(file).name}, then: systemctl "
            "restart tweet-lake.target"
        )
    short = "CONN" if kind == "connection" else "VAR"
    return f"set the real one: AIRFLOW_{short}_{name.upper()}, or in Airflow (docs/settings.md)"
