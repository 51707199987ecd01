"""Variables, accounts, placeholders; versions and suites beside them."""

from __future__ import annotations

import json
from importlib.metadata import version

import boto3
import pytest
from airflow.secrets.local_filesystem import LocalFilesystemBackend

from include.doctor import settings as checks
from include.doctor import suites, versions
from include.lake import Lake


def test_the_errors_of_the_settings_are_their_own(look, settings, monkeypatch):
    settings(page_size=1)
    assert "page_size" in look(checks.variable)[0].text
    monkeypatch.delenv("AIRFLOW_VAR_TWEET_LAKE")
    (found,) = look(checks.variable)
    assert (found.state, "is not set" in found.text) == ("failed", True)


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ([{"username": "nasa"}, {"username": "NASA"}], "'nasa' is listed 2 times"),
        ([{"username": "not a name"}], "field 'username'"),
    ],
)
def test_names_and_duplicates_of_accounts(look, monkeypatch, accounts, said):
    monkeypatch.setenv("AIRFLOW_VAR_X_ACCOUNTS", json.dumps(accounts))
    (found,) = look(checks.accounts)
    assert (found.state, said in found.text) == ("failed", True)


def test_more_accounts_than_airflow_maps(look, monkeypatch):
    names = [{"username": f"account_{number}"} for number in range(3)]
    monkeypatch.setenv("AIRFLOW_VAR_X_ACCOUNTS", json.dumps(names))
    assert [f.text for f in look(checks.accounts)] == [
        "3 accounts enabled in the Variable 'x_accounts'"
    ]
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "2")
    (found,) = look(checks.accounts)
    assert "AIRFLOW__CORE__MAX_MAP_LENGTH to at least 3" in found.remedy


def test_a_placeholder_in_the_environment(look, connection):
    connection("x_api", conn_type="http", host="https://api.x.com", password="replace-me")
    (found,) = look(checks.placeholders)
    assert found.text == "the connection 'x_api' still holds replace-me"
    assert "AIRFLOW_CONN_X_API" in found.remedy


def test_a_placeholder_of_the_host(look, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "replace-me")
    (found,) = look(checks.placeholders)
    assert "[core] fernet_key" in found.text


def test_a_placeholder_in_secrets_manager_is_named_with_the_command(look, lake: Lake, monkeypatch):
    url = lake.client.meta.endpoint_url
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AIRFLOW__SECRETS__BACKEND": (
            "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
        ),
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(
            {
                "connections_prefix": "tweet-lake/connections",
                "variables_prefix": "tweet-lake/variables",
            }
        ),
    }.items():
        monkeypatch.setenv(name, value)
    manager = boto3.client("secretsmanager", region_name="us-east-1", endpoint_url=url)
    for name in ("connections/smtp_default", "variables/tweet_lake"):
        manager.create_secret(Name=f"tweet-lake/{name}", SecretString="replace-me")
    try:
        connection, variable = look(checks.placeholders)
    finally:
        for name in ("connections/smtp_default", "variables/tweet_lake"):
            manager.delete_secret(SecretId=f"tweet-lake/{name}", ForceDeleteWithoutRecovery=True)
    assert connection.text == "the connection 'smtp_default' still holds replace-me"
    assert "put-secret-value --secret-id tweet-lake/connections/smtp_default" in connection.remedy
    assert "put-secret-value --secret-id tweet-lake/variables/tweet_lake" in variable.remedy


def test_a_placeholder_in_a_file_of_a_host_without_docker(look, tmp_path, monkeypatch):
    file = tmp_path / "connections.yaml"
    file.write_text("x_api: {conn_type: http, host: https://api.x.com, password: replace-me}")
    # Airflow keeps the first backend that a process asks for.
    there = [LocalFilesystemBackend(connections_file_path=str(file))]
    monkeypatch.setattr(checks, "ensure_secrets_backend_loaded", lambda: there)
    (found,) = look(checks.placeholders)
    assert found.text == "the connection 'x_api' still holds replace-me"
    assert "/etc/tweet-lake/credentials/connections.yaml" in found.remedy


LOCK = """
[[package]]
name = "apache-airflow"
version = "{airflow}"
source = {{ registry = "https://pypi.org/simple" }}

[[package]]
name = "Boto3"
version = "{boto3}"
source = {{ registry = "https://pypi.org/simple" }}
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    return tmp_path


def test_this_environment_is_the_locked_one(look):
    assert [f.state for c in (versions.python, versions.airflow) for f in look(c)] == ["ok", "ok"]


def test_a_drift_from_the_lock_is_named(look, root):
    (root / "uv.lock").write_text(LOCK.format(airflow="2.0.0", boto3="0.1"))
    (found,) = look(versions.airflow)
    assert (found.state, "tested with 2.0.0" in found.text) == ("failed", True)
    (found,) = look(versions.packages)
    assert found.state == "warning"
    assert f"boto3 {version('boto3')} (locked: 0.1)" in found.text


def test_without_the_lock_the_requirements_count(look, root):
    assert [f.state for f in look(versions.packages)] == ["not checked"]
    (root / "requirements.txt").write_text(
        f"boto3=={version('boto3')}\nno-such-thing==1 ; python_version > '3'\n"
        "only-elsewhere==1 ; sys_platform == 'never'\n"
    )
    (found,) = look(versions.packages)
    assert (found.state, found.text) == ("failed", "missing: no-such-thing")


def test_every_suite_is_taken(look):
    states = [f.state for c in (suites.datasets, suites.warehouse) for f in look(c)]
    assert states == ["ok"] * 4
