"""What Astro, docker compose and make read; of the first two as far as a parser goes."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from include.settings import parse_settings
from sandbox.world import FROM_EMAIL, TOKEN

REPOSITORY = Path(__file__).parents[1]

CONNECTION_KEYS = {
    "conn_id", "conn_type", "conn_host", "conn_schema", "conn_login", "conn_password",
    "conn_port", "conn_uri", "conn_extra",
}  # fmt: skip


def read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def airflow_settings():
    return yaml.safe_load(read("airflow_settings.yaml"))["airflow"]


def test_astro_finds_the_runtime_tag_in_the_dockerfile():
    assert read("Dockerfile").splitlines()[0] == (
        "FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.12"
    )


def test_airflow_settings_are_what_astro_reads(airflow_settings):
    assert set(airflow_settings) == {"connections", "pools", "variables"}
    for connection in airflow_settings["connections"]:
        assert set(connection) == CONNECTION_KEYS
    assert {c["conn_id"] for c in airflow_settings["connections"]} == {
        "x_api", "aws_default", "smtp_default",
    }  # fmt: skip
    assert [set(pool) for pool in airflow_settings["pools"]] == [
        {"pool_name", "pool_slot", "pool_description"}
    ]


def test_airflow_settings_hold_no_secret_but_the_sandboxes(airflow_settings):
    passwords = {c["conn_id"]: c["conn_password"] for c in airflow_settings["connections"]}
    assert passwords == {"x_api": TOKEN, "aws_default": "sandbox", "smtp_default": None}
    mail = next(c for c in airflow_settings["connections"] if c["conn_id"] == "smtp_default")
    assert mail["conn_extra"]["from_email"] == FROM_EMAIL


def test_the_variable_of_airflow_settings_is_right(airflow_settings):
    (variable,) = airflow_settings["variables"]
    assert variable["variable_name"] == "tweet_lake"
    assert parse_settings(variable["variable_value"]).bucket == "tweet-lake"


def test_the_pool_is_the_one_that_the_dags_name(airflow_settings):
    named = set(re.findall(r'pool="(\w+)"', read("include/ingest_dag.py")))
    assert named == {pool["pool_name"] for pool in airflow_settings["pools"]}


def test_the_examples_in_env_are_json_once_uncommented():
    values = re.findall(r"^# (AIRFLOW_\w+)='(.+)'$", read(".env.example"), re.MULTILINE)
    assert [name for name, _ in values] == [
        "AIRFLOW_CONN_X_API",
        "AIRFLOW_CONN_AWS_DEFAULT",
        "AIRFLOW_CONN_SMTP_DEFAULT",
        "AIRFLOW_VAR_TWEET_LAKE",
    ]
    assert all(json.loads(value) for _, value in values)


def test_env_is_ignored_by_git_and_docker():
    assert ".env" in read(".gitignore").splitlines()
    assert ".env" in read(".dockerignore").splitlines()


def test_the_override_publishes_on_loopback_only():
    services = yaml.safe_load(read("docker-compose.override.yml"))["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_override_mounts_the_suites_into_every_airflow_container():
    services = yaml.safe_load(read("docker-compose.override.yml"))["services"]
    for name in ("scheduler", "dag-processor", "triggerer", "api-server"):
        assert services[name]["volumes"] == ["./expectations:/usr/local/airflow/expectations:ro"]


def test_requirements_are_the_lock_without_what_the_runtime_brings():
    uv = REPOSITORY / ".local" / "uv" / "bin" / "uv"
    if not uv.exists():
        pytest.skip("run through `make test`, which sets uv up")

    def exported(*selection: str) -> set[str]:
        command = [uv, "export", "-q", "--frozen", "--no-hashes", "--no-header", "--no-annotate"]
        done = subprocess.run(
            [*command, *selection], cwd=REPOSITORY, capture_output=True, text=True, check=True
        )
        return set(done.stdout.splitlines())

    brought = exported("--only-group", "astro-runtime")
    pins = exported("--no-default-groups") - brought
    # Of what the Runtime brings in a version of its own, the one that we need at least.
    floors = {
        each
        for each in tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
        if any(re.match(rf"{re.split('[<>=]', each)[0]}==", pin) for pin in brought)
    } - {"apache-airflow==3.3.2"}
    assert "sqlalchemy>=2.1,<3" in floors
    assert set(read("requirements.txt").splitlines()) == pins | floors


def test_the_longest_tests_are_still_called_so():
    longest = read("tests/conftest.py").partition("LONGEST = {")[2].partition("}")[0]
    named = re.findall(r"tests/\S+\.py", longest)
    assert named
    assert [name for name in named if not (REPOSITORY / name).exists()] == []
