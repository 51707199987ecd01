"""A mail server to send to, and Airflow's connection to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.smtp_sink import SmtpSink

Connect = Callable[..., None]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SmtpSink]:
    """A server that keeps mails as files."""
    sink = SmtpSink(tmp_path / "mails")
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Set the Airflow connection ``smtp_default``: ``connect(port)``, more for its extra."""

    def set_connection(port: int, **extra: Any) -> None:
        settings = {
            "disable_ssl": True,
            "disable_tls": True,
            "from_email": "Tweet Lake <lake@example.org>",
            **extra,
        }
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": settings}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))

    return set_connection
