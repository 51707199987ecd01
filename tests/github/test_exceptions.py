"""Whoever passes over a rule about security, or a known weakness, says why in the same line."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
PROJECT = (REPOSITORY / "pyproject.toml").read_text("utf-8")
SOURCES = [
    path
    for path in sorted(REPOSITORY.rglob("*"))
    if not {".venv", ".local", ".git"} & set(path.relative_to(REPOSITORY).parts)
    and path.is_file()
    and (path.suffix == ".py" or path.read_bytes()[:2] == b"#!")
]
A_REASON = re.compile(r"\s+[-#(]\s*\w")


def test_every_security_rule_is_asked():
    (selected,) = re.findall(r"\nselect = \[(.+?)\]", PROJECT, re.DOTALL)
    (ignored,) = re.findall(r"\nignore = \[(.+?)\n\]", PROJECT, re.DOTALL)
    assert '"S"' in selected
    assert not re.findall(r'"S\d*"', ignored)


def test_an_exception_in_the_code_says_why():
    unexplained = [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (found := re.search(r"# noqa:\s*((?:[A-Z]+\d+[, ]*)+)(.*)", line))
        and re.search(r"\bS\d{3}\b", found[1])
        and not A_REASON.match(" " + found[2])
    ]
    assert unexplained == []


def test_an_exception_for_files_says_why():
    (files,) = re.findall(r"per-file-ignores\]\n(.+?)\n\[", PROJECT, re.DOTALL)
    unexplained = [
        line
        for line in files.splitlines()
        if re.search(r'"S\d{3}"', line) and not re.search(r"# \w+", line)
    ]
    assert unexplained == []


@pytest.mark.parametrize(
    ("line", "explained"), [(" - ours", True), ("  # escaped", True), ("", False), (" ", False)]
)
def test_what_a_reason_looks_like(line, explained):
    assert bool(A_REASON.match(" " + line)) is explained


def test_every_weakness_that_is_passed_over_says_why_and_until_when():
    lines = (REPOSITORY / ".ci" / "audit-exceptions.txt").read_text("utf-8").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    for entry in entries:
        assert re.fullmatch(r"(PYSEC|GHSA|CVE)-[\w-]+  # .+; gone with .+", entry), entry


AN_EXCEPTION_OF_THE_SCAN = (
    r"  - \{vulnerability: (CVE|GHSA)-[\w-]+, package: \{name: [^}]+\}\}  # .+; gone with .+"
)


def test_every_weakness_that_the_scan_passes_over_says_why_and_until_when():
    text = (REPOSITORY / ".grype.yaml").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines.pop(0) in ({"ignore:"} if lines else {"ignore: []"})
    for line in lines:
        assert re.fullmatch(AN_EXCEPTION_OF_THE_SCAN, line), line


def test_the_scan_s_example_is_an_entry_once_it_takes_its_place():
    text = (REPOSITORY / ".grype.yaml").read_text("utf-8")
    (example,) = re.findall(r"(?m)^#(  - .+)$", text)
    assert re.fullmatch(AN_EXCEPTION_OF_THE_SCAN, example)
    (entry,) = yaml.safe_load(f"ignore:\n{example}\n")["ignore"]
    assert entry == {"vulnerability": "CVE-2026-1", "package": {"name": "stdlib"}}


@pytest.fixture
def audit(tmp_path):
    """Runs `make audit` over what uv exports; pip-audit is a stand-in that repeats its question."""

    def audit(*exported: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        lines = "\n".join(exported)
        for name, body in {
            "uv": f"printf '%s\\n' '{lines}'; exit {status}",
            "pip-audit": 'echo "$@"; for i; do [ ! -f "$i" ] || cat "$i"; done',
        }.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n[ $1 != export ] || echo $* >&2\n{body}\n")
            (tmp_path / name).chmod(0o755)
        here = [f"UV={tmp_path}/uv", f"BIN={tmp_path}"]
        return subprocess.run(
            ["make", "--no-print-directory", "--old-file=.venv/testable", *here, "audit"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )

    return audit


def test_the_audit_asks_for_what_the_lock_has_for_any_python(audit):
    """pip-audit itself leaves out what is for another one than its own."""
    done = audit(
        "anyio==4.1", "numpy==2.4 ; python_full_version < '3.12'", "numpy==2.5 ; sys_platform"
    )
    assert done.returncode == 0, done.stderr
    assert "--locked" in done.stderr
    assert "--all-groups" in done.stderr
    assert re.sub(r"(?m)^--strict .+", "asked:", done.stdout).split("asked:\n")[1:] == [
        "anyio==4.1\nnumpy==2.4\n",
        "numpy==2.5\n",
    ]


def test_the_audit_passes_nothing_where_the_lock_is_out_of_date(audit):
    done = audit("", status=1)
    assert done.returncode != 0
    assert done.stdout == ""


def test_the_audit_reads_the_exceptions():
    recipe = (REPOSITORY / "Makefile").read_text("utf-8").split("\naudit:")[1].split("\n\n")[0]
    assert "--ignore-vuln" in recipe
    assert ".ci/audit-exceptions.txt" in recipe
