"""Running what is measured: children with their time and memory, and turns taken in order."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

REPOSITORY = Path(__file__).parent.parent
FOLDER = REPOSITORY / ".local" / "bench"

Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True)
class Child:
    """One process from start to end."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


def run_child(*command: str | Path, folder: Path = REPOSITORY) -> Child:
    """Run a command in ``folder``; its start-up counts.

    Raises:
        RuntimeError: it failed; the message ends with its last words.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "child.log").open("w+") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdout is not None
        output = process.stdout.read()
        # Not process.wait(): only this tells the memory of this child alone.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        if process.returncode:
            log.seek(0)
            raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{log.read()[-2000:]}")
    return Child(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def in_turns(
    runs: int, subjects: Mapping[str, Callable[[], Measured]]
) -> dict[str, list[Measured]]:
    """Measure every subject once, then every one again, ``runs`` times: A B A B."""
    measured: dict[str, list[Measured]] = {name: [] for name in subjects}
    for number in range(1, runs + 1):
        for name, subject in subjects.items():
            measured[name].append(subject())
            print(f"  {number}/{runs}  {name}: {measured[name][-1]}", flush=True)
    return measured
