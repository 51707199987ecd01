"""Runs the checks, one after the other: none keeps another from its turn, none takes for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from include.doctor.finding import Finding, Unknown, failed, not_checked
from include.doctor.patient import Patient
from include.errors import TweetLakeError

Look = Callable[[Patient], Iterable[Finding]]
"""A check: what it finds; its docstring's first line says what it looks at."""
SECONDS_A_CHECK = 15.0
SECONDS_IN_ALL = 55.0


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


def _within(seconds: float, look: Look, patient: Patient) -> Sequence[Finding]:
    found: list[Finding] = []
    # Nobody can end a thread: one that is too late is left behind, and ends with the process.
    thread = threading.Thread(target=lambda: found.extend(_look(look, patient)), daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        late = failed(
            f"no answer within {seconds:.0f} s",
            "see that this machine is let through to it (address, route, firewall or security "
            "group), and that it is not overloaded",
        )
        return [late]
    return found


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
