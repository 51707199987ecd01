"""What the backups of both ways ask of S3; what becomes of them is in `command` and `plain`."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

import boto3
import pytest

HOST = Path(__file__).parents[2] / "deploy" / "host"
IN_PARTS = 9 * 1024 * 1024
"""A dump of more than 8 MiB is sent in parts."""


class Programs:
    """A dump of so many bytes, and a reader that is content with it."""

    def __init__(self, size):
        self.size, self.environment = size, os.environ

    def line(self, *command):
        dump = ["head", f"--bytes={self.size}", "/dev/zero"]
        return dump if command[0] == "pg_dump" else ["wc", "--bytes"]


@pytest.fixture
def session():
    return boto3.Session("test", "test", region_name="us-east-1")


@pytest.mark.parametrize("size", [1000, IN_PARTS])
def test_whose_the_bucket_has_to_be_is_said_with_every_request(s3, session, size):
    """Moto has no eye for it: S3 refuses by this header a stranger's bucket that lets us in."""
    endpoint = s3.meta.endpoint_url
    client, sts = (session.client(name, endpoint_url=endpoint) for name in ("s3", "sts"))
    bucket = f"whose-bucket-{size}"
    client.create_bucket(Bucket=bucket)
    asked = []
    client.meta.events.register("before-send.s3", lambda request, **_: asked.append(request))
    with mock.patch.object(sys, "path", [str(HOST), *sys.path]):
        backups = importlib.import_module("command.backups").Backups(bucket, client, sts)

    programs = Programs(size)
    kept, aside = backups.write(programs, {"image": "1"}), backups.write(programs, {})
    assert backups.keys() == [kept]
    assert backups.about(kept) == {"image": "1"}
    with tempfile.TemporaryFile() as output:
        backups.feed(aside, programs, "pg_restore", output=output)
        output.seek(0)
        assert int(output.read()) == size

    sent = {(request.method, "?uploads" in request.url) for request in asked}
    assert sent >= {("PUT", False), ("GET", False), ("HEAD", False)}
    assert (("POST", True) in sent) == (size == IN_PARTS)
    account = sts.get_caller_identity()["Account"].encode()
    owners = {request.headers.get("x-amz-expected-bucket-owner") for request in asked}
    assert owners == {account}
