"""How a container gets its secrets, and what it says where it can't."""

from __future__ import annotations

import itertools
import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import make_url

ENTER = Path(__file__).parents[3] / "deploy" / "host" / "enter.py"
_numbers = itertools.count()
MADE_UP = "q7J2mZ4tK9wX1cV6bN8sD3fG5hL0pR2yT4uE6iO8aQ1"


@pytest.fixture
def secrets(s3):
    """Secrets Manager, with the host's secrets below a prefix of the test's own."""
    client = boto3.client(
        "secretsmanager",
        endpoint_url=s3.meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.prefix = f"host-{next(_numbers)}"
    for name in ("fernet-key", "jwt-secret"):
        client.create_secret(Name=f"{client.prefix}/airflow/{name}", SecretString=MADE_UP)
    return client


@pytest.fixture
def enter(secrets, tmp_path):
    """Enters with a program that says what it was given."""
    (tmp_path / "run").mkdir()

    def enter(**changes):
        environment = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": secrets.meta.endpoint_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PATH": os.environ["PATH"],
            "NO_PROXY": "127.0.0.1",
            "TWEET_LAKE_DATABASE": "local",
            "TWEET_LAKE_DATABASE_SOCKET": "/run/postgresql",
            "TWEET_LAKE_SECRETS": "fernet-key jwt-secret",
            "TWEET_LAKE_SECRETS_FOLDER": str(tmp_path / "run"),
            "TWEET_LAKE_SECRETS_PREFIX": secrets.prefix,
            **changes,
        }
        return subprocess.run(
            [sys.executable, str(ENTER), "env"],
            env={name: value for name, value in environment.items() if value},
            capture_output=True,
            text=True,
            check=False,
        )

    return enter


def test_secrets_are_files_of_one_user_and_not_in_the_environment(enter, tmp_path):
    for _ in range(2):  # a container that starts again finds them there
        entered = enter()
        assert entered.returncode == 0, entered.stderr
    assert MADE_UP not in entered.stdout
    files = {file.name: file for file in (tmp_path / "run").iterdir()}
    assert set(files) == {"fernet-key", "jwt-secret", "database-url"}
    assert files["jwt-secret"].read_text() == MADE_UP
    assert {stat.S_IMODE(file.stat().st_mode) for file in files.values()} == {0o600}
    assert Fernet(files["fernet-key"].read_text())
    url = make_url(files["database-url"].read_text())
    assert (url.drivername, url.database) == ("postgresql+psycopg", "airflow")
    assert url.query == {"host": "/run/postgresql"}


def test_several_that_enter_at_once_do_not_get_into_each_other_s_way(enter, tmp_path):
    with ThreadPoolExecutor() as threads:
        entered = list(threads.map(lambda _: enter(), range(4)))
    assert [one.stderr for one in entered] == [""] * 4
    assert {file.name for file in (tmp_path / "run").iterdir()} == {
        "fernet-key", "jwt-secret", "database-url",
    }  # fmt: skip


def test_of_two_fernet_keys_the_old_one_still_opens_what_it_closed(enter, secrets, tmp_path):
    key = tmp_path / "run" / "fernet-key"
    enter()
    old = key.read_text()
    secrets.put_secret_value(
        SecretId=f"{secrets.prefix}/airflow/fernet-key", SecretString=f"new one, {MADE_UP}"
    )
    enter()
    new, same = key.read_text().split(",")
    assert same == old != new


def test_the_database_in_rds_is_reached_over_tls_with_what_rds_attached(enter, secrets, tmp_path):
    attached = {
        "username": "airflow",
        "password": "p@ss/w:rd?",
        "host": "metadata.abc.us-east-1.rds.amazonaws.com",
        "port": 5432,
        "dbname": "airflow",
        "engine": "postgres",
    }
    secrets.create_secret(
        Name=f"{secrets.prefix}/airflow/database", SecretString=json.dumps(attached)
    )
    assert enter(TWEET_LAKE_DATABASE="rds").returncode == 0
    url = make_url((tmp_path / "run" / "database-url").read_text())
    assert (url.username, url.password) == ("airflow", "p@ss/w:rd?")
    assert (url.host, url.port, url.database) == (attached["host"], 5432, "airflow")
    assert url.query == {"sslmode": "require"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TWEET_LAKE_SECRETS": "fernet-key admin"}, "create or update the stack"),
        ({"TWEET_LAKE_DATABASE": "rds"}, "/airflow/database in us-east-1"),
        ({"AWS_ACCESS_KEY_ID": ""}, "Unable to locate credentials"),
        ({"AWS_DEFAULT_REGION": ""}, "You must specify a region"),
        ({"TWEET_LAKE_DATABASE": "RDS"}, "TWEET_LAKE_DATABASE is 'RDS'; it has to be local or rds"),
    ],
)
def test_what_is_missing_is_named_in_one_sentence(enter, changes, said):
    entered = enter(**changes)
    assert entered.returncode == 1
    assert said in entered.stderr
    assert entered.stderr.startswith("This host can't start: ")
    assert "Traceback" not in entered.stderr
    assert MADE_UP not in entered.stderr


@pytest.mark.parametrize("secret", ["no JSON", '"text"', '{"username": "airflow"}'])
def test_a_secret_that_is_not_rds_s_is_not_shown_but_described(enter, secrets, secret):
    secrets.create_secret(Name=f"{secrets.prefix}/airflow/database", SecretString=secret)
    entered = enter(TWEET_LAKE_DATABASE="rds")
    assert entered.returncode == 1
    assert "a JSON object with username, password, host, port, dbname" in entered.stderr
    assert secret not in entered.stderr
