"""`make up`: start the host in the background and say where everything is."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from sandbox.airflow_home import REPOSITORY
from sandbox.host import DIRECTORY, LOG, READY

START_SECONDS = 180


def main() -> int:
    """Start it unless it runs; 0 once everything answers."""
    if READY.exists():
        sys.stdout.write("It is up already.\n")
        _say_where()
        return 0
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    sys.stdout.write("Starting the sandbox and Airflow (about half a minute) ")
    with LOG.open("wb") as log:
        host = subprocess.Popen(
            [sys.executable, "-m", "sandbox.host"],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not READY.exists():
        if host.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(LOG.read_text(errors="replace").splitlines()[-15:])
            sys.stdout.write(f"\nIt did not start; {LOG} ends with:\n{tail}\n")
            host.terminate()
            return 1
        sys.stdout.write(".")
        sys.stdout.flush()
        time.sleep(1)
    sys.stdout.write("\n")
    _say_where()
    return 0


def _say_where() -> None:
    facts = json.loads(READY.read_text(encoding="utf-8"))
    sys.stdout.write(
        f"Airflow    {facts['airflow']}   user {facts['user']}, password {facts['password']}\n"
        f"Data Docs  {facts['data_docs']}   (after the first run, a minute from now)\n"
        f"mails      {facts['mails']}\n"
        f"X API      {facts['x_api']}\n"
        f"S3         {facts['s3']}\n"
        "End it with: make down\n"
    )


if __name__ == "__main__":
    sys.exit(main())
