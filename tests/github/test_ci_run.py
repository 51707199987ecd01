"""`.ci/run` installs what a machine lacks, by the names that its release has for it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.host_tools import host_tool
from tests.tracked import REPOSITORY, tracked

SCRIPT = REPOSITORY / ".ci" / "run"
GITHUB = "chromium google-chrome java shellcheck aws systemd-analyze cloud-init docker"
"""What a runner of GitHub's has already; its Docker has Compose as a plugin."""
DEBIAN = "chromium default-jre-headless caddy docker-compose cloud-init shellcheck awscli systemd"
UBUNTU = "default-jre-headless caddy docker-compose docker-compose-v2 cloud-init shellcheck systemd"


@pytest.fixture
def run(tmp_path):
    """Runs it on a machine with these programs and packages; what it printed, and what it did."""

    def run(programs: str, packages: str) -> tuple[subprocess.CompletedProcess[str], str]:
        did = tmp_path / "did"
        known = "|".join(packages.split())
        says = {
            **dict.fromkeys(programs.split(), "exit 0"),
            "apt-cache": f'case $2 in {known}) echo "$2 | 1.0";; esac',
            "id": "echo 1000",
            **{name: f'echo "{name} $*" >> {did}' for name in ("sudo", "make")},
        }
        if "broken-compose" in says:
            says["docker-compose"] = "exit 1"
        for name, body in says.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
            (tmp_path / name).chmod(0o755)
        (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
        done = subprocess.run(
            [shutil.which("bash"), SCRIPT, "help"],
            env={"PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done, did.read_text() if did.exists() else ""

    return run


@pytest.mark.parametrize(
    ("programs", "packages", "installed"),
    [
        (GITHUB, UBUNTU, "caddy"),
        ("aws google-chrome broken-compose", UBUNTU,
         "default-jre-headless caddy docker-compose-v2 cloud-init shellcheck systemd"),
        ("", DEBIAN,
         "chromium default-jre-headless caddy docker-compose cloud-init shellcheck awscli systemd"),
    ],
    ids=["a runner of GitHub's", "Ubuntu", "Debian"],
)  # fmt: skip
def test_what_is_missing_is_asked_for_by_the_name_that_it_has_there(
    run, programs, packages, installed
):
    done, did = run(programs, packages)
    assert done.returncode == 0, done.stderr
    assert did.splitlines() == [
        "sudo apt-get -qq update",
        f"sudo apt-get -qq install --yes --no-install-recommends {installed}",
        "make help",
    ]


def test_where_nothing_is_missing_nothing_is_installed(run):
    assert run(GITHUB + " caddy", "")[1] == "make help\n"


def test_what_the_release_has_no_package_for_is_named_and_nothing_is_run(run):
    done, did = run("chromium", UBUNTU)
    assert done.returncode != 0
    assert "There is no package awscli here. On Ubuntu, snap install aws-cli" in done.stderr
    assert did == "sudo apt-get -qq update\n"


def test_shellcheck_finds_nothing_in_any_script():
    scripts = [
        name
        for name in tracked()
        if re.match(rb"#!.*\b(ba)?sh\n", (REPOSITORY / name).read_bytes()[:40])
    ]
    assert {".ci/run", "deploy/ec2/release", "deploy/host/migrate"} <= set(scripts)
    done = subprocess.run(
        [host_tool("shellcheck"), *scripts],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
