"""`make prove-plain`: install the plain way on a machine that has nothing, and run a DAG there."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.proof.machine import Machine, check, run
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
RUN_SECONDS = 600
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
    with Machine(folder / "root", suite) as machine:
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
        say("deploy/plain/install again, as an upgrade does: a backup, a stop, a start")
        secrets = machine.run("sh", "-c", f"sha256sum {SECRETS}/*")
        show(machine.run(install))
        if machine.run("sh", "-c", f"sha256sum {SECRETS}/*") != secrets:
            sys.exit("The second install changed a secret.")
        machine.unplug()
        say("HTTPS through Caddy, a login, the DAGs; nothing but loopback from here on")
        show(through_caddy(machine))
        say(f"a scheduled run of {DAG}")
        show(run_dag(machine))
        show(zones(machine))
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


def through_caddy(machine: Machine) -> str:
    """Log in as the first admin and look at what Airflow made of the DAG files."""
    services(machine)
    curl = ["curl", "--silent", "--show-error", "--fail"]
    login = {"username": "admin", "password": machine.run("cat", f"{SECRETS}/admin").strip()}
    body = ["--header", "Content-Type: application/json", "--data", json.dumps(login)]
    # Caddy lets nobody try passwords there.
    token = json.loads(machine.run(*curl, *body, f"{INSIDE}/auth/token"))["access_token"]
    authority = "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"

    def ask(path: str) -> Any:
        header = f"Authorization: Bearer {token}"
        return json.loads(
            machine.run(
                *curl, "--cacert", authority, "--header", header, f"https://localhost/api/v2/{path}"
            )
        )

    errors = ask("importErrors")["total_entries"]
    if errors:
        sys.exit(f"Airflow could not import {errors} DAG files.")
    return f"logged in as admin; {ask('dags')['total_entries']} DAGs, no import error"


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
