"""A host without Docker: the real command, moto, a real PostgreSQL, and a stand-in for `docker`."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.command.machine import (
    NEW,
    OLD,
    PARAMETER,
    REGION,
    Database,
    HostMachine,
    client,
)

_numbers = itertools.count()


@pytest.fixture
def host(s3: Any, tmp_path: Path, database: Database) -> HostMachine:
    """A host as the stack leaves it, with two releases in the registry."""
    endpoint, bucket = s3.meta.endpoint_url, f"host-{next(_numbers)}"
    where = {"LocationConstraint": REGION}
    client("s3", endpoint).create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    client("ssm", endpoint).put_parameter(Name=PARAMETER, Value=OLD, Type="String", Overwrite=True)
    machine = HostMachine(tmp_path, endpoint, bucket, database)
    machine.image(OLD)
    machine.image(NEW)
    return machine
