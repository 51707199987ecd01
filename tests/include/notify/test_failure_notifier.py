from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include.errors import BadConfiguration, RunFailedError
from include.lake import Lake
from include.notify.alerts import tasks_key
from include.notify.errors import MailNotSent
from include.notify.failure_notifier import TaskFailureAlert
from sandbox.smtp_sink import SmtpSink

REPOSITORY = Path(__file__).parents[3]
SETTINGS = {
    "bucket": "tweet-lake",
    "alert_to": ["one@example.org", "two@example.org"],
    "data_docs_url": "http://docs.example",
}

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def context(**changes: Any) -> dict[str, Any]:
    ti = SimpleNamespace(
        dag_id="ingest_tweets",
        task_id="validate",
        map_index=3,
        rendered_map_index="nasa +3",
        try_number=4,
        max_tries=3,
        log_url="http://airflow.example/log",
    )
    return {
        "ti": ti,
        "exception": ValueError("what went wrong"),
        "data_interval_start": datetime(2026, 11, 20, tzinfo=UTC),
        "data_interval_end": datetime(2026, 11, 20, 4, tzinfo=UTC),
        **changes,
    }


@pytest.fixture
def settings(lake: Lake, aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps({**SETTINGS, "bucket": lake.bucket}))


def over(day: int) -> dict[str, Any]:
    """The data interval of a day's first run, as a context names it."""
    start = datetime(2026, 11, day, tzinfo=UTC)
    return {"data_interval_start": start, "data_interval_end": start.replace(hour=4)}


@pytest.mark.usefixtures("settings")
def test_a_failed_task_mails_those_whom_the_settings_name(
    sink: SmtpSink, connect: Callable[..., None]
) -> None:
    connect(sink.port)
    TaskFailureAlert()(context())

    (mail,) = sink.mails
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert mail["To"] == "one@example.org, two@example.org"
    assert mail["Subject"].startswith("[tweet-lake] ingest_tweets.validate [nasa +3] failed")
    assert "2026-11-20 00:00–04:00 UTC" in plain.get_content()
    assert "4 of at most 4" in plain.get_content()
    assert "what went wrong" in plain.get_content()


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    "lacking",
    [
        {"exception": None},
        {"exception": "killed from outside"},
        {"data_interval_start": None, "data_interval_end": None},
    ],
)
def test_what_the_context_lacks_does_not_keep_the_mail(
    sink: SmtpSink, connect: Callable[..., None], lacking: dict[str, Any]
) -> None:
    connect(sink.port)
    TaskFailureAlert()(context(**lacking))

    assert len(sink.mails) == 1


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        (NOON, NOON, "2026-11-20T12:00:00+00:00 – 2026-11-20T12:00:00+00:00"),
        (NOON, NOON.replace(second=7), "2026-11-20T12:00:00+00:00 – 2026-11-20T12:00:07+00:00"),
        (None, None, "run manual__2026-11-20"),
    ],
    ids=["empty", "seconds", "none"],
)
def test_an_odd_interval_does_not_keep_the_mail(
    sink: SmtpSink,
    connect: Callable[..., None],
    start: datetime | None,
    end: datetime | None,
    told: str,
) -> None:
    connect(sink.port)
    given = {"data_interval_start": start, "data_interval_end": end}
    TaskFailureAlert()(context(**given, run_id="manual__2026-11-20"))

    (mail,) = sink.mails
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert f"Interval: {told}" in plain.get_content()


@pytest.mark.usefixtures("settings")
def test_the_same_error_of_the_same_task_is_told_once(
    sink: SmtpSink, connect: Callable[..., None]
) -> None:
    connect(sink.port)
    for day in (20, 21, 19):
        TaskFailureAlert()(context(**over(day)))
    assert len(sink.mails) == 1
    TaskFailureAlert()(context(exception=OSError("another error")))
    assert len(sink.mails) == 2


@pytest.mark.usefixtures("settings")
def test_another_task_of_the_dag_is_told(sink: SmtpSink, connect: Callable[..., None]) -> None:
    connect(sink.port)
    TaskFailureAlert()(context())
    other = context()
    other["ti"].task_id = "plan"
    TaskFailureAlert()(other)
    assert len(sink.mails) == 2


@pytest.mark.usefixtures("settings")
def test_a_run_that_only_sums_up_failures_says_nothing(
    sink: SmtpSink, connect: Callable[..., None]
) -> None:
    connect(sink.port)
    TaskFailureAlert()(context(exception=RunFailedError("tasks failed: plan")))
    assert sink.mails == []


@pytest.mark.usefixtures("settings")
def test_an_alert_that_was_not_sent_is_sent_by_the_next_failure(
    sink: SmtpSink, connect: Callable[..., None]
) -> None:
    connect(sink.port)
    sink.stop()
    with pytest.raises(MailNotSent):
        TaskFailureAlert()(context())
    sink.start()
    TaskFailureAlert()(context())
    assert len(sink.mails) == 1


@pytest.mark.usefixtures("settings")
def test_a_memory_that_is_damaged_keeps_no_alert(
    sink: SmtpSink, connect: Callable[..., None], lake: Lake
) -> None:
    lake.put(tasks_key("ingest_tweets"), b"no JSON")
    connect(sink.port)
    for _ in range(2):
        TaskFailureAlert()(context())
    assert len(sink.mails) == 2


def test_a_lake_that_can_not_be_reached_keeps_no_alert(
    sink: SmtpSink, connect: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {
        "endpoint_url": "http://127.0.0.1:9",
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    connection = {"conn_type": "aws", "login": "test", "password": "test", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps(SETTINGS))
    connect(sink.port)
    TaskFailureAlert()(context())
    assert len(sink.mails) == 1


def test_without_settings_the_error_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_VAR_TWEET_LAKE", raising=False)

    with pytest.raises(BadConfiguration, match="tweet_lake"):
        TaskFailureAlert()(context())


def test_a_dag_file_that_names_it_imports_neither_mail_nor_settings() -> None:
    # Every DAG file is parsed again and again: what it imports has to be little.
    code = (
        "import sys; from include.notify.failure_notifier import TaskFailureAlert;"
        "TaskFailureAlert(); print(*[m for m in sys.modules if m.startswith('include.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )

    assert set(done.stdout.split()) == {
        "include.errors",
        "include.notify",
        "include.notify.failure_notifier",
    }
