"""What `install` refuses, with a sentence, before it changes anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

PLAIN = Path(__file__).parents[3] / "deploy" / "plain"
PROGRAMS = ("install", "uninstall", "tweet-lake-run")
SOUND = {
    "id": "echo 0",
    "df": "echo Avail; echo 9000000",
    "pg_lsclusters": "",
    "pg_dump": "",
    "python3": "",
}
"""What the programs of a host say on which `install` has nothing to refuse but systemd."""


@pytest.fixture
def say(tmp_path):
    """What a program of ours says on a host that has the named programs and no other."""
    for name in ("cat", "dirname", "tail"):
        (tmp_path / name).symlink_to(shutil.which(name))

    def run(program: str, programs: dict[str, str]) -> str:
        for name, says in programs.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
            (tmp_path / name).chmod(0o755)
        done = subprocess.run(
            [shutil.which("bash"), PLAIN / program],
            env={"PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stdout == ""
        (sentence,) = done.stderr.splitlines()
        return sentence

    return run


@pytest.mark.parametrize(
    ("programs", "sentence"),
    [
        ({"id": "echo 1000"}, "only root can do this; run: sudo "),
        ({"python3": "exit 1"}, "Python 3.11, 3.12 or 3.13 is needed and 'python3' is not one"),
        (
            {"python3": 'case "$2" in *ensurepip*) exit 1;; esac'},
            "'python3' can't make a virtual environment; apt-get install python3-venv",
        ),
        ({"df": "echo Avail; echo 2000000"}, "/opt has 1 GB free and 3 GB are needed"),
        ({"pg_lsclusters": None}, "there is no PostgreSQL for Airflow's metadata; apt-get install"),
        ({"pg_dump": None}, "backups need pg_dump; apt-get install postgresql-client"),
    ],
)
def test_what_a_host_lacks(say, programs, sentence):
    there = {name: says for name, says in {**SOUND, **programs}.items() if says is not None}
    assert f"install: {sentence}" in say("install", there)


@pytest.mark.skipif(Path("/run/systemd/system").exists(), reason="systemd runs this machine")
def test_a_machine_without_systemd(say):
    assert "systemd does not run this machine" in say("install", SOUND)


@pytest.mark.parametrize("program", ["uninstall", "tweet-lake-run"])
def test_the_others_need_root_too(say, program):
    assert f"{program}: only root can do this" in say(program, {"id": "echo 1000"})
