"""An S3 server in a process of its own, so that it is not measured as part of what asks it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

_START_SECONDS = 120


@contextmanager
def s3(module: str = "moto.server", *arguments: str) -> Iterator[Any]:
    """A client of the server that a module of moto's, or one like it, starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", module, "-H", "127.0.0.1", "-p", str(port), *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106 - the stand-in's, not a secret
        region_name="us-east-1",
        config=Config(request_checksum_calculation="when_required"),
    )
    try:
        _wait_until_answering(client)
        yield client
    finally:
        server.terminate()
        server.wait()


def _wait_until_answering(client: Any) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            client.list_buckets()
        except BotoCoreError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
