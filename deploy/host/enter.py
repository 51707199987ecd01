"""Fetch what is secret from AWS Secrets Manager into a folder in memory, then become a program.

    python enter.py airflow scheduler

Of the environment: ``TWEET_LAKE_SECRETS_PREFIX``, ``TWEET_LAKE_SECRETS`` (names, apart by spaces),
``TWEET_LAKE_SECRETS_FOLDER`` (where airflow.cfg reads them), ``TWEET_LAKE_DATABASE`` (``local`` or
``rds``), ``TWEET_LAKE_DATABASE_SOCKET`` (the folder of the local PostgreSQL's socket).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMEDY = {
    "ResourceNotFoundException": "the stack makes it: create or update the stack",
    "AccessDeniedException": "the role of this host has to allow secretsmanager:GetSecretValue",
    "InvalidRequestException": "it is marked for deletion: restore it in Secrets Manager",
}
_RDS = ("username", "password", "host", "port", "dbname")


class CannotStartError(Exception):
    """What is missing, and what to do about it."""


def main() -> None:
    """Write the secrets, then run what the arguments say in place of this process."""
    try:
        write_secrets(boto3.client("secretsmanager"), os.environ)
    except (CannotStartError, BotoCoreError) as error:
        # botocore's own say what it looked for: credentials, a region, an endpoint.
        sys.exit(f"This host can't start: {error}")
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the arguments are compose.yaml's


def write_secrets(client: Any, environment: Mapping[str, str]) -> None:
    """Put each secret that the environment names into a file which only this user reads.

    Raises:
        CannotStartError: one is not there, may not be read, or is not what it should be.
    """
    database = environment["TWEET_LAKE_DATABASE"]
    if database not in {"local", "rds"}:
        raise CannotStartError(f"TWEET_LAKE_DATABASE is {database!r}; it has to be local or rds")
    prefix = f"{environment['TWEET_LAKE_SECRETS_PREFIX']}/airflow"
    values = {
        name: _fetch(client, f"{prefix}/{name}")
        for name in environment["TWEET_LAKE_SECRETS"].split()
    }
    values["fernet-key"] = fernet_key(values["fernet-key"])
    if database == "rds":
        name = f"{prefix}/database"
        values["database-url"] = rds_url(name, _fetch(client, name))
    else:
        values["database-url"] = local_url(environment["TWEET_LAKE_DATABASE_SOCKET"])
    folder = Path(environment["TWEET_LAKE_SECRETS_FOLDER"])
    for name, value in values.items():
        # Whole at once: somebody else may be reading it, or writing the same.
        draft = folder / f"{name}.{os.getpid()}"
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(value, encoding="utf-8")
        draft.replace(folder / name)


def fernet_key(text: str) -> str:
    """Fernet's key from any text as long: Secrets Manager makes up letters and digits only.

    Several, apart by commas, are the new one and old ones, as Airflow rotates them.
    """
    digests = (hashlib.sha256(part.strip().encode()).digest() for part in text.split(","))
    return ",".join(base64.urlsafe_b64encode(digest).decode() for digest in digests)


def local_url(socket: str) -> str:
    """The database ``airflow`` behind a socket; its user is who runs this."""
    return f"postgresql+psycopg:///airflow?{urlencode({'host': socket})}"


def rds_url(name: str, secret: str) -> str:
    """The database that an RDS secret describes, over TLS.

    Raises:
        CannotStartError: it is no JSON object with RDS's own keys.
    """
    try:
        user, password, host, port, database = (str(json.loads(secret)[key]) for key in _RDS)
    except (ValueError, TypeError, KeyError) as error:
        raise CannotStartError(
            f"the secret {name} has to be a JSON object with {', '.join(_RDS)}, as RDS attaches it"
        ) from error
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"postgresql+psycopg://{login}@{host}:{port}/{database}?sslmode=require"


def _fetch(client: Any, name: str) -> str:
    try:
        value = client.get_secret_value(SecretId=name).get("SecretString", "")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        where = f"the secret {name} in {client.meta.region_name}: {code}"
        raise CannotStartError(f"{where}; {_REMEDY.get(code, error)}") from error
    if not value:
        raise CannotStartError(f"the secret {name} is empty: put a value into it")
    return str(value)


if __name__ == "__main__":
    main()
