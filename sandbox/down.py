"""`make down`: end what `make up` started."""

from __future__ import annotations

import os
import signal
import sys
import time

from sandbox.host import PID

STOP_SECONDS = 60


def main() -> int:
    """Ask the host to end, and wait until it has."""
    if not PID.exists():
        sys.stdout.write("It is not up.\n")
        return 0
    process = int(PID.read_text(encoding="utf-8"))
    try:
        os.kill(process, signal.SIGTERM)
    except ProcessLookupError:
        PID.unlink()
        sys.stdout.write("It had ended by itself.\n")
        return 0
    deadline = time.monotonic() + STOP_SECONDS
    while PID.exists():
        if time.monotonic() > deadline:
            sys.stdout.write(f"Process {process} does not end; see it with: ps -fp {process}\n")
            return 1
        time.sleep(0.2)
    sys.stdout.write("Ended.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
