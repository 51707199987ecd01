"""The reports from a terminal."""

from __future__ import annotations

import pytest

from include.data_docs.keys import report_key
from include.reports.command import main
from tests.task_environment import task_environment


@pytest.fixture
def connected(lake, monkeypatch):
    """The lake is the one that tasks and commands open."""
    for name, value in task_environment(lake.client, lake.bucket).items():
        monkeypatch.setenv(name, value)


def test_it_says_where_the_reports_are(connected, lake, warehouse, capsys):
    assert main([]) == 0

    assert "http://docs.example.org/reports/tweets.html\n" in capsys.readouterr().out
    assert lake.find(report_key("tweets")) is not None


def test_without_a_warehouse_it_says_what_to_set(connected, lake, monkeypatch, capsys):
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE", raising=False)

    assert main([]) == 2

    assert "the Airflow connection 'warehouse' is missing" in capsys.readouterr().err
    assert list(lake.keys("data-docs/")) == []
