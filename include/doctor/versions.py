"""Python, Airflow and the packages are those that the project was tested with."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from include.doctor.finding import Finding, failed, not_checked, ok, warning
from include.doctor.patient import Patient

ROOT = Path(__file__).parents[2]
_OLDEST, _NEWEST = (3, 11), (3, 13)
_NAMED = 5


def python(_: Patient) -> Iterator[Finding]:
    """Python is 3.11, 3.12 or 3.13."""
    here = sys.version_info[:2]
    said = f"Python {sys.version.split()[0]}"
    if _OLDEST <= here <= _NEWEST:
        yield ok(said)
    else:
        yield failed(said, "use 3.11, 3.12 or 3.13")


def airflow(_: Patient) -> Iterator[Finding]:
    """Airflow is the one that the lock names."""
    there, locked = version("apache-airflow"), locked_versions(ROOT).get("apache-airflow")
    if locked is None:
        yield not_checked(f"Airflow {there}; uv.lock is not here to compare with")
    elif there in locked:
        yield ok(f"Airflow {there}")
    else:
        yield failed(
            f"Airflow {there}, but the project is tested with {', '.join(sorted(locked))}",
            "run the image, or the virtual environment, that belongs to this version of the code",
        )


def packages(_: Patient) -> Iterator[Finding]:
    """The packages are there, and those of `uv.lock`; of `requirements.txt` where there is none."""
    locked, wanted = locked_versions(ROOT), required(ROOT)
    if not locked and not wanted:
        yield not_checked("neither uv.lock nor requirements.txt is here to compare with")
        return
    there = {_plain(found.name): found.version for found in distributions() if found.name}
    if missing := sorted(wanted.keys() - there.keys()):
        yield failed(f"missing: {_few(missing)}", _ANEW)
    expected = locked or {name: {pinned} for name, pinned in wanted.items()}
    drifted = sorted(
        f"{name} {there[name]} (locked: {', '.join(sorted(versions))})"
        for name, versions in expected.items()
        if name in there and there[name] not in versions
    )
    if drifted:
        yield warning(f"drifted from the lock: {_few(drifted)}", _ANEW)
    if not missing and not drifted:
        yield ok(f"{len(expected.keys() & there.keys())} packages are those of the lock")


_ANEW = (
    "install the lock anew: `make setup` on a laptop, a new image on a host; or build the image "
    "from this version of the code"
)


def locked_versions(root: Path) -> dict[str, set[str]]:
    """The versions that ``uv.lock`` has of each package; empty where there is no lock."""
    try:
        packages = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))["package"]
    except FileNotFoundError:
        return {}
    found: dict[str, set[str]] = {}
    for package in packages:
        if "version" in package and "virtual" not in package["source"]:
            found.setdefault(_plain(package["name"]), set()).add(package["version"])
    return found


def required(root: Path) -> dict[str, str]:
    """The packages that ``requirements.txt`` pins for this Python and platform."""
    try:
        lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pins = {}
    for line in lines:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:  # a comment or an empty line
            continue
        if wanted.marker is None or wanted.marker.evaluate():
            pins[_plain(wanted.name)] = str(wanted.specifier).removeprefix("==")
    return pins


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _few(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
