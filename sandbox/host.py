"""Airflow and its world on this machine until SIGTERM: what `make up` keeps in the background."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

from dotenv import dotenv_values

from sandbox.airflow_home import REPOSITORY, AirflowHome
from sandbox.demo import demo_environment
from sandbox.warehouse import Warehouse
from sandbox.world import World

DIRECTORY = REPOSITORY / ".local" / "up"
PID = DIRECTORY / "host.pid"
READY = DIRECTORY / "ready.json"
LOG = DIRECTORY / "host.log"
AIRFLOW_PORT = 8080
X_PORT, S3_PORT, SMTP_PORT = 8900, 8901, 8902


def main() -> None:
    """Run until SIGTERM or SIGINT; ``ready.json`` is there while everything answers."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    PID.write_text(str(os.getpid()), encoding="utf-8")
    try:
        _run(stop)
    finally:
        forget()


def running() -> int | None:
    """Return the host's process id; None if it has ended, whatever files it left."""
    try:
        process = int(PID.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # not there, or cut short by a crash
        return None
    # After a crash the number may be somebody else's.
    return process if "-m sandbox.host" in _command(process) else None


def forget() -> None:
    """Delete the files that say that it runs."""
    READY.unlink(missing_ok=True)
    PID.unlink(missing_ok=True)


def _command(process: int) -> str:
    """Return a process's command line; empty if there is no such process."""
    if Path("/proc/self/cmdline").exists():
        try:
            line = Path(f"/proc/{process}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return line.replace(b"\0", b" ").decode(errors="replace")
    asked = ["ps", "-o", "command=", "-p", str(process)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def _run(stop: threading.Event) -> None:
    world = World(DIRECTORY / "world", x_port=X_PORT, s3_port=S3_PORT, smtp_port=SMTP_PORT)
    home_folder = DIRECTORY / "airflow"
    # The world's S3 forgets everything between two starts; an old database would tell of it.
    shutil.rmtree(home_folder, ignore_errors=True)
    with world, Warehouse(DIRECTORY / "warehouse") as warehouse:
        connections = world_of(world, warehouse.url)
        home = AirflowHome(home_folder, connections, port=AIRFLOW_PORT)
        with home:
            _say_ready(home, world, warehouse)
            while not stop.wait(timeout=2):
                home.check()


def world_of(world: World, warehouse: str, own: Path = REPOSITORY / ".env") -> dict[str, str]:
    """Connections and Variables of the sandbox; what the file ``.env`` sets wins over them."""
    docs_url = f"http://127.0.0.1:{AIRFLOW_PORT}/data-docs/"
    environment = demo_environment(world, data_docs_url=docs_url)
    settings = {name: value for name, value in dotenv_values(own).items() if value is not None}
    if "AIRFLOW_CONN_X_API" in settings:
        # The sandbox's accounts live in the sandbox only.
        del environment["AIRFLOW_VAR_X_ACCOUNTS"]
    environment["AIRFLOW_CONN_WAREHOUSE"] = warehouse
    return {**environment, "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False", **settings}


def _say_ready(home: AirflowHome, world: World, warehouse: Warehouse) -> None:
    facts = {
        "airflow": home.url,
        "user": "admin",
        "password": home.password,
        "data_docs": f"{home.url}/data-docs/",
        "x_api": world.x_url,
        "s3": world.s3_url,
        "warehouse": warehouse.url,
        "smtp_port": world.smtp_port,
        "mails": str(world.smtp.folder.relative_to(REPOSITORY)),
    }
    draft: Path = READY.with_suffix(".draft")
    draft.write_text(json.dumps(facts), encoding="utf-8")
    draft.replace(READY)


if __name__ == "__main__":
    main()
