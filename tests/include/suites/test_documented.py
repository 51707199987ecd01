"""What the runbook says about changing a suite works as it is written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from include.suite import PARAMETERS
from sandbox import command, host

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def at_hand(configured, tmp_path, monkeypatch):
    """The lake of these tests is the one that `.env` names."""
    names = ("AIRFLOW_VAR_TWEET_LAKE", "AIRFLOW_CONN_AWS_DEFAULT")
    lines = (f"{name}='{os.environ[name]}'\n" for name in names)
    (tmp_path / ".env").write_text("".join(lines), encoding="utf-8")
    monkeypatch.setenv("AIRFLOW__LOGGING__LOGGING_LEVEL", "")
    monkeypatch.setattr(command, "REPOSITORY", tmp_path)
    monkeypatch.setattr(host, "READY", tmp_path / "ready.json")


@pytest.mark.usefixtures("untouched", "at_hand")
def test_the_commands_of_the_runbook_run(capsys, monkeypatch):
    runbook = (REPOSITORY / "docs" / "runbook.md").read_text(encoding="utf-8")
    section = runbook.split("\n## Change a suite\n")[1].split("\n## ")[0]
    block = re.search(r"```sh\n(.+?)```", section, re.DOTALL)
    assert block is not None
    propose, apply, trial = block[1].splitlines()
    assert apply == f"git apply {propose.split('> ')[1]}"
    printed = []
    for line in (propose.split(" > ")[0], trial):
        said = subprocess.run(
            [*line.split(), "-n"], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        (recipe,) = [printed for printed in said if "sandbox.command" in printed]
        arguments = shlex.split(recipe.partition("-m ")[2])
        monkeypatch.setattr(sys, "argv", [*arguments, "--until", "2026-11-03"])
        assert command.main() == 0
        printed.append(capsys.readouterr().out)
    assert "# expectations/tweets.json: 23 curated rows in 6 batches" in printed[0]
    assert "Nothing would newly fail" in printed[1]


def test_every_parameter_of_a_suite_is_explained():
    readme = (REPOSITORY / "expectations" / "README.md").read_text(encoding="utf-8")
    assert [name for name in PARAMETERS if f"`{name}`" not in readme] == []
