"""This machine has room, memory and the right time."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from airflow.configuration import conf

from include.doctor.finding import Finding, Unknown, failed, ok, warning
from include.doctor.patient import Patient

LITTLE, HARDLY_ANY = 0.20, 0.05
"""Parts of a disk that are free."""
NOTICEABLE, TOO_MUCH = timedelta(seconds=5), timedelta(minutes=5)
"""How far a clock may be off. A run waits until the end of its interval is 35 s past, X takes what
is 30 s past: a clock that is further ahead is refused. S3 refuses 15 minutes."""
AIRFLOW_MB, TASK_MB = 1_100, 450
"""What Airflow's services need, and a task that validates (benchmarks/README.md)."""
_MB = 2**20
_UNSYNCHRONISED = 0x40  # STA_UNSYNC


def disk(_: Patient) -> Iterator[Finding]:
    """Disks have free space: for logs, temporary files, and what else is on them."""
    for folder in _folders():
        free = shutil.disk_usage(folder)
        yield _room(folder, free.free, free.total, f"{free.free / 2**30:,.1f} GiB")


def inodes(_: Patient) -> Iterator[Finding]:
    """Disks have free inodes: logs are many small files."""
    counted = False
    for folder in _folders():
        found = os.statvfs(folder)
        if found.f_files:  # some file systems have no fixed number of them
            counted = True
            yield _room(folder, found.f_favail, found.f_files, f"{found.f_favail:,} inodes")
    if not counted:
        yield ok("these file systems make inodes as they are needed")


def memory(patient: Patient) -> Iterator[Finding]:
    """Memory is enough for Airflow and as many validating tasks as the settings let run at once."""
    total = _memory_mb()
    tasks = min(patient.settings.validation_tasks, conf.getint("core", "parallelism"))
    needed = AIRFLOW_MB + tasks * TASK_MB
    said = f"{total:,} MB; Airflow and {tasks} validating tasks need some {needed:,}"
    if total >= needed:
        yield ok(said)
    else:
        fitting = max(1, (total - AIRFLOW_MB) // TASK_MB)
        yield warning(
            said,
            f"set validation_tasks in 'tweet_lake' to {fitting}, so that fewer run at once; or "
            "take a larger machine",
        )


def skew(patient: Patient) -> Iterator[Finding]:
    """The clock agrees with those of X and S3."""
    if not patient.skews:
        raise Unknown("neither X nor S3 told the time")
    for whose, ahead in patient.skews.items():
        seconds = ahead.total_seconds()
        said = f"{abs(seconds):,.0f} s {'ahead of' if seconds > 0 else 'behind'} {whose}"
        if abs(ahead) <= NOTICEABLE:
            yield ok(f"within {NOTICEABLE.seconds} s of {whose}")
        elif abs(ahead) <= TOO_MUCH:
            yield warning(f"this clock is {said}", _SET_IT)
        else:
            yield failed(f"this clock is {said}; S3 refuses a machine that is 15 min off", _SET_IT)


def time_service(_: Patient) -> Iterator[Finding]:
    """Something keeps the clock right (NTP)."""
    if _is_synchronised():
        yield ok("the clock is being kept right")
    else:
        yield warning("nothing keeps the clock right", _SET_IT)


_SET_IT = (
    "have it kept right: `timedatectl set-ntp true`, or chrony (on EC2 with 169.254.169.123); in a "
    "container it is the host's clock"
)


def _folders() -> list[Path]:
    """A folder of each disk that is written to."""
    logs = Path(conf.get_mandatory_value("logging", "base_log_folder"))
    wanted = [next(p for p in (logs, *logs.parents) if p.exists()), Path(tempfile.gettempdir())]
    return list({folder.stat().st_dev: folder for folder in reversed(wanted)}.values())


def _room(folder: Path, free: int, total: int, said: str) -> Finding:
    part = free / total if total else 0.0
    said = f"{folder}: {said} free ({part:.0%})"
    if part >= LITTLE:
        return ok(said)
    remedy = (
        f"delete old logs below {conf.get('logging', 'base_log_folder')}, local backups and images "
        "(`docker image prune -a`, `journalctl --vacuum-size=200M`), or enlarge the disk; "
        "docs/operating.md, Disk full"
    )
    return (warning if part >= HARDLY_ANY else failed)(said, remedy)


def _memory_mb() -> int:
    """Of the machine; what a container may take of it goes with its image.

    Raises:
        Unknown: this is no Linux.
    """
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except FileNotFoundError as error:
        raise Unknown("this system does not tell its memory as Linux does") from error
    (total,) = (int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal:"))
    return total // _MB


class _Timex(ctypes.Structure):
    """The head of the kernel's ``struct timex``, with room for the rest (adjtimex(2))."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def _is_synchronised() -> bool:
    """Whether the kernel was told the time lately, as ``timedatectl`` asks it.

    Raises:
        Unknown: it can't be asked.
    """
    told = _Timex()  # modes 0: nothing is changed
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(told))
    except (AttributeError, OSError) as error:
        raise Unknown("this system does not tell whether its clock is kept right") from error
    if answer < 0:
        raise Unknown(f"the kernel did not say ({os.strerror(ctypes.get_errno())})")
    return not told.status & _UNSYNCHRONISED
