"""`make up`: start the host in the background and say where everything is."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from sandbox import host
from sandbox.airflow_home import REPOSITORY

START_SECONDS = 180


def main() -> int:
    """Start it unless it runs; 0 once everything answers."""
    if process := host.running():
        if not host.READY.exists():
            sys.stdout.write(f"Process {process} is starting or ending; try again in a minute.\n")
            return 1
        sys.stdout.write("It is up already.\n")
        _say_where()
        return 0
    host.forget()  # what a crash left would tell that it is up
    host.DIRECTORY.mkdir(parents=True, exist_ok=True)
    sys.stdout.write("Starting the sandbox and Airflow (about half a minute) ")
    started = _start()
    deadline = time.monotonic() + START_SECONDS
    while not host.READY.exists():
        if started.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(host.LOG.read_text(errors="replace").splitlines()[-15:])
            sys.stdout.write(f"\nIt did not start; {host.LOG} ends with:\n{tail}\n")
            started.terminate()
            return 1
        sys.stdout.write(".")
        sys.stdout.flush()
        time.sleep(1)
    sys.stdout.write("\n")
    _say_where()
    return 0


def _start() -> subprocess.Popen[bytes]:
    with host.LOG.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox.host"],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _say_where() -> None:
    facts = json.loads(host.READY.read_text(encoding="utf-8"))
    sys.stdout.write(
        f"Airflow    {facts['airflow']}   user {facts['user']}, password {facts['password']}\n"
        f"Data Docs  {facts['data_docs']}   (after the first run, a minute from now)\n"
        f"mails      {facts['mails']}\n"
        f"X API      {facts['x_api']}\n"
        f"S3         {facts['s3']}\n"
        f"warehouse  {facts['warehouse']}\n"
        "End it with: make down\n"
    )


if __name__ == "__main__":
    sys.exit(main())
