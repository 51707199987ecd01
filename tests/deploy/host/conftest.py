"""A host without its containers: the same programs, settings and door, on loopback.

PostgreSQL, Secrets Manager and S3 are reached by their real protocols; the certificate is of
Caddy's own authority, which nothing but these tests trusts.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
import yaml

from include.data_docs.keys import home_key
from include.interval import Interval
from include.lake import Lake
from include.outcomes import Outcome
from include.quarantine.items import record
from include.report import AccountReport
from tests.host_tools import host_tool

if TYPE_CHECKING:
    from sqlalchemy import URL

REPOSITORY = Path(__file__).parents[3]
HOST = REPOSITORY / "deploy" / "host"
REGION, BUCKET = "us-east-1", "host-lake"
HOME_PAGE = "<!doctype html><title>Data Docs</title><h1>Runs of this host</h1>"
ASKS = """
from airflow.sdk import dag, task

@dag(schedule=None, is_paused_upon_creation=False)
def ask():
    @task
    def which_x():
        from airflow.sdk import BaseHook
        from include.connections import load_settings, open_x_api
        open_x_api(load_settings())
        print("the world is at", BaseHook.get_connection("x_api").host)

    which_x()

ask()
"""
_START_SECONDS = 180


@dataclass
class RunningHost:
    """What runs, as a browser and its owner see it."""

    url: str
    api_server: str
    """What is behind the door."""
    environment: dict[str, str]
    authority: Path
    """The certificate that signs the host's."""
    secrets: Any
    s3: Any
    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: Any = None, user: str = "admin", **options: Any
    ) -> requests.Response:
        """One request through the door, as somebody who is logged in."""
        headers = {"Authorization": f"Bearer {self.token(user)}", **options.pop("headers", {})}
        return self.send(method, path, json=body, headers=headers, **options)

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request through the door, of nobody."""
        options = {"verify": str(self.authority), "allow_redirects": False} | options
        return requests.request(method, f"{self.url}{path}", timeout=60, **options)

    def token(self, user: str) -> str:
        """A user's token for the API."""
        if user not in self.tokens:
            who = {"username": user, "password": self.password(user)}
            answer = requests.post(f"{self.api_server}/auth/token", json=who, timeout=60)
            answer.raise_for_status()
            self.tokens[user] = answer.json()["access_token"]
        return self.tokens[user]

    def password(self, user: str) -> str:
        """The first admin's is a secret; others have their name as theirs."""
        if user != "admin":
            return f"{user}'s password"
        secret = self.secrets.get_secret_value(SecretId="tweet-lake/airflow/admin")
        return str(secret["SecretString"])

    def run(self, dag_id: str) -> tuple[str, str]:
        """A run's state in the end, and its id."""
        answer = self.ask("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None})
        run_id = answer.json()["dag_run_id"]
        waited = self.ask("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/wait?interval=1")
        return str(json.loads(waited.text.splitlines()[-1])["state"]), run_id


@pytest.fixture(scope="module")
def host(s3: Any, postgres: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """The host, once it answers through its door."""
    caddy = host_tool("caddy")
    folder = tmp_path_factory.mktemp("host")
    host = _prepare(folder, s3, postgres)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        _start(host, processes, "caddy", caddy, "run", "--config", str(HOST / "Caddyfile"))
        enter = partial(_start, host, processes)
        airflow = [sys.executable, str(HOST / "enter.py"), "airflow"]
        migrate = [*airflow[:-1], "bash", str(HOST / "migrate")]
        done = enter("migrate", *migrate, TWEET_LAKE_SECRETS="admin " + _secrets()).wait()
        assert done == 0, _said(host, "migrate")
        enter("api-server", *airflow, "api-server", "--proxy-headers", FORWARDED_ALLOW_IPS="*")
        enter("scheduler", *airflow, "scheduler", "--skip-serve-logs")
        assert enter("dags", *airflow, "dags", "reserialize").wait() == 0, _said(host, "dags")
        _wait_for(host, processes)
        for role in ("Viewer", "User", "Op"):
            user = {
                "username": role.lower(),
                "password": host.password(role.lower()),
                "email": f"{role}@example.org",
                "first_name": role,
                "last_name": "of the tests",
                "roles": [{"name": role}],
            }
            host.ask("POST", "/auth/fab/v1/users", user).raise_for_status()
        yield host
    finally:
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # nothing of it is kept
                process.wait()
        _execute(postgres, "DROP DATABASE airflow WITH (FORCE)")


def _prepare(folder: Path, s3: Any, postgres: URL) -> RunningHost:
    """Make what the stack makes: bucket, secrets, an empty database."""
    for name in ("home", "run", "dags", "logs", "caddy"):
        (folder / name).mkdir()
    (folder / "dags" / "ask.py").write_text(ASKS)
    (folder / "dags" / "review_quarantine.py").symlink_to(
        REPOSITORY / "dags" / "review_quarantine.py"
    )
    endpoint = s3.meta.endpoint_url
    client = partial(
        boto3.client,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    secrets = client("secretsmanager")
    for name in (*_secrets().split(), "admin"):
        made_up = secrets.get_random_password(PasswordLength=43, ExcludePunctuation=True)
        secrets.create_secret(
            Name=f"tweet-lake/airflow/{name}", SecretString=made_up["RandomPassword"]
        )
    s3.create_bucket(Bucket=BUCKET)
    _execute(postgres, "CREATE DATABASE airflow")
    door, behind = _free_port(), _free_port()
    settings = {
        "TWEET_LAKE_API_SERVER": f"http://127.0.0.1:{behind}",
        "TWEET_LAKE_BUCKET": BUCKET,
        "TWEET_LAKE_CODE": str(REPOSITORY),
        "TWEET_LAKE_DATABASE": "local",
        "TWEET_LAKE_DATABASE_SOCKET": str(postgres.query["host"]),
        "TWEET_LAKE_DOMAIN": f"localhost:{door}",
        "TWEET_LAKE_HTTPS_PORT": str(door),
        "TWEET_LAKE_SECRETS": _secrets(),
        "TWEET_LAKE_SECRETS_FOLDER": str(folder / "run"),
        "TWEET_LAKE_SECRETS_PREFIX": "tweet-lake",
        "TWEET_LAKE_TLS": "internal",
        "AWS_DEFAULT_REGION": REGION,
    }
    of_the_tests = {
        "AIRFLOW_CONFIG": str(HOST / "airflow.cfg"),
        "AIRFLOW_HOME": str(folder / "home"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(behind),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": endpoint,
        "NO_PROXY": "127.0.0.1,localhost",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PGUSER": str(postgres.username),
        "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'config'}",
        "XDG_CONFIG_HOME": str(folder / "caddy"),
        "XDG_DATA_HOME": str(folder / "caddy"),
    }
    return RunningHost(
        url=f"https://localhost:{door}",
        api_server=settings["TWEET_LAKE_API_SERVER"],
        environment=settings | of_the_tests,
        authority=folder / "caddy/caddy/pki/authorities/local/root.crt",
        secrets=secrets,
        s3=s3,
        folder=folder,
    )


def _secrets() -> str:
    """The names that compose.yaml gives to Airflow's containers."""
    compose = yaml.safe_load((HOST / "compose.yaml").read_text())
    return str(compose["services"]["scheduler"]["environment"]["TWEET_LAKE_SECRETS"])


def _start(
    host: RunningHost,
    processes: list[subprocess.Popen[bytes]],
    name: str,
    *command: str,
    **more: str,
) -> subprocess.Popen[bytes]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "AWS_"))}
    with (host.folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=kept | host.environment | more,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    processes.append(process)
    return process


def _said(host: RunningHost, name: str) -> str:
    return (host.folder / f"{name}.log").read_text(errors="replace")[-3000:]


def _wait_for(host: RunningHost, processes: list[subprocess.Popen[bytes]]) -> None:
    """Until the door, the API server behind it and the scheduler are there."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert not [p.args for p in processes if p.poll()], "a component has ended"
        try:
            health = host.send("GET", "/api/v2/monitor/health").json()
            if health["scheduler"]["status"] == "healthy":
                return
        except (requests.RequestException, OSError, ValueError):
            pass  # not yet
        time.sleep(0.3)
    logs = {name: _said(host, name) for name in ("caddy", "api-server", "scheduler")}
    pytest.fail(f"the host did not start: {logs}")


def _execute(postgres: URL, statement: str) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def item(host: RunningHost) -> str:
    """An item in quarantine, and a start page before it; returns where it is."""
    lake = Lake(host.s3, BUCKET)
    lake.put(home_key(), HOME_PAGE.encode())
    over = Interval.parse("20261102T0800Z_20261102T1200Z")
    account = AccountReport(
        account="nasa", outcome=Outcome.ROWS_QUARANTINED, detail="", quarantined=1
    )
    record(lake, "tweets", over, [account])
    settings = {
        "bucket": BUCKET,
        "alert_to": ["data-team@example.org"],
        "data_docs_url": f"{host.url}/data-docs",
    }
    host.secrets.create_secret(
        Name="tweet-lake/variables/tweet_lake", SecretString=json.dumps(settings)
    )
    host.ask("PATCH", "/api/v2/dags/review_quarantine", {"is_paused": False}).raise_for_status()
    return f"tweets/{over}/nasa"
