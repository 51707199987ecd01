"""Running what is measured: children with their time and memory, and turns taken in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

REPOSITORY = Path(__file__).parent.parent
FOLDER = REPOSITORY / ".local" / "bench"

Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True)
class Child:
    """One process from start to end."""

    code: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, {self.cpu_seconds:.2f} s of CPU, {self.peak_mb:.0f} MB"


def run_child(*command: str | Path, folder: Path = REPOSITORY) -> Child:
    """Run a command in ``folder``; its start-up counts.

    A process begins with the peak memory of whoever started it, so that a small one in between,
    this file, starts and measures it.

    Raises:
        RuntimeError: it failed; the message ends with its last words.
    """
    launched = subprocess.run(
        [sys.executable, "-IS", __file__, *map(str, command)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    child = Child(**json.loads(launched.stdout))
    if child.code:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{launched.stderr[-2000:]}")
    return child


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


def _measure(command: list[str]) -> Child:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    # Not process.wait(): only this tells the memory of this child alone.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Child(
        code=process.returncode,
        seconds=time.perf_counter() - began,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
        output=output,
    )


if __name__ == "__main__":
    print(json.dumps(asdict(_measure(sys.argv[1:]))))
