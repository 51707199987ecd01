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
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

PACKAGES = "ca-certificates,dbus,systemd,systemd-sysv"
BOOT_SECONDS = 60


class Machine:
    """A booted machine in ``root`` as a context manager; left, it is switched off and deleted."""

    def __init__(self, root: Path, suite: str) -> None:
        self.root, self.suite = root, suite
        self._power: subprocess.Popen[bytes] | None = None
        self._cable: subprocess.Popen[bytes] | None = None
        self._console: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True)
        try:
            command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}"]
            run([*command, self.suite, str(self.root), mirror()])
            take_over_package_indexes(self.root)
            self.boot()
            self._plug()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.unplug()
        self.switch_off()
        shutil.rmtree(self.root)

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

    def unplug(self) -> None:
        """Take the network away: what is left is loopback."""
        if self._cable is not None:
            self._cable.terminate()
            self._cable.wait()
            self._cable = None

    def _plug(self) -> None:
        command = ["slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback"]
        self._cable = subprocess.Popen(
            [*command, str(self._leader()), "tap0"], stdout=self._console, stderr=self._console
        )
        self.write("etc/resolv.conf", "nameserver 10.0.2.3\n")

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
    asked = [
        "apt-get",
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
        "Label: Debian",
    ]
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
