"""A process whose loads are killed: ``python -m tests.include.warehouse.killed_loads``.

Each line of standard input asks for a load in a process of its own; the answer is how that ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from threading import Lock
from typing import Any, Self
from unittest.mock import patch

import boto3
import pyarrow as pa
from adbc_driver_postgresql import dbapi

from include.lake import Lake
from include.warehouse import load as loading

DATASETS = ("users", "tweets", "tweet_metrics")


class Steps:
    """Counts what all sessions do, by kind, and kills this process at one of its steps."""

    def __init__(self, kind: str = "", number: int = 0) -> None:
        self._last = (kind, number)
        self.made: Counter[str] = Counter()
        self.lock = Lock()
        """For commits: of two at once the first is over when the second is counted."""

    def is_last(self, kind: str) -> bool:
        """Count a step."""
        self.made[kind] += 1
        return (kind, self.made[kind]) == self._last


def die() -> None:
    """End this process as the kernel does that is out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


class Session:
    """A session of the warehouse that takes steps: it dies before a commit or a statement."""

    def __init__(self, connection: Any, steps: Steps) -> None:
        self._connection = connection
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def cursor(self) -> Cursor:
        return Cursor(self._connection.cursor(), self._steps)

    def commit(self) -> None:
        with self._steps.lock:
            if self._steps.is_last("commit"):
                die()
            self._connection.commit()


class Cursor:
    """A cursor that takes steps: it dies before a statement, or in the middle of a COPY."""

    def __init__(self, cursor: Any, steps: Steps) -> None:
        self._cursor = cursor
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cursor.close()

    def execute(self, *arguments: Any) -> Any:
        if self._steps.is_last("statement"):
            die()
        return self._cursor.execute(*arguments)

    def adbc_ingest(self, name: str, rows: Any, **options: Any) -> Any:
        if self._steps.is_last("copy"):
            rows = _broken_off(pa.RecordBatchReader.from_stream(rows))
        return self._cursor.adbc_ingest(name, rows, **options)


def _broken_off(rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    def batches() -> Any:
        yield rows.read_next_batch()
        die()

    return pa.RecordBatchReader.from_batches(rows.schema, batches())


def load_everything(lake: Lake, conninfo: str, steps: Steps) -> None:
    """Load all datasets, as if two objects were many: a day is a batch, two days go at once."""
    with patch.object(loading, "_BATCH_OBJECTS", 2):
        for dataset in DATASETS:
            loading.load(lake, lambda: Session(dbapi.connect(conninfo), steps), dataset)


def main() -> None:
    """Answer until standard input ends. What is imported once is not imported for each load."""
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                lake = Lake(boto3.client("s3", **asked["s3"]), asked["bucket"])
                load_everything(lake, asked["conninfo"], Steps(asked["kind"], asked["number"]))
                os._exit(0)
            finally:
                os._exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
