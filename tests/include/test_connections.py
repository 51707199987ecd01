"""What Airflow's connections and Variables say, and what is said of wrong ones."""

import json

import pytest
from botocore.config import Config

from include.connections import load_accounts, open_lake, open_x_api
from include.errors import BadConfiguration
from include.settings import Settings

TOKEN = "very-secret-token"
SETTINGS = Settings(
    bucket="tweet-lake",
    alert_to=("data@example.org",),
    data_docs_url="http://127.0.0.1/",
    rate_limit_wait_minutes=0,
)


def test_a_lake_is_opened_as_the_connection_says_and_who_waits_less_says_only_that(monkeypatch):
    extra = {
        "endpoint_url": "http://127.0.0.1:9",
        "region_name": "eu-central-1",
        "config_kwargs": {"s3": {"addressing_style": "path"}, "read_timeout": 99},
    }
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    patient = open_lake(SETTINGS).client.meta
    hasty = open_lake(SETTINGS, Config(read_timeout=1)).client.meta
    for meta in (patient, hasty):
        assert meta.endpoint_url == "http://127.0.0.1:9"
        assert meta.region_name == "eu-central-1"
        assert meta.config.s3["addressing_style"] == "path"
    assert (patient.config.read_timeout, hasty.config.read_timeout) == (99, 1)


@pytest.fixture
def x_api(monkeypatch):
    def x_api(**connection):
        monkeypatch.setenv("AIRFLOW_CONN_X_API", json.dumps({"conn_type": "http", **connection}))
        return open_x_api(SETTINGS)

    return x_api


@pytest.mark.parametrize(
    "host",
    [
        {"host": "{url}"},
        {"host": "127.0.0.1", "schema": "http", "port": "{port}"},
    ],
    ids=["as a URL", "in pieces"],
)
def test_host_and_password_are_enough(world, x_api, host):
    port = world.x_url.rpartition(":")[2]
    parts = {name: part.format(url=world.x_url, port=port) for name, part in host.items()}
    if "port" in parts:
        parts["port"] = int(port)
    assert (
        b"harbour_news" in x_api(**parts, password="sandbox-token").users_by(["harbour_news"]).body
    )


@pytest.mark.parametrize(
    "password", [f"{TOKEN}\n", f" {TOKEN}", f"Bearer {TOKEN}", f"{TOKEN}\u20ac", f"{TOKEN}\0"]
)
def test_a_password_that_is_no_token_is_refused_and_not_shown(x_api, password):
    with pytest.raises(BadConfiguration, match="password of the Airflow connection 'x_api'") as e:
        x_api(host="https://api.x.com", password=password)
    assert TOKEN not in repr(e.value)


@pytest.mark.parametrize(
    "host",
    [
        {"host": "ftp://api.x.com"},
        {"host": "api.x.com", "schema": "gopher"},
        {"host": "https://"},
        {"host": "https://api.x.com /"},
    ],
    ids=str,
)
def test_a_host_that_is_no_address_is_refused(x_api, host):
    with pytest.raises(BadConfiguration, match="host of the Airflow connection 'x_api'"):
        x_api(**host, password=TOKEN)


@pytest.mark.parametrize("missing", ["host", "password"])
def test_host_and_password_are_needed(x_api, missing):
    parts = {"host": "https://api.x.com", "password": TOKEN}
    del parts[missing]
    with pytest.raises(BadConfiguration, match="'x_api' needs"):
        x_api(**parts)


def test_the_variable_is_json_and_named_in_errors(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_X_ACCOUNTS", '[\n\t{"username": "nasa"}]')
    assert [account.name for account in load_accounts()] == ["nasa"]
    monkeypatch.setenv("AIRFLOW_VAR_X_ACCOUNTS", '[{"username": "nasa", "enabled": false}]')
    with pytest.raises(BadConfiguration, match="'x_accounts': no account is enabled"):
        load_accounts()


def test_the_file_counts_where_the_variable_is_not_set(monkeypatch):
    monkeypatch.delenv("AIRFLOW_VAR_X_ACCOUNTS", raising=False)
    assert load_accounts()
