"""Who is told that a service of a plain host failed."""

from __future__ import annotations

import json
import os
import time

import pytest

from deploy.plain import failed
from sandbox.smtp_sink import SmtpSink

SERVICE = "tweet-lake-scheduler"
KILLED = f"{SERVICE}:signal"


@pytest.fixture
def sink(tmp_path, monkeypatch):
    """A mail server; the host, whose disk is full, is set up to send to it."""
    (tmp_path / "run").mkdir()
    sink = SmtpSink(tmp_path / "mails")
    sink.start()
    smtp = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": sink.port,
        "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "lake@example.org"},
    }
    settings = {
        "bucket": "lake",
        "alert_to": ["one@example.org", "two@example.org"],
        "data_docs_url": "https://airflow.example.org/data-docs",
    }
    for name, value in {
        # A full disk: nothing can be written but memory.
        "AIRFLOW_HOME": str(tmp_path / "full"),
        "RUNTIME_DIRECTORY": str(tmp_path / "run"),
        "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp),
        "AIRFLOW_VAR_TWEET_LAKE": json.dumps(settings),
        "TWEET_LAKE_DOMAIN": "airflow.example.org",
        # It sets that itself: taken back after the test.
        "_AIRFLOW_PROCESS_CONTEXT": "server",
    }.items():
        monkeypatch.setenv(name, value)
    yield sink
    sink.stop()


def test_a_mail_says_which_service_how_and_where_to_look(sink):
    assert failed.main(KILLED) == 0
    (mail,) = sink.mails
    assert mail["Subject"] == f"[tweet-lake] {SERVICE} failed on airflow.example.org"
    assert mail["To"] == "one@example.org, two@example.org"
    text = mail.get_content()
    assert "UTC: signal." in text
    assert f"journalctl --unit={SERVICE}" in text


def test_the_same_is_told_once_in_the_quiet_period_and_something_else_at_once(sink, tmp_path):
    failed.main(KILLED)
    failed.main(KILLED)
    assert len(sink.mails) == 1
    failed.main(f"{SERVICE}:oom-kill")
    assert len(sink.mails) == 2
    day_ago = time.time() - 25 * 3600
    for told in (tmp_path / "run").iterdir():
        os.utime(told, (day_ago, day_ago))
    failed.main(KILLED)
    assert len(sink.mails) == 3


def test_a_mail_that_nobody_took_is_tried_again_at_the_next_failure(sink, capsys):
    sink.stop()
    assert failed.main(KILLED) == 1
    assert f"Nobody was told that {SERVICE} failed: the mail" in capsys.readouterr().err
    sink.start()
    assert failed.main(KILLED) == 0
    assert len(sink.mails) == 1


def test_who_has_the_mail_is_not_told_again_because_others_refused_it(sink, capsys):
    sink.rejected_recipients = "two@"
    assert failed.main(KILLED) == 1
    told = capsys.readouterr().err
    assert f"Not everybody was told that {SERVICE} failed: " in told
    assert "two@example.org" in told
    assert failed.main(KILLED) == 0
    assert len(sink.mails) == 1


def test_on_a_host_without_settings_the_journal_has_it(sink, monkeypatch, capsys):
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", "{}")
    assert failed.main(KILLED) == 1
    assert f"Nobody was told that {SERVICE} failed: " in capsys.readouterr().err
    assert sink.mails == []
