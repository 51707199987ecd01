"""Processes that run one run and may be killed at any moment, forked from a warm one.

As a program it imports all that a run needs, then forks a process for every line that it reads:
the arguments of :meth:`WarmChild.run` in JSON. It answers with the process id, and with the exit
code once that process is gone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from importlib import import_module
from pathlib import Path
from signal import SIGKILL
from types import TracebackType
from typing import Self

import boto3

from benchmarks.directory_lake import DirectoryLake
from benchmarks.measure import REPOSITORY
from benchmarks.plain_run import SETTINGS, Remembered, run
from include.datasets import dataset_named, dataset_names
from include.interval import Interval
from include.lake import Lake

_ON_THE_WAY = (
    "airflow.sdk",
    "include.data_docs.gx_page",
    "include.data_docs.site",
    "include.notify.mail",
    "include.steps",
    "include.validation",
    "include.x_api.client",
)
"""What a run imports when it comes to it."""
LAKE = "BENCH_LAKE"


class WarmChild:
    """The parent's side: one warm process, and the run that it has forked.

    Args:
        environment: Airflow's connections.
        lake: where the runs find it, whatever the connection says: an S3's URL, or a folder.
        folder: for its log and for temporary files, which the killed leave behind.
    """

    def __init__(self, environment: Mapping[str, str], lake: str, folder: Path) -> None:
        self._log = folder / "child.log"
        temporary = folder / "child"
        temporary.mkdir(parents=True, exist_ok=True)
        self._environment = {
            **os.environ,
            **environment,
            LAKE: lake,
            "TMPDIR": str(temporary),
            "AIRFLOW_HOME": str(folder / "airflow"),
        }

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.warm_child"],
                env=self._environment,
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def run(
        self,
        dataset: str,
        interval: Interval,
        variables: Mapping[str, str],
        *,
        remember: Path | None = None,
        begin: Callable[[Callable[[], None]], None] = lambda _kill: None,
    ) -> bool:
        """Run one run in a process of its own; whether it came to its end.

        Args:
            dataset: whose run it is.
            interval: what it is about.
            variables: Airflow's, as environment variables.
            remember: a folder for what each step returns: those that have ended are not run again,
                as in Airflow; None for a run that begins with the first step.
            begin: called before the run begins, with what kills it.

        Raises:
            RuntimeError: it ended otherwise; the message has its last words.
        """
        job = {
            "dataset": dataset,
            "interval": interval.name,
            "variables": dict(variables),
            "remember": None if remember is None else str(remember),
        }
        assert self._process.stdin is not None
        pid: Future[int] = Future()
        begin(lambda: os.kill(pid.result(timeout=60), SIGKILL))
        self._process.stdin.write(f"{json.dumps(job)}\n")
        self._process.stdin.flush()
        pid.set_result(self._number())
        code = self._number()
        if code not in {0, -SIGKILL}:
            tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-30:])
            raise RuntimeError(f"the run ended with {code}:\n{tail}")
        return code == 0

    def _number(self) -> int:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the warm process ended:\n{self._log.read_text(errors='replace')}")
        return int(line)


def _serve() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what anybody prints is for the log

    for module in _ON_THE_WAY:
        import_module(module)
    for name in dataset_names():
        dataset_named(name).quality()
    lake = _lake(os.environ[LAKE])
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if not pid:
            os.environ.update(job["variables"])
            folder = job["remember"] and Path(job["remember"])
            run(job["dataset"], Interval.parse(job["interval"]), lake, Remembered(folder))
            os._exit(0)
        answers.write(f"{pid}\n")
        answers.flush()
        _, status = os.waitpid(pid, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()


def _lake(place: str) -> Lake:
    if not place.startswith("http"):
        return DirectoryLake(Path(place))
    client = boto3.client(
        "s3",
        endpoint_url=place,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106 - the stand-in's, not a secret
        region_name="us-east-1",
    )
    return Lake(client, SETTINGS["bucket"])


if __name__ == "__main__":
    _serve()
