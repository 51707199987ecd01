"""The reports from a terminal."""

from __future__ import annotations

import json

import pytest

from include.data_docs.keys import report_key
from include.reports.command import main


@pytest.fixture
def connected(lake, monkeypatch):
    """The lake is the one that tasks and commands open."""
    settings = {
        "bucket": lake.bucket,
        "alert_to": ["data-team@example.org"],
        "data_docs_url": "http://docs.example.org",
    }
    aws = {
        "conn_type": "aws",
        "login": "test",
        "password": "test",
        "extra": {"endpoint_url": lake.client.meta.endpoint_url, "region_name": "us-east-1"},
    }
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps(settings))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(aws))


def test_it_says_where_the_reports_are(connected, lake, warehouse, capsys):
    assert main([]) == 0

    assert "http://docs.example.org/reports/tweets.html\n" in capsys.readouterr().out
    assert lake.find(report_key("tweets")) is not None


def test_without_a_warehouse_it_says_what_to_set(connected, lake, monkeypatch, capsys):
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE", raising=False)

    assert main([]) == 2

    assert "the Airflow connection 'warehouse' is missing" in capsys.readouterr().err
    assert list(lake.keys("data-docs/")) == []
