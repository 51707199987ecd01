"""What must never be printed, whatever a library puts into its error: taken out of every line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from include.settings import VARIABLE

PLACEHOLDER = "replace-me"
"""What a secret holds that was created for somebody to fill in; it is none yet."""
CONNECTIONS = ("x_api", "aws_default", "smtp_default", "warehouse")
"""Those that the project uses; ``docs/settings.md``."""
VARIABLES = (VARIABLE, "x_accounts")
OF_THE_HOST = (
    ("core", "fernet_key"),
    ("api", "secret_key"),
    ("api_auth", "jwt_secret"),
    ("database", "sql_alchemy_conn"),
)
"""Secrets of Airflow's own configuration."""
_SECRET_NAME = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)
_OURS = ("AWS_", "AIRFLOW__")
_IN_A_URL = re.compile(r"(?<=://)([^/\s:@]*):([^/\s@]+)@")
_LEAST = 4
"""Shorter ones would take letters out of every other word."""


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """``text`` with ``***`` in the place of secrets, and of the password in any URL."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _IN_A_URL.sub(r"\1:***@", text)


def secrets() -> set[str]:
    """Every secret that this process can know of, also as it looks inside a URL."""
    plain = {secret for secret in _plain() if len(secret) >= _LEAST}
    on_one_line = {" ".join(secret.split()) for secret in plain}
    in_urls = {quote(secret, safe="") for secret in plain} | set(map(quote_plus, plain))
    every = plain | on_one_line | in_urls
    return {secret for secret in every if len(secret) >= _LEAST and secret != PLACEHOLDER}


def of_the_environment() -> Iterator[str]:
    """Secrets among this process's variables; Airflow's connections are another matter."""
    for name, value in os.environ.items():
        if len(value) >= _LEAST and _SECRET_NAME.search(name) and name.startswith(_OURS):
            yield value


def _plain() -> Iterator[str]:
    from airflow.configuration import conf
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    for name in CONNECTIONS:
        try:
            connection = BaseHook.get_connection(name)
        except (AirflowNotFoundException, ValueError):
            continue
        # What equals the login is a stand-in's, and a word.
        if connection.password and connection.password != connection.login:
            yield connection.password
        yield from _inside(connection.extra_dejson)
    yield from of_the_environment()
    for section, key in OF_THE_HOST:
        value = conf.get(section, key, fallback="") or ""
        if match := _IN_A_URL.search(value):
            yield match[2]
        elif "://" not in value:
            yield value


def _inside(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner_name, inner in value.items():
            yield from _inside(inner, inner_name)
    elif isinstance(value, str) and _SECRET_NAME.search(name):
        yield value
