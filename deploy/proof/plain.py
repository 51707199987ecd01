"""`make prove-plain`: install the plain way on a machine that has nothing, and run a DAG there."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from http.cookiejar import MozillaCookieJar
from pathlib import Path
from typing import Any

from deploy.proof.machine import Machine, a_machine, check, run
from sandbox.airflow_home import REPOSITORY
from sandbox.cast import demo_accounts
from sandbox.world import FROM_EMAIL
from sandbox.x_api import TOKEN

SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")
CHECKOUT = "/usr/local/src/tweet-lake"
SECRETS = "/etc/tweet-lake/credentials"
DAG = "ingest_tweets"
BUCKET = "tweet-lake"
INSIDE = "http://127.0.0.1:8080"
COOKIES = "/root/cookies"
RUN_SECONDS = 600
MAIL_SECONDS = 60
PACKAGES = ("python3-venv", "postgresql", "caddy", "curl")
NEEDED = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "slirp4netns": "slirp4netns",
}
"""Programs, and Debian's packages that bring them."""
KEYS = """
import boto3
s3 = boto3.client("s3", endpoint_url="http://127.0.0.1:8901", region_name="us-east-1",
                  aws_access_key_id="sandbox", aws_secret_access_key="sandbox")
for page in s3.get_paginator("list_objects_v2").paginate(Bucket="tweet-lake"):
    for found in page.get("Contents", []):
        print(found["Key"])
"""
"""Lists what lies in the world's bucket."""


def main() -> None:
    """Prove it; exit with what failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="bookworm", help="Debian's release; its Python is used")
    parser.add_argument("--directory", type=Path, default=Path("/var/tmp"), help="3 GB are needed")  # noqa: S108 - a folder of its own is made there
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
    show(services(machine))
    with world_beside(machine, folder / "world"):
        connect(machine)
        mails = Mails(folder / "world")
        say("a scheduler that fails whenever it is started")
        show(break_scheduler(machine))
        show(mails.wait_for("tweet-lake-scheduler failed"))
        say(
            "deploy/plain/install again, as an upgrade does, while systemd is about to start that anew"
        )
        secrets = machine.run("sh", "-c", f"sha256sum {SECRETS}/*")
        show(upgrade(machine, install))
        show(services(machine))
        if machine.run("sh", "-c", f"sha256sum {SECRETS}/*") != secrets:
            sys.exit("The second install changed a secret.")
        machine.unplug()
        say("a login by the form, through Caddy; nothing but loopback from here on")
        show(through_caddy(machine))
        say(f"a scheduled run of {DAG}")
        show(run_dag(machine))
        show(zones(machine))
        say("tweet-lake-run python -m include.doctor.command")
        show(doctor(machine))
        say("kill -9 for the scheduler")
        show(kill_scheduler(machine))
        show(mails.wait_for("tweet-lake-scheduler failed", times=2))
        say("a backup, and its restore")
        show(restore(machine))
    say("a reboot")
    machine.switch_off()
    machine.boot()
    show(services(machine))
    show(f"{DAG}: {state(machine)}, as before")
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
    machine.write(f"{SECRETS}/connections.yaml", json.dumps(connections))
    machine.write(f"{SECRETS}/variables.yaml", json.dumps(variables))
    own = (machine.root / "etc/tweet-lake/host.env").read_text(encoding="utf-8")
    machine.write("etc/tweet-lake/host.env", own.replace("_BUCKET=", f"_BUCKET={BUCKET}"))


def services(machine: Machine) -> str:
    """Wait until Airflow is healthy; how systemd sees its services."""
    url = f"{INSIDE}/api/v2/monitor/health"
    count = f'curl --silent --max-time 5 {url} | grep -o \'"status":"healthy"\' | wc -l'
    command = f'until [ "$({count})" = 4 ]; do sleep 1; done'
    machine.run("timeout", "180", "bash", "-c", command)
    units = [f"tweet-lake-{service}.service" for service in SERVICES]
    states = machine.run("systemctl", "is-active", *units, "tweet-lake-backup.timer").split()
    return "healthy; " + ", ".join(
        f"{s} {a}" for s, a in zip((*SERVICES, "backup.timer"), states, strict=True)
    )


def break_scheduler(machine: Machine) -> str:
    """Put a program into its place that ends at once; what systemd makes of it."""
    folder = "/run/systemd/system/tweet-lake-scheduler.service.d"
    machine.run("mkdir", folder)
    machine.write(
        f"{folder}/broken.conf", "[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=1h\n"
    )
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "tweet-lake-scheduler.service")
    await_state(machine, "activating")
    # Read no sooner than by the next daemon-reload, which is `install`'s.
    machine.run("rm", "-r", folder)
    return "scheduler activating"


def upgrade(machine: Machine, install: str) -> str:
    """Run `install`; all services were stopped by it, and a backup was made."""
    await_state(machine, "activating")
    before = processes(machine)
    told = machine.run(install)
    if before & processes(machine):
        sys.exit("The upgrade did not stop every service.")
    journal = machine.run("journalctl", "--unit=tweet-lake-backup", "--output=cat")
    (dump,) = re.findall(r"s3://\S+\.dump", journal)
    return f"{told}{dump}"


def processes(machine: Machine) -> set[str]:
    """The main process of each service that runs, and when the migration ended."""
    units = [f"tweet-lake-{service}.service" for service in (*SERVICES, "migrate")]
    asked = [
        "systemctl",
        "show",
        "--value",
        "--property=MainPID",
        "--property=ExecMainExitTimestamp",
    ]
    return set(machine.run(*asked, *units).split("\n")) - {"", "0"}


def kill_scheduler(machine: Machine) -> str:
    """End it as the kernel would; systemd starts it again."""
    before = processes(machine)
    unit = "tweet-lake-scheduler.service"
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit)
    await_state(machine, "activating")
    await_state(machine, "active")
    if before <= processes(machine):
        sys.exit("The scheduler was not killed.")
    return services(machine)


def await_state(machine: Machine, state: str) -> None:
    """Wait until systemd says this of the scheduler."""
    asked = "systemctl is-active tweet-lake-scheduler.service"
    machine.run(
        "timeout", "120", "bash", "-c", f'until [ "$({asked})" = {state} ]; do sleep 0.1; done'
    )


class Mails:
    """What the world's mail server has taken."""

    def __init__(self, world: Path) -> None:
        self._folder = world / "mails"

    def wait_for(self, words: str, times: int = 1) -> str:
        """Wait until so many mails, and no more, have the words in their subject."""
        deadline = time.monotonic() + MAIL_SECONDS
        while len(found := [s for s in self._subjects() if words in s]) < times:
            if time.monotonic() > deadline:
                sys.exit(f"{len(found)} mails say '{words}', not {times}: {self._subjects()}")
            time.sleep(0.5)
        if len(found) > times:
            sys.exit(f"{len(found)} mails say the same: {found}")
        return f"a mail: {found[-1]}"

    def _subjects(self) -> list[str]:
        paths = sorted(self._folder.glob("*.eml"))
        return [str(message_from_bytes(path.read_bytes())["Subject"]) for path in paths]


def through_caddy(machine: Machine) -> str:
    """Log in as a browser does, as the first admin; look at the DAGs and Data Docs' front page."""
    services(machine)
    authority = "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"
    curl = ["curl", "--silent", "--show-error", "--fail", "--location", "--cacert", authority]
    curl += ["--cookie", COOKIES, "--cookie-jar", COOKIES]
    url = "https://localhost"
    form = machine.run(*curl, f"{url}/auth/login/")
    token = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', form)[0]
    machine.run("sh", "-c", f'printf %s "$(cat {SECRETS}/admin)" > {COOKIES}.password')
    fields = [f"csrf_token={token}", "username=admin", f"password@{COOKIES}.password"]
    filled_in = [word for field in fields for word in ("--data-urlencode", field)]
    machine.run(*curl, "--referer", f"{url}/auth/login/", *filled_in, f"{url}/auth/login/")

    def ask(path: str) -> Any:
        return json.loads(machine.run(*curl, f"{url}/api/v2/{path}"))

    errors = ask("importErrors")["total_entries"]
    if errors:
        sys.exit(f"Airflow could not import {errors} DAG files.")
    cookies = MozillaCookieJar(str(machine.root / COOKIES.lstrip("/")))
    cookies.load(ignore_discard=True)
    if unsafe := [cookie.name for cookie in cookies if not cookie.secure]:
        sys.exit(f"Cookies that a browser would send without TLS: {unsafe}")
    return f"logged in as admin; {ask('dags')['total_entries']} DAGs, no import error"


def doctor(machine: Machine) -> str:
    """What it says of this host: what is not ok, and the counts."""
    told = machine.run("tweet-lake-run", "python", "-m", "include.doctor.command").splitlines()
    versions = [line for line in told if " versions: " in line]
    if not versions or any(not line.startswith("ok ") for line in versions):
        sys.exit("It can't tell the versions:\n" + "\n".join(versions))
    return told[-1]


def run_dag(machine: Machine) -> str:
    """Unpause it as a person would, and wait for its newest interval's run."""
    machine.run("tweet-lake-run", "airflow", "dags", "unpause", DAG)
    began = time.monotonic()
    while (seen := state(machine)) not in {"success", "failed"}:
        if time.monotonic() - began > RUN_SECONDS:
            sys.exit(f"{DAG} was still {seen} after {RUN_SECONDS} s.")
        time.sleep(5)
    if seen == "failed":
        sys.exit(f"{DAG} failed; see the logs in {machine.root}/var/log/tweet-lake")
    return f"{DAG}: {seen} after {time.monotonic() - began:.0f} s"


def state(machine: Machine) -> str:
    """The state of the DAG's newest run; `none` before there is one."""
    listed = machine.run("tweet-lake-run", "airflow", "dags", "list-runs", DAG, "--output", "json")
    # Airflow's warnings come the same way.
    runs = [
        run for line in listed.splitlines() if line.startswith("[{") for run in json.loads(line)
    ]
    return str(runs[0]["state"]) if runs else "none"


def zones(machine: Machine) -> str:
    """How many objects lie in each zone of the lake."""
    keys = run(machine.beside(sys.executable, "-c", KEYS)).split()
    counts = Counter(key.split("/")[0] for key in keys)
    missing = {"raw", "curated", "quarantine", "validations", "data-docs"} - set(counts)
    if missing:
        sys.exit(f"Nothing lies in: {', '.join(sorted(missing))}")
    return "objects: " + ", ".join(f"{zone} {number}" for zone, number in sorted(counts.items()))


def restore(machine: Machine) -> str:
    """Back up by the timer's service, forget the run, and have it again from the dump."""
    machine.run("systemctl", "start", "tweet-lake-backup.service")
    program = ["tweet-lake-run", "python", "/opt/tweet-lake/deploy/plain/metadata.py"]
    newest = machine.run(*program, "list").splitlines()[-1]
    machine.run("tweet-lake-run", "airflow", "dags", "delete", "--yes", DAG)
    machine.run("systemctl", "stop", "tweet-lake.target")
    machine.run(*program, "restore", newest.split()[0])
    machine.run("systemctl", "start", "tweet-lake.target")
    services(machine)
    return f"{newest}; {DAG}: {state(machine)} again"


def say(what: str) -> None:
    """Print what is done next."""
    print(what, flush=True)


def show(text: str) -> None:
    """Print lines that belong to the step above them."""
    for line in text.strip().splitlines():
        print(f"    {line}", flush=True)


if __name__ == "__main__":
    main()
