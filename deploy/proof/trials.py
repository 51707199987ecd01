"""What is tried on a machine where the plain way is installed, and how it is judged."""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from email import message_from_bytes
from http.cookiejar import MozillaCookieJar
from pathlib import Path
from typing import Any

from deploy.proof.machine import Machine, run
from sandbox.x_api import TOKEN
from tests.security.secret_scan import files_below, places_of

SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")
SECRETS = "/etc/tweet-lake/credentials"
DAG = "ingest_tweets"
INSIDE = "http://127.0.0.1:8080"
COOKIES = "/root/cookies"
RUN_SECONDS = 600
MAIL_SECONDS = 60
KEYS = """
import boto3
s3 = boto3.client("s3", endpoint_url="http://127.0.0.1:8901", region_name="us-east-1",
                  aws_access_key_id="sandbox", aws_secret_access_key="sandbox")
for page in s3.get_paginator("list_objects_v2").paginate(Bucket="tweet-lake"):
    for found in page.get("Contents", []):
        print(found["Key"])
"""
"""Lists what lies in the world's bucket."""
OWN_SECRETS = ("fernet-key", "api-secret-key", "jwt-secret", "admin")
PROCESSES = (
    "for of in /proc/[0-9]*; do tr '\\0' '\\n' < $of/environ; tr '\\0' '\\n' < $of/cmdline; done"
)
"""Prints environments and command lines; a process may end meanwhile."""


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
    """Put a program into its place that fails soon; what systemd makes of it."""
    folder = "/etc/systemd/system/tweet-lake-scheduler.service.d"
    machine.run("mkdir", "-p", folder)
    machine.write(
        f"{folder}/broken.conf",
        "[Service]\nExecStart=\nExecStart=/bin/sh -c 'sleep 1; exit 1'\nRestartSec=1h\n",
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
    before = starts(machine)
    told = machine.run(install)
    healthy = services(machine)
    if before & starts(machine):
        sys.exit("The upgrade did not stop every service.")
    journal = machine.run("journalctl", "--unit=tweet-lake-backup", "--output=cat")
    (dump,) = re.findall(r"s3://\S+\.dump", journal)
    return f"{told}{dump}\n{healthy}"


def starts(machine: Machine) -> set[str]:
    """What systemd calls the last start of each service, and of the migration."""
    units = [f"tweet-lake-{service}.service" for service in (*SERVICES, "migrate")]
    asked = ["systemctl", "show", "--value", "--property=InvocationID", *units]
    return set(machine.run(*asked).split())


def kill_scheduler(machine: Machine) -> str:
    """End it as the kernel would; systemd starts it again."""
    before = starts(machine)
    unit = "tweet-lake-scheduler.service"
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit)
    await_state(machine, "activating")
    await_state(machine, "active")
    if len(starts(machine) - before) != 1:
        sys.exit("The scheduler alone was to start anew.")
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
    """Its counts, in the sandbox of the services; the disk is not judged: it is the proof's."""
    asked = "tweet-lake-run python -m include.doctor.command || [ $? = 1 ]"
    told = machine.run("sh", "-c", asked).splitlines()
    versions = [line for line in told if " versions: " in line]
    wrong = [line for line in told if line.startswith("failed") and " machine: " not in line]
    wrong += [line for line in versions if not line.startswith("ok ")]
    if wrong or not versions:
        sys.exit("\n".join(["The doctor is not content:", *wrong]))
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


def secrets_left(machine: Machine) -> str:
    """Look for the host's own secrets, and X's token, in what services write or are given."""
    folder = machine.root / SECRETS.lstrip("/")
    secrets = {name: (folder / name).read_text(encoding="utf-8") for name in OWN_SECRETS}
    processes = machine.run("sh", "-c", f"({PROCESSES}) 2> /dev/null || true")
    if "AIRFLOW_HOME=/var/lib/tweet-lake" not in processes:
        sys.exit("The environments of the services could not be read.")
    metadata = machine.run("runuser", "-u", "postgres", "--", "pg_dump", "airflow")
    left = [
        *files_below(machine.root / "var/log/tweet-lake"),
        ("the journal", machine.run("journalctl", "--output=cat").encode()),
        ("the metadata", metadata.encode()),
        ("a process", processes.encode()),
    ]
    if found := places_of({**secrets, "X's token": TOKEN}, left):
        sys.exit("\n".join(["What nobody should see is there to be read:", *found]))
    return f"{len(secrets) + 1} secrets, in none of {len(left)} places"


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
