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

from include.errors import BadConfiguration
from include.notify.failure_notifier import TaskFailureMail
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
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps(SETTINGS))


@pytest.mark.usefixtures("settings")
def test_a_failed_task_mails_those_whom_the_settings_name(
    sink: SmtpSink, connect: Callable[..., None]
) -> None:
    connect(sink.port)
    TaskFailureMail()(context())

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
    TaskFailureMail()(context(**lacking))

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
    TaskFailureMail()(context(**given, run_id="manual__2026-11-20"))

    (mail,) = sink.mails
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert f"Interval: {told}" in plain.get_content()


def test_without_settings_the_error_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_VAR_TWEET_LAKE", raising=False)

    with pytest.raises(BadConfiguration, match="tweet_lake"):
        TaskFailureMail()(context())


def test_a_dag_file_that_names_it_imports_neither_mail_nor_settings() -> None:
    # Every DAG file is parsed again and again: what it imports has to be little.
    code = (
        "import sys; from include.notify.failure_notifier import TaskFailureMail;"
        "TaskFailureMail(); print(*[m for m in sys.modules if m.startswith('include.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )

    assert set(done.stdout.split()) == {
        "include.errors",
        "include.notify",
        "include.notify.failure_notifier",
    }
