"""docs/security.md: each line names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
LINES = [
    line
    for table in PAGE.read_text(encoding="utf-8").split("| threat | what stops it | proof |\n")[1:]
    for line in table.split("\n\n")[0].splitlines()[1:]
]


def test_every_table_of_threats_is_read():
    assert len(LINES) > 25
    assert sum("tests/security/" in line for line in LINES) > 8


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[2:50])
def test_each_threat_is_stopped_by_something_that_a_test_proves(line):
    _, threat, stop, proof, _ = (cell.strip() for cell in line.split("|"))
    assert threat
    assert stop
    tests = re.findall(r"\[(test_\w+)\]\(([^)]+)\)", proof)
    assert tests
    for name, path in tests:
        assert f"def {name}(" in (PAGE.parent / path).read_text(encoding="utf-8"), name
