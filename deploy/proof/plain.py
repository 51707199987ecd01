"""`make prove-plain`: install the plain way on a machine that has nothing, and run a DAG there."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.proof import trials
from deploy.proof.machine import Machine, a_machine, check, run
from sandbox.airflow_home import REPOSITORY
from sandbox.cast import demo_accounts
from sandbox.world import FROM_EMAIL
from sandbox.x_api import TOKEN

CHECKOUT = "/usr/local/src/tweet-lake"
BUCKET = "tweet-lake"
PACKAGES = ("python3-venv", "postgresql", "caddy", "curl")
NEEDED = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "slirp4netns": "slirp4netns",
}
"""Programs, and Debian's packages that bring them."""


def main() -> None:
    """Prove it; exit with what failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="bookworm", help="Debian's release; its Python is used")
    parser.add_argument("--directory", type=Path, default=Path("/var/tmp"), help="5 GB are needed")  # noqa: S108 - a folder of its own is made there
    arguments = parser.parse_args()
    check(NEEDED)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=arguments.directory, prefix="prove-plain-") as folder:
        prove(Path(folder), arguments.suite)
    print(f"Proven in {time.monotonic() - began:.0f} s.")


def prove(folder: Path, suite: str) -> None:
    """Make a machine and try the plain way on it; where that fails, say what its journal says."""
    say(f"a Debian {suite} from debootstrap, systemd as its first process")
    with a_machine(folder / "root", suite) as machine:
        try:
            follow_the_readme(machine, folder)
        except SystemExit:
            show(machine.run("journalctl", "--unit=tweet-lake-*", "--lines=60", "--output=cat"))
            raise


def follow_the_readme(machine: Machine, folder: Path) -> None:
    """Do what deploy/plain/README.md says, and look at what came of it."""
    install = f"{CHECKOUT}/deploy/plain/install"
    say("apt-get install, and a checkout")
    machine.run("apt-get", "update")
    machine.run("apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES)
    check_out(machine)
    say("deploy/plain/install")
    show(machine.run(install))
    show(trials.services(machine))
    with world_beside(machine, folder / "world"):
        connect(machine)
        mails = trials.Mails(folder / "world")
        say("a scheduler that fails whenever it is started")
        show(trials.break_scheduler(machine))
        show(mails.wait_for("tweet-lake-scheduler failed"))
        say("deploy/plain/install again, as an upgrade does, while systemd waits to start it")
        secrets = machine.run("sh", "-c", f"sha256sum {trials.SECRETS}/*")
        show(trials.upgrade(machine, install))
        if machine.run("sh", "-c", f"sha256sum {trials.SECRETS}/*") != secrets:
            sys.exit("The second install changed a secret.")
        machine.unplug()
        say("a login by the form, through Caddy; nothing but loopback from here on")
        show(trials.through_caddy(machine))
        say(f"a scheduled run of {trials.DAG}")
        show(trials.run_dag(machine))
        show(trials.zones(machine))
        say("tweet-lake-run python -m include.doctor.command")
        show(trials.doctor(machine))
        say("the host's own secrets, in what it leaves")
        show(trials.secrets_left(machine))
        say("kill -9 for the scheduler")
        show(trials.kill_scheduler(machine))
        show(mails.wait_for("tweet-lake-scheduler failed", times=2))
        say("a backup, and its restore")
        show(trials.restore(machine))
    say("a reboot")
    machine.switch_off()
    machine.boot()
    show(trials.services(machine))
    show(f"{trials.DAG}: {trials.state(machine)}, as before")
    say("deploy/plain/uninstall")
    show(machine.run(f"{CHECKOUT}/deploy/plain/uninstall").splitlines()[0])
    left = machine.run("find", "/opt", "/etc/systemd/system", "-name", "*tweet-lake*")
    if left:
        sys.exit(f"It left:\n{left}")


def check_out(machine: Machine) -> None:
    """Put there what git has of this tree, changes that are not committed among it."""
    target = machine.root / CHECKOUT.lstrip("/")
    target.mkdir()
    listed = [
        "git",
        "-C",
        str(REPOSITORY),
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    names = run(listed).splitlines()
    there = "\n".join(name for name in names if (REPOSITORY / name).is_file())
    packed = subprocess.run(
        ["tar", "--create", "--directory", str(REPOSITORY), "--files-from=-"],
        input=there.encode(), stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    subprocess.run(
        ["tar", "--extract", "--no-same-owner", "--directory", str(target)],
        input=packed.stdout, check=True,
    )  # fmt: skip


@contextmanager
def world_beside(machine: Machine, folder: Path) -> Iterator[None]:
    """X API, S3 and mail server on the machine's loopback, as processes of this one."""
    command = machine.beside(sys.executable, "-m", "sandbox", "--directory", str(folder))
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as world:
        assert world.stdout is not None  # noqa: S101 - it was opened as a pipe
        if not any("sandbox is ready" in line for line in world.stdout):
            sys.exit("The sandbox did not start.")
        try:
            yield
        finally:
            world.terminate()


def connect(machine: Machine) -> None:
    """Fill in what the README tells a newcomer to fill in."""
    host = "127.0.0.1"
    connections = {
        "x_api": {"conn_type": "http", "host": f"http://{host}:8900", "password": TOKEN},
        "aws_default": {
            "conn_type": "aws",
            "login": "sandbox",
            "password": "sandbox",
            "extra": {"endpoint_url": f"http://{host}:8901", "region_name": "us-east-1"},
        },
        "smtp_default": {
            "conn_type": "smtp",
            "host": host,
            "port": 8902,
            "extra": {"disable_ssl": True, "disable_tls": True, "from_email": FROM_EMAIL},
        },
    }
    settings = {
        "bucket": BUCKET,
        "alert_to": ["data-team@example.org"],
        "data_docs_url": "https://localhost/data-docs",
    }
    variables = {
        "tweet_lake": json.dumps(settings),
        "x_accounts": json.dumps(demo_accounts()),
    }
    machine.write(f"{trials.SECRETS}/connections.yaml", json.dumps(connections))
    machine.write(f"{trials.SECRETS}/variables.yaml", json.dumps(variables))
    own = (machine.root / "etc/tweet-lake/host.env").read_text(encoding="utf-8")
    machine.write("etc/tweet-lake/host.env", own.replace("_BUCKET=", f"_BUCKET={BUCKET}"))


def say(what: str) -> None:
    """Print what is done next."""
    print(what, flush=True)


def show(text: str) -> None:
    """Print lines that belong to the step above them."""
    for line in text.strip().splitlines():
        print(f"    {line}", flush=True)


if __name__ == "__main__":
    main()
