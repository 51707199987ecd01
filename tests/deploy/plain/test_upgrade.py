"""`install` on a host where programs stand in for systemd, Caddy and the package index."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

PLAIN = Path(__file__).parents[3] / "deploy" / "plain"
REAL = [
    "bash",
    "sh",
    "cat",
    "cp",
    "mv",
    "rm",
    "rmdir",
    "mkdir",
    "ln",
    "chmod",
    "find",
    "grep",
    "sed",
    "head",
    "tail",
    "tr",
    "dirname",
    "base64",
    "install",
    "df",
]
BROKEN = """
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
echo half > "$UV_PROJECT_ENVIRONMENT/half"
exit 1"""
"""A uv that is cut short."""
RELEASE = ("config/a.py", "dags/a.py", "expectations/a.json", "include/a.py", "plugins/a.py")
BACKUP = "systemctl start tweet-lake-backup.service"
STOP = "systemctl stop tweet-lake.target"
PACKAGES = "uv sync"
MIGRATE = "systemctl start tweet-lake-migrate.service"
START = "systemctl start tweet-lake.target"
CADDY = "systemctl restart caddy.service"
STAND_INS = {
    "id": "echo 0",
    "systemctl": "",
    "systemd-run": "",
    "useradd": "",
    "chown": "",
    "pg_dump": "",
    "caddy": "",
    "dpkg": "",
    "dpkg-query": "printf installed",
    "python3": """
case "$*" in
*"-m venv"*)
    for folder; do :; done
    mkdir -p "$folder/bin"
    cp "$0-pip" "$folder/bin/pip"
    cp "$0-uv" "$folder/bin/uv";;
esac""",
    "python3-pip": "",
    "python3-uv": """
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
printf '#!/bin/sh\\n' > "$UV_PROJECT_ENVIRONMENT/bin/python"
[ ! -e "$UV_PROJECT_ENVIRONMENT/half" ]
chmod +x "$UV_PROJECT_ENVIRONMENT/bin/python\"""",
}


@dataclass
class Host:
    """A root of its own, and what was called there."""

    root: Path
    checkout: Path

    def stand_in(self, program: str, says: str) -> None:
        path = self.root / "bin" / program
        name = program.removeprefix("python3-")
        noted = f'printf "%s\\n" "{name} $*" >> {self.root}/calls'
        path.write_text(f"#!/bin/sh\n{noted}\n{says}\n", encoding="utf-8")
        path.chmod(0o755)

    def remove(self, program: str) -> None:
        (self.root / "bin" / program).unlink()

    def write(self, path: str, text: str = "") -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def set_bucket(self) -> None:
        settings = (self.root / "etc/tweet-lake/host.env").read_text(encoding="utf-8")
        settings = re.sub("(?m)^TWEET_LAKE_BUCKET=.*$", "TWEET_LAKE_BUCKET=lake", settings)
        self.write("etc/tweet-lake/host.env", settings)

    def install(self, release: str = "", **streams: int) -> subprocess.CompletedProcess[str]:
        """Install a checkout of this release; what was called before is forgotten."""
        for name in RELEASE:
            (self.checkout / name).write_text(release, encoding="utf-8")
        return self.run("install", **streams)

    def run(self, program: str, **streams: int) -> subprocess.CompletedProcess[str]:
        (self.root / "calls").write_text("")
        return subprocess.run(
            [str(self.root / "bin/bash"), str(self.checkout / "deploy/plain" / program)],
            env={"PATH": str(self.root / "bin")},
            text=True,
            check=False,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
        )

    def calls(self, *of: str) -> list[str]:
        """Those of the given beginnings, in the order in which they were made."""
        made = (self.root / "calls").read_text(encoding="utf-8").splitlines()
        return [start for call in made for start in of if call.startswith(start)]

    def release(self) -> set[str]:
        """Which release the code in place is of."""
        return {(self.root / "opt/tweet-lake" / name).read_text() for name in RELEASE}


@pytest.fixture
def host(tmp_path):
    """A host that has nothing of ours yet."""
    host = Host(tmp_path / "root", tmp_path / "checkout")
    for folder in ("bin", "etc/systemd/system", "opt", "run/systemd/system", "usr/local/sbin"):
        (host.root / folder).mkdir(parents=True)
    for name in REAL:
        (host.root / "bin" / name).symlink_to(shutil.which(name))
    for program, says in STAND_INS.items():
        host.stand_in(program, says)
    host.write("etc/tweet-lake/credentials/database-url", "postgresql+psycopg://somewhere/airflow")
    for name in ("deploy/host/Caddyfile", "uv.lock", *RELEASE):
        (host.checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (host.checkout / name).touch()
    shutil.copytree(PLAIN, host.checkout / "deploy/plain")
    for name, more in (("install", "run/systemd"), ("uninstall", "etc/caddy")):
        program = host.checkout / "deploy/plain" / name
        elsewhere = re.sub(
            rf"(?<![\w}}])/(opt|etc/tweet|etc/systemd|usr/local/sbin|usr/sbin|sbin|{more})\b",
            rf"{host.root}/\1",
            program.read_text(encoding="utf-8").replace("/(opt|etc)/", f"{host.root}/(opt|etc)/"),
        )
        program.write_text(elsewhere, encoding="utf-8")
    return host


@pytest.fixture
def installed(host):
    """A host that runs a release and keeps backups."""
    done = host.install("first")
    assert done.returncode == 0, done.stderr
    host.set_bucket()
    return host


def test_the_first_install_backs_nothing_up_and_starts(host):
    done = host.install("first")
    assert done.returncode == 0, done.stderr
    in_order = [PACKAGES, MIGRATE, START]
    assert host.calls(BACKUP, STOP, *in_order) == in_order
    assert host.release() == {"first"}


@pytest.mark.parametrize("state", ["active", "activating", "deactivating", "inactive", "failed"])
def test_an_upgrade_backs_up_and_stops_whatever_the_scheduler_does(installed, state):
    code = 0 if state == "active" else 3
    is_active = f'case "$*" in *is-active*) echo {state}; exit {code};; esac'
    installed.stand_in("systemctl", is_active)
    assert installed.install("second").returncode == 0
    in_order = [PACKAGES, BACKUP, STOP, MIGRATE, START]
    assert installed.calls(*in_order) == in_order
    assert installed.release() == {"second"}


def test_a_backup_that_fails_ends_the_upgrade_before_anything_is_stopped(installed):
    installed.stand_in("systemctl", 'case "$*" in *backup*) exit 1;; esac')
    done = installed.install("second")
    assert done.returncode == 1
    assert "journalctl -u tweet-lake-backup says why" in done.stderr
    assert "empty TWEET_LAKE_BUCKET in" in done.stderr
    assert installed.calls(STOP, START) == []
    assert installed.release() == {"first"}


def test_a_second_install_before_the_bucket_is_set_needs_none(host):
    host.remove("caddy")
    assert "apt-get install caddy, then run this again" in host.install("first").stdout
    host.stand_in("caddy", "")
    done = host.install("first")
    assert done.returncode == 0, done.stderr
    assert "host.env names no bucket" in done.stdout
    in_order = [STOP, CADDY, MIGRATE, START]
    assert host.calls(BACKUP, *in_order) == in_order


def test_packages_that_are_cut_short_leave_what_runs_alone_and_are_begun_anew(installed):
    before = packages(installed)
    installed.stand_in("python3-uv", BROKEN)
    done = installed.install("second")
    assert done.returncode == 1
    assert "packages could not be installed" in done.stderr
    assert installed.calls(STOP, START, MIGRATE) == []
    assert installed.release() == {"first"}
    assert packages(installed) == before
    installed.stand_in("python3-uv", STAND_INS["python3-uv"])
    done = installed.install("second")
    assert done.returncode == 0, done.stderr
    assert packages(installed) != before
    assert not before.exists()


def packages(host: Host) -> Path:
    """The folder of those that services run with."""
    return (host.root / "opt/tweet-lake/.venv").resolve(strict=True)


def test_a_terminal_that_is_gone_does_not_leave_airflow_stopped(installed):
    gone = installed.root / "gone"
    os.mkfifo(gone)
    hang_up = f"cat {gone}; kill -HUP $PPID"
    installed.stand_in("systemctl", f'case "$*" in "stop tweet"*) {hang_up};; esac')
    reader, writer = os.pipe()

    def look_on() -> None:
        with os.fdopen(reader, encoding="utf-8") as terminal:
            next(line for line in terminal if "Stopping the services" in line)
        gone.write_text("")

    person = threading.Thread(target=look_on)
    person.start()
    try:
        assert installed.install("second", stdout=writer).returncode != 0
    finally:
        os.close(writer)
        person.join()
    assert installed.calls("systemctl --no-block") == ["systemctl --no-block"]


@pytest.mark.parametrize("was", ["active", "inactive"])
def test_an_upgrade_that_fails_late_starts_what_ran_and_nothing_else(installed, was):
    active = f"*is-active*) [ {was} = active ];; *migrate*) exit 1;;"
    installed.stand_in("systemctl", f'case "$*" in {active} esac')
    done = installed.install("second")
    assert done.returncode == 1
    assert "journalctl -u tweet-lake-migrate says why" in done.stderr
    late = "systemctl --no-block start tweet-lake.target"
    assert installed.calls(late) == [late] * (was == "active")


def test_a_database_that_does_not_answer_ends_the_upgrade_before_anything_is_stopped(installed):
    installed.stand_in("systemd-run", "exit 1")
    done = installed.install("second")
    assert "database-url does not answer" in done.stderr
    assert installed.calls(STOP) == []


def test_as_root_by_su_the_programs_of_root_are_found(host):
    host.stand_in("id", '[ "$1" = -u ] && echo 0')
    host.write("usr/sbin/useradd")
    (host.root / "bin/useradd").rename(host.root / "usr/sbin/useradd")
    done = host.install("first")
    assert done.returncode == 0, done.stderr
    assert len(host.calls("useradd")) == 1


def test_a_disk_that_fills_up_stops_nothing(installed):
    (installed.root / "bin/cp").unlink()
    installed.stand_in("cp", "echo 'No space left on device' >&2; exit 1")
    assert installed.install("second").returncode == 1
    assert installed.calls(STOP) == []
    assert installed.release() == {"first"}


def test_after_the_distribution_s_upgrade_packages_come_before_the_backup(installed):
    (installed.root / "opt/tweet-lake/.venv/bin/python").unlink()
    (installed.root / "opt/tweet-lake/.uv/bin/pip").write_text("#!/bin/sh\nexit 1\n")
    assert installed.install("second").returncode == 0
    assert installed.calls(BACKUP, STOP, PACKAGES) == [PACKAGES, BACKUP, STOP]


def test_a_caddy_that_does_not_start_keeps_nothing_else_from_it(host):
    host.stand_in("systemctl", f'[ "systemctl $*" != "{CADDY}" ]')
    done = host.install("first")
    assert done.returncode == 0, done.stderr
    assert "journalctl -u caddy says why" in done.stdout
    assert host.calls(MIGRATE, START) == [MIGRATE, START]


@pytest.mark.parametrize("case", ["Caddyfile", "binary", "unit", "drop-in"])
def test_a_caddy_of_somebody_else_s_is_left_alone(host, case):
    if case == "Caddyfile":
        host.stand_in("dpkg", "echo '??5?????? c /etc/caddy/Caddyfile'")
    elif case == "binary":
        host.stand_in("dpkg-query", "exit 1")
    elif case == "unit":
        host.write("etc/systemd/system/caddy.service", "[Service]")
    else:
        host.write("etc/systemd/system/caddy.service.d/override.conf", "[Service]")
    done = host.install("first")
    assert done.returncode == 0, done.stderr
    assert "deploy/host/site.caddy" in done.stdout
    assert host.calls(CADDY, START) == [START]
    assert not (host.root / "etc/systemd/system/caddy.service.d/tweet-lake.conf").exists()


@pytest.mark.parametrize("where", ["caddy/Caddyfile", "systemd/system/caddy.service.d/mine.conf"])
def test_a_caddy_that_reads_our_files_is_not_broken_by_uninstalling(installed, where):
    ours = installed.root / "opt/tweet-lake"
    installed.write(f"etc/{where}", f"# {ours}\nimport {ours}/deploy/host/site.caddy\n")
    done = installed.run("uninstall")
    assert done.returncode == 1
    assert f"Take that out of {installed.root}/etc/{where} and restart caddy" in done.stderr
    assert installed.calls("systemctl") == []
    assert ours.exists()
    installed.write(f"etc/{where}", f"# {ours}\n")
    done = installed.run("uninstall")
    assert done.returncode == 0, done.stderr
    assert not ours.exists()


def test_a_caddy_that_is_ours_already_is_led_again(installed):
    installed.install("second")
    assert installed.calls(CADDY) == [CADDY]
