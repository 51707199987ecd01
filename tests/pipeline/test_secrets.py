"""Tokens and passwords in whole runs that fail: in no object, mail, log, XCom or template."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from include.interval import Interval
from tests.pipeline.test_load_warehouse import NOBODY_LISTENS, run_load  # noqa: F401 - a fixture
from tests.security.secret_scan import SANDBOX_SECRETS, files_below, places_of, rows_of

ASKED = {"tweets": r"/2/users/\d+/tweets", "users": "users/by", "tweet_metrics": r"/2/tweets\?"}
AWKWARD = "p%2Fss/w+rd=\"'&<n>"
"""A password that every writer has to write in another way."""


def left(world, lake, logs: str) -> Iterator[tuple[str, bytes]]:
    """Everything that runs have left anywhere; connections come from the environment alone."""
    yield "the logs", logs.encode("utf-8", "replace")
    yield from files_below(world.smtp.folder)
    yield from ((key, lake.get(key)) for key in lake.keys(""))
    yield from rows_of(Path(os.environ["AIRFLOW_HOME"]) / "airflow.db")


@pytest.mark.parametrize("dataset", ASKED)
def test_a_run_that_x_stops_tells_none(world, ingest, interval, capfd, dataset):
    if dataset == "tweet_metrics":
        ingest("harbour_news")
    over = {
        "tweets": interval,
        "users": Interval(interval.end - timedelta(days=1), interval.end),
        "tweet_metrics": Interval(interval.end - timedelta(hours=2), interval.end),
    }[dataset]
    world.faults.add("redirect", path=ASKED[dataset])
    world.faults.add("unauthorized", path=ASKED[dataset])
    run = ingest("harbour_news", "faulty_feed", dataset=dataset, over=over)
    assert not run.succeeded
    logs, mails = "".join(capfd.readouterr()), "".join(mail.as_string() for mail in world.mails)
    assert "BadToken" in logs
    assert "401" in mails
    assert places_of(SANDBOX_SECRETS, left(world, run.lake, logs)) == []
    tables = {place for place, _ in rows_of(Path(os.environ["AIRFLOW_HOME"]) / "airflow.db")}
    assert {"the table xcom", "the table rendered_task_instance_fields"} <= tables


def test_a_run_whose_mail_and_warehouse_refuse_tells_none(
    world,
    ingest,
    capfd,
    run_load,  # noqa: F811 - a fixture
    monkeypatch,
):
    smtp = json.loads(world.environment()["AIRFLOW_CONN_SMTP_DEFAULT"]) | {"password": AWKWARD}
    run = ingest("faulty_feed", environment={"AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp)})
    assert run.states["notify"] == {"failed"}
    warehouse = json.loads(NOBODY_LISTENS) | {"password": f"warehouse {AWKWARD}"}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(warehouse))
    assert run_load()[0] == "failed"
    logs = "".join(capfd.readouterr())
    assert "SMTPAuthenticationError" in logs
    assert "WarehouseUnavailable" in logs
    planted = {**SANDBOX_SECRETS, "the password": AWKWARD}
    assert places_of(planted, left(world, run.lake, logs)) == []
