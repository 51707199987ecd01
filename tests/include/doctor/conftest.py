"""A patient to look at: real services of the sandbox, and stand-ins that refuse."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from airflow.sdk.configuration import clear_secrets_backends_cache

from include.doctor.examination import Look, examine
from include.doctor.finding import Finding
from include.doctor.patient import Patient
from include.lake import Lake
from tests.include.doctor.authority import Authority

Settings = Callable[..., None]
Set = Callable[..., None]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Set the Variable ``tweet_lake``; keywords win over what is needed at least."""

    def set_variable(**keys: Any) -> None:
        least = {
            "bucket": "tweet-lake",
            "alert_to": ["data-team@example.org"],
            "data_docs_url": "http://127.0.0.1:9/data-docs/",
        }
        monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps({**least, **keys}))

    set_variable()
    return set_variable


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Set an Airflow connection: ``connection("x_api", conn_type="http", …)``."""

    def set_connection(name: str, **fields: Any) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))

    return set_connection


@pytest.fixture
def aws(connection: Set) -> Set:
    """Let ``aws_default`` lead to an address."""

    def to(url: str, **extra: Any) -> None:
        named = {"endpoint_url": url, "region_name": "us-east-1", **extra}
        connection("aws_default", conn_type="aws", login="test", password="test", extra=named)

    return to


@pytest.fixture(autouse=True)
def own_secrets_backend() -> Iterator[None]:
    """Airflow keeps the first backend that a process asks for: nobody gets that of another test."""
    yield
    clear_secrets_backends_cache()


@pytest.fixture
def patient() -> Patient:
    """Nothing was looked at yet."""
    return Patient(lambda: datetime.now(UTC))


@pytest.fixture
def look(patient: Patient) -> Callable[[Look], list[Finding]]:
    """Make one check."""

    def look(check: Look) -> list[Finding]:
        (result,) = examine({"area": [check]}, patient)
        return list(result.findings)

    return look


@pytest.fixture
def our_lake(lake: Lake, settings: Settings, aws: Set, patient: Patient) -> Lake:
    """An empty lake that the patient has found to be there."""
    settings(bucket=lake.bucket)
    aws(lake.client.meta.endpoint_url)
    patient.answers("the bucket")
    return lake


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Somebody who signs certificates, and whom nobody trusts."""
    return Authority()


class Stub:
    """An HTTP server that answers whatever it is asked with ``status`` and ``body``."""

    def __init__(self) -> None:
        self.status, self.body = 200, b""
        self.only_with: str | None = None
        """A header without which the answer is an empty 200."""
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                refuses = stub.only_with is None or stub.only_with in self.headers
                self.send_response(stub.status if refuses else 200)
                body = stub.body if refuses else b"<ListBucketResult/>"
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def refuse(self, code: str, status: int = 403, only_with: str | None = None) -> None:
        """Answer as S3 refuses."""
        self.status, self.only_with = status, only_with
        self.body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()


@pytest.fixture
def stub() -> Iterator[Stub]:
    """An HTTP server of one answer."""
    stub = Stub()
    thread = threading.Thread(target=stub.server.serve_forever, daemon=True)
    thread.start()
    yield stub
    stub.server.shutdown()
    stub.server.server_close()
