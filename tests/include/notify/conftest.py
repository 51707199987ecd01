"""A mail server and an SNS topic to send to, and Airflow's connections to them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.smtp_sink import SmtpSink

Connect = Callable[..., None]
_numbers = itertools.count()


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


@pytest.fixture
def aws(s3: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Airflow's connection ``aws_default`` to the local AWS; returns its address."""
    url = str(s3.meta.endpoint_url)
    connection = {
        "conn_type": "aws",
        "login": "test",
        "password": "test",
        "extra": {"endpoint_url": url, "region_name": "us-east-1"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    return url


@dataclass
class Topic:
    """An SNS topic with a queue that subscribes to it."""

    arn: str
    queue: str
    sqs: Any

    @property
    def messages(self) -> list[dict[str, str]]:
        """What arrived since the last look, as SNS puts it: ``Subject`` and ``Message``."""
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture
def topic(aws: str) -> Topic:
    """A topic in another region than the lake's bucket."""
    sns, sqs = (
        boto3.client(
            name,
            endpoint_url=aws,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="eu-central-1",
        )
        for name in ("sns", "sqs")
    )
    name = f"alerts-{next(_numbers)}"
    arn = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn["Attributes"]["QueueArn"])
    return Topic(arn, queue, sqs)
