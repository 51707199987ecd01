"""A Debian of its own for a proof: made by debootstrap, booted by systemd-nspawn, without Docker.

Its network is its own too, so that every port is free there; slirp4netns leads it to the package
indexes that this machine uses, until `unplug`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PACKAGES = "ca-certificates,dbus,systemd,systemd-sysv"
BOOT_SECONDS = 60


@contextmanager
def a_machine(root: Path, suite: str) -> Iterator[Machine]:
    """Make one in ``root`` and boot it; switched off and deleted in the end."""
    root.mkdir(parents=True)
    machine = Machine(root)
    try:
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}"]
        run([*command, suite, str(root), mirror()])
        take_over_package_indexes(root)
        machine.boot()
        machine.plug()
        yield machine
    finally:
        machine.unplug()
        machine.switch_off()
        shutil.rmtree(root)


class Machine:
    """A machine whose files are in ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._power: subprocess.Popen[bytes] | None = None
        self._cable: subprocess.Popen[bytes] | None = None
        self._console: IO[bytes] | None = None

    def boot(self) -> None:
        """Start systemd as the first process of ``root``; return when it has started all."""
        self._console = (self.root.parent / "console.log").open("ab")
        command = ["systemd-nspawn", f"--directory={self.root}", "--boot", "--private-network"]
        alone = ["--register=no", "--keep-unit", "--link-journal=no", "--console=pipe"]
        self._power = subprocess.Popen(
            [*command, *alone], stdin=subprocess.DEVNULL, stdout=self._console, stderr=self._console
        )
        deadline = time.monotonic() + BOOT_SECONDS
        while not self._is_up():
            if self._power.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"The machine did not boot; {self._console.name} says why.")
            time.sleep(0.5)

    def switch_off(self) -> None:
        """Shut it down in order, as a reboot would."""
        if self._power is None or self._console is None:
            return
        if self._power.poll() is None:
            self._power.terminate()
        self._power.wait(timeout=120)
        self._console.close()
        self._power = None

    def run(self, *command: str) -> str:
        """Run a command there as root and return what it printed; exit here if it fails."""
        return run(
            [*self._enter("--all"), "env", "--ignore-environment", *self._environment(), *command]
        )

    def beside(self, *command: str) -> list[str]:
        """The command line that runs here a command that sees only that machine's network."""
        return [*self._enter("--net"), *command]

    def write(self, path: str, text: str) -> None:
        """Write a file there; one that is there keeps owner and mode."""
        (self.root / path.lstrip("/")).write_text(text, encoding="utf-8")

    def plug(self) -> None:
        """Give it a network that leads where this machine's does."""
        command = ["slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback"]
        self._cable = subprocess.Popen(
            [*command, str(self._leader()), "tap0"], stdout=self._console, stderr=self._console
        )
        self.write("etc/resolv.conf", "nameserver 10.0.2.3\n")

    def unplug(self) -> None:
        """Take the network away: what is left is loopback."""
        if self._cable is not None:
            self._cable.terminate()
            self._cable.wait()
            self._cable = None

    def _leader(self) -> int:
        assert self._power is not None  # noqa: S101 - it is booted before anything is asked
        children = Path(f"/proc/{self._power.pid}/task/{self._power.pid}/children")
        return int(children.read_text(encoding="utf-8").split()[0])

    def _enter(self, what: str) -> list[str]:
        return ["nsenter", f"--target={self._leader()}", what, "--"]

    def _is_up(self) -> bool:
        try:
            command = [*self._enter("--all"), "systemctl", "is-system-running"]
        except (FileNotFoundError, IndexError):
            return False
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        return asked.stdout.strip() in {"running", "degraded"}

    @staticmethod
    def _environment() -> Iterable[str]:
        taken = ("PIP_CERT", "PIP_INDEX", "SSL_CERT_FILE", "UV_", "http", "https", "no_proxy")
        yield from ("HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
        yield "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        yield from (f"{k}={v}" for k, v in os.environ.items() if k.startswith(taken))


def mirror() -> str:
    """Where this machine gets Debian's packages from."""
    wanted = ["Created-By: Packages", "Label: Debian"]
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted]
    found = run(asked).split()
    if not found:
        sys.exit("This machine has no list of Debian's packages; run apt-get update.")
    return found[0]


def take_over_package_indexes(root: Path) -> None:
    """Let ``root`` get packages where this machine gets them."""
    for path in ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/apt/apt.conf"):
        if Path(path).exists():
            shutil.copy(path, root / path.lstrip("/"))


def check(packages: dict[str, str]) -> None:
    """Exit with a sentence unless root asks and the programs are there, each with its package."""
    if os.geteuid() != 0:
        sys.exit("Only root can make a machine; run it with sudo.")
    missing = {name: package for name, package in packages.items() if shutil.which(name) is None}
    if missing:
        sys.exit(f"Not found: {', '.join(missing)}; apt-get install {' '.join(missing.values())}")


def run(command: list[str]) -> str:
    """Run a command to its end and return its output; exit with that if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        sys.exit(f"{' '.join(command)} failed with {done.returncode}:\n{told}")
    return done.stdout
