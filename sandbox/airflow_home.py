"""An Airflow of its own on this machine: one folder, loopback only, without Docker."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.error import URLError
from urllib.request import urlopen

REPOSITORY = Path(__file__).parent.parent
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
START_SECONDS = 120


class AirflowHome:
    """Airflow in ``directory``, with ``world`` (connections and Variables) as its environment.

    ``command`` runs one of Airflow's commands; as a context manager it runs Airflow's components
    on loopback, with LocalExecutor and ``slots`` task slots, until it is left.
    """

    def __init__(
        self, directory: Path, world: Mapping[str, str], *, port: int | None = None, slots: int = 4
    ) -> None:
        self.directory = directory.absolute()
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[IO[bytes]] = []
        self.environment = {
            **_surroundings(),
            **world,
            "AIRFLOW_HOME": str(self.directory),
            "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": str(slots),
            "AIRFLOW__CORE__MAX_MAP_LENGTH": "4096",
            "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": str(max(slots, 16)),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__WORKERS": "1",
            # Every component has to know the same one; it lives as long as they do.
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.directory / "logs"),
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "GX_ANALYTICS_ENABLED": "False",
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "config")]),
        }

    def command(self, *arguments: str) -> None:
        """Run ``airflow <arguments>`` to its end.

        Raises:
            RuntimeError: it failed; the message holds the end of its output.
        """
        with self.start_command(*arguments) as process:
            output, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"airflow {' '.join(arguments)} failed:\n{output[-2000:]}")

    def start_command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start ``airflow <arguments>``; its output, errors among it, comes through a pipe."""
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", *arguments],
            env=self.environment,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def migrate(self) -> None:
        """Create the metadata database (SQLite) and the pool that the DAGs need."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.command("db", "migrate")
        self.command("pools", "set", "x_api", "8", "Tasks that may ask X at the same time")

    def __enter__(self) -> Self:
        self.migrate()
        logs = self.directory / "logs"
        logs.mkdir(exist_ok=True)
        for component in COMPONENTS:
            arguments = [component]
            if component in {"scheduler", "triggerer"}:
                # Their log servers would listen on every address; the UI reads the files.
                arguments.append("--skip-serve-logs")
            log = (logs / f"{component}.log").open("wb")
            self._logs.append(log)
            self._processes[component] = subprocess.Popen(
                [sys.executable, "-m", "airflow", *arguments],
                env=self.environment,
                cwd=REPOSITORY,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every component and what it started."""
        for process in self._processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for log in self._logs:
            log.close()

    @property
    def password(self) -> str:
        """Password of the user ``admin`` of Airflow's UI, made up by Airflow itself."""
        path = self.directory / "simple_auth_manager_passwords.json.generated"
        return str(json.loads(path.read_text(encoding="utf-8"))["admin"])

    def check(self) -> None:
        """Raise RuntimeError if a component has ended, with the end of its log."""
        for component, process in self._processes.items():
            if process.poll() is not None:
                log = self.directory / "logs" / f"{component}.log"
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
                raise RuntimeError(f"airflow {component} ended; {log} says:\n{tail}")

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            try:
                with urlopen(f"{self.url}/api/v2/monitor/health", timeout=5) as answer:
                    health = json.load(answer)
            except (URLError, OSError, ValueError):
                time.sleep(0.5)
                continue
            if all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor")):
                return
            time.sleep(0.5)
        raise RuntimeError(
            f"Airflow was not healthy after {START_SECONDS} s; see {self.directory / 'logs'}"
        )


def _surroundings() -> dict[str, str]:
    """The caller's environment without its Airflow and AWS: they may name a real database."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW_", "AWS_"))}
    named = [kept.get("NO_PROXY"), kept.get("no_proxy"), "127.0.0.1,localhost"]
    direct = ",".join(filter(None, named))
    return {**kept, "NO_PROXY": direct, "no_proxy": direct}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
