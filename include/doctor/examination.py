"""Runs the checks, one after the other: none keeps another from its turn, none takes for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from include.doctor.finding import Finding, Unknown, failed, not_checked
from include.doctor.patient import Patient
from include.errors import TweetLakeError

Answer = TypeVar("Answer")
Look = Callable[[Patient], Iterable[Finding]]
"""A check: what it finds; its docstring's first line says what it looks at."""
SECONDS_A_CHECK, SECONDS_IN_ALL = 12.0, 45.0
LEFT_BEHIND = "left behind by the doctor"
"""Name of the threads in which checks wait."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found."""

    area: str
    check: str
    findings: Sequence[Finding]


def examine(
    areas: Mapping[str, Sequence[Look]],
    patient: Patient,
    *,
    each: float = SECONDS_A_CHECK,
    in_all: float = SECONDS_IN_ALL,
) -> Iterator[Result]:
    """Run every check in order.

    Args:
        areas: the checks of each area.
        patient: what they look at.
        each: seconds that one may take.
        in_all: seconds that all of them may take.
    """
    end = time.monotonic() + in_all
    for area, looks in areas.items():
        for look in looks:
            left = end - time.monotonic()
            if left > 0:
                findings = _within(min(each, left), look, patient)
            else:
                findings = [not_checked(f"{in_all:.0f} s were over before its turn")]
            yield Result(area, name_of(look), findings)


def name_of(look: Look) -> str:
    """What people call a check."""
    return look.__name__.strip("_").replace("_", " ")


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """What ``ask`` returns or raises, unless it takes too long.

    Nobody can end a thread: one that is too late is left behind, and ends with the process.

    Raises:
        TimeoutError: it does.
    """
    future: Future[Answer] = Future()

    def answer() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            future.set_exception(error)

    threading.Thread(target=answer, name=LEFT_BEHIND, daemon=True).start()
    return future.result(seconds)


def _within(seconds: float, look: Look, patient: Patient) -> Sequence[Finding]:
    try:
        return within(seconds, lambda: _look(look, patient))
    except TimeoutError:
        late = failed(
            f"no answer within {seconds:.0f} s",
            "see that this machine is let through to it (address, route, firewall or security "
            "group), and that it is not overloaded",
        )
        return [late]


def _look(look: Look, patient: Patient) -> Sequence[Finding]:
    try:
        return list(look(patient))
    except Unknown as unknown:
        return [not_checked(str(unknown))]
    except TweetLakeError as error:
        return [failed(str(error))]
    except Exception as error:  # noqa: BLE001 - one that crashes says so, and the others go on
        said = " ".join(str(error).split())
        crash = failed(
            f"the check itself crashed ({type(error).__name__}: {said})",
            "read that as the cause if it names one; otherwise report it as a bug",
        )
        return [crash]
