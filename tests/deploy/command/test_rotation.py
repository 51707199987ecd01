"""X's token is replaced in Secrets Manager while a run is at work, as on a host."""

from __future__ import annotations

import json
import re
from collections import deque
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from unittest import mock

import boto3
import pytest

from include.interval import Interval
from include.lake import Lake, run_report_key
from sandbox.world import World
from sandbox.x_api import TOKEN
from tests.deploy.command.machine import REPOSITORY, client
from tests.deploy.command.real_airflow import RealAirflow

NEXT = "the-next-token"
ACCOUNTS = ["harbour_news", "orbit_observer"]
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
FIRST = Interval(NOON - timedelta(hours=8), NOON - timedelta(hours=4))
SECOND = Interval(NOON - timedelta(hours=4), NOON)
BACKEND = {
    "connections_prefix": "tweet-lake/connections",
    "connections_lookup_pattern": "(?!aws_default$)",
    "variables_prefix": "tweet-lake/variables",
    "config_prefix": None,
}


class WhenAsked(deque):
    """The requests so far; something happens once one account has its page: tasks have no order."""

    def __init__(self, happens):
        super().__init__()
        self._happens = happens

    def append(self, served):
        super().append(served)
        if served.username in ACCOUNTS and self._happens:
            happens, self._happens = self._happens, None
            happens()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("world"), NOON + MINUTE, bucket="rotated") as world:
        yield world


@pytest.fixture(scope="module")
def secrets(world):
    """Secrets Manager with the connections, and nothing of them in Airflow's environment."""
    secrets = client("secretsmanager", world.s3_url)
    for variable, value in world.environment().items():
        name = variable.removeprefix("AIRFLOW_CONN_").lower()
        secrets.create_secret(Name=f"tweet-lake/connections/{name}", SecretString=value)
    return secrets


@pytest.fixture(scope="module")
def airflow(world, secrets, server, migrated, tmp_path_factory):
    server.make(migrated)
    airflow = RealAirflow(tmp_path_factory.mktemp("of") / "airflow", server, world, *ACCOUNTS)
    for name in [name for name in airflow.environment if name.startswith("AIRFLOW_CONN_")]:
        del airflow.environment[name]
    airflow.environment |= {
        "AIRFLOW__SECRETS__BACKEND": "airflow.providers.amazon.aws.secrets.secrets_manager."
        "SecretsManagerBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(BACKEND),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": world.s3_url,
    }
    with airflow.process() as process:
        yield process


@pytest.fixture
def lake(world):
    login = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return Lake(boto3.client("s3", endpoint_url=world.s3_url, **login), world.bucket)


def put(secrets, connection, password):
    """What docs/operating.md says."""
    page = (REPOSITORY / "docs" / "operating.md").read_text(encoding="utf-8")
    (code,) = [
        c for c in re.findall(r"```python\n(.+?)\n```", page, re.DOTALL) if "put_secret" in c
    ]
    for written, meant in {"/x_api": f"/{connection}", "<new token>": password}.items():
        assert written in code
        code = code.replace(written, meant)
    with mock.patch.object(boto3, "client", return_value=secrets):
        exec(code, {})  # noqa: S102 - the page's own


@pytest.fixture(autouse=True)
def with_the_old_token(world, secrets):
    world.api.tokens = {TOKEN}
    world.usage.clear()
    put(secrets, "x_api", TOKEN)


def statuses(world):
    return {served.status for served in world.requests}


def test_the_next_task_takes_the_new_token(world, secrets, airflow, lake):
    def rotate():
        put(secrets, "x_api", NEXT)
        world.api.tokens = {NEXT}

    world.api.requests = WhenAsked(rotate)
    assert airflow.order("run", FIRST.name) == "success"
    assert statuses(world) == {HTTPStatus.OK}
    assert lake.find(run_report_key("tweets", FIRST))


def test_a_token_that_is_revoked_too_early_costs_a_rerun_and_nothing_else(
    world, secrets, airflow, lake
):
    def revoke():
        world.api.tokens = {NEXT}

    world.api.requests = WhenAsked(revoke)
    assert airflow.order("run", SECOND.name) == "failed"
    assert statuses(world) == {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}
    put(secrets, "x_api", NEXT)
    assert airflow.order("run", SECOND.name) == "success"
    report = lake.get_json(run_report_key("tweets", SECOND))
    assert {one["outcome"] for one in report["accounts"]} == {"landed"}
    assert world.usage.returned_posts == world.usage.posts_on(NOON.date()) > 0


def test_the_next_mail_goes_with_the_new_password(secrets, airflow):
    for password in ("first", "second"):
        put(secrets, "smtp_default", password)
        assert airflow.order("password", "smtp_default") == password
