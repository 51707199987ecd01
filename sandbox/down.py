"""`make down`: end what `make up` started."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

from sandbox import host

STOP_SECONDS = 60


def main() -> int:
    """Ask the host to end, and wait until it has."""
    process = host.running()
    if process is None:
        was_up = host.PID.exists() or host.READY.exists()
        host.forget()
        sys.stdout.write("It had ended by itself.\n" if was_up else "It is not up.\n")
        return 0
    with contextlib.suppress(ProcessLookupError):  # it has ended just now
        os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while host.running():
        if time.monotonic() > deadline:
            sys.stdout.write(f"Process {process} does not end; see it with: ps -fp {process}\n")
            return 1
        time.sleep(0.2)
    host.forget()
    sys.stdout.write("Ended.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
