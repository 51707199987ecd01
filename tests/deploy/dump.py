"""Backups as a host makes them, of a dump that takes no PostgreSQL."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

HOST = Path(__file__).parents[2] / "deploy" / "host"
IN_PARTS = 9 * 1024 * 1024
"""A dump of more than 8 MiB is sent in parts."""


class Dump:
    """A dump of so many bytes, and a reader that is content with it."""

    def __init__(self, size: int) -> None:
        self.size, self.environment = size, os.environ

    def line(self, *command: str) -> list[str]:
        """What runs in the place of PostgreSQL's programs; the reader says how much it has read."""
        dump = ["head", f"--bytes={self.size}", "/dev/zero"]
        return dump if command[0] == "pg_dump" else ["wc", "--bytes"]


def backups(bucket: str, s3: Any, sts: Any) -> Any:
    """The bucket's backups, by the host's own code, which is no package of ours."""
    with mock.patch.object(sys, "path", [str(HOST), *sys.path]):
        return importlib.import_module("command.backups").Backups(bucket, s3, sts)
