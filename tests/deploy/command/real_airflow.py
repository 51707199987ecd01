"""A real Airflow on a host's metadata."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.world import World
from tests.deploy.command.machine import REPOSITORY, Database

AIRFLOW = (sys.executable, "-m", "airflow")


class RealAirflow:
    """Airflow's commands, and its DAGs as airflow_on_host.py runs them.

    Args:
        home: its folder.
        database: its metadata's.
        world: where its lake is, and what it follows there.
        accounts: whom.
    """

    def __init__(
        self, home: Path, database: Database, world: World | None = None, *accounts: str
    ) -> None:
        home.mkdir()
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(REPOSITORY),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW_VAR_X_ACCOUNTS": json.dumps([{"username": name} for name in accounts]),
            "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.url(),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": database.url(),
            "GX_ANALYTICS_ENABLED": "False",
        }
        if world is not None:
            settings = {
                "bucket": world.bucket,
                "alert_to": ["data-team@example.org"],
                "data_docs_url": "http://docs.example.org",
                "look_back_days": 1,
                "history_days": 1,
            }
            self.environment |= world.environment()
            self.environment["AIRFLOW_VAR_TWEET_LAKE"] = json.dumps(settings)

    def line(self, *words: str) -> list[str]:
        """The command line of one of Airflow's commands, for whoever runs it."""
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        return ["env", "-i", *variables, *AIRFLOW, *words]

    def command(self, *words: str) -> str:
        """Run one of Airflow's commands; what it says."""
        done = subprocess.run(
            self.line(*words), cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    @contextmanager
    def process(self) -> Iterator[Orders]:
        """Airflow at work, for as long as its host lives."""
        said = Path(self.environment["AIRFLOW_HOME"], "said.log")
        with said.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.deploy.command.airflow_on_host"],
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            yield Orders(process)
        finally:
            process.kill()
            process.communicate()


class Orders:
    """What airflow_on_host.py is told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def order(self, *words: str) -> str | None:
        """The answer; None where it died."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip() or None
