#!/usr/bin/env python3
"""Look whether this host is well, and tell the stack's topic once when that changes.

A timer runs it every five minutes; systemd does, too, where a start or a backup failed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3

from command.backups import made_at
from command.host import AIRFLOW, Host
from command.metadata import Metadata
from command.trouble import Trouble, asking_aws, fails, run

SETTINGS = Path(os.environ.get("TWEET_LAKE_HOST_ENV", "/etc/tweet-lake/host.env"))
MEMORY = Path(os.environ.get("RUNTIME_DIRECTORY", "/run/tweet-lake-watch")) / "memory.json"
"""``told`` are names of :data:`Finding`, since all was well; ``busy`` is since when somebody is."""
FULL, ROOMY = 0.90, 0.85
"""Parts of the disk: from the one on it is told, below the other it is well again."""
TOO_OLD = timedelta(hours=26)
"""For a backup that is made every day."""
PATIENCE = timedelta(minutes=90)
"""No start, upgrade or backup takes longer; one that does hangs, or fails again and again."""
Finding = tuple[str, str | None]
"""What is not well, and a sentence about it; None where nobody can say yet."""


def containers(host: Host) -> Iterator[Finding]:
    """The services, by Docker's word about their health checks."""
    labels = ("project=tweet-lake", "oneoff=False")  # others are of `run --rm`
    filters = (f"--filter=label=com.docker.compose.{label}" for label in labels)
    columns = '{{.Label "com.docker.compose.service"}}\t{{.State}}\t{{.Status}}'
    line = ("timeout", "60", "docker", "ps", "--all", *filters, f"--format={columns}")
    said = run(*line, what="Docker does not answer").splitlines()
    seen = {service: rest for service, *rest in (row.split("\t") for row in said)}
    for service in (*AIRFLOW, "caddy", *["postgres"] * host.has_own_database):
        state, status = seen.get(service, ("gone", "not there"))
        if state != "running" or "(unhealthy)" in status:
            yield service, f"{service}: {status}; docker logs tweet-lake-{service}-1 says more"
        elif "(healthy)" not in status:
            yield service, None


def disk(host: Host) -> Iterator[Finding]:
    """The one disk, as df counts: what is kept for root is no room."""
    found = shutil.disk_usage(host.folder)
    used = found.used / (found.used + found.free)
    if used >= ROOMY:
        yield "disk", f"the disk is {used:.0%} full" if used >= FULL else None


def backups(host: Host) -> Iterator[Finding]:
    """Airflow's metadata in the bucket: from this host, or the one before it."""
    unit = "tweet-lake-backup.service"
    if not fails("systemctl", "is-failed", "--quiet", unit):
        why = f"journalctl -u {unit} says why, systemctl start {unit} tries again"
        yield "backup", f"the last backup failed; {why}"
        return
    newest = next(reversed(Metadata(host).keys()), None)
    # A new host has a day for its first one.
    times = [datetime.fromtimestamp(host.file.stat().st_mtime, UTC)]
    times += [made_at(newest)] if newest else []
    if datetime.now(UTC) - max(times) > TOO_OLD:
        yield "backup", f"the newest backup is {newest or 'none'}; tweet-lake backup makes one"


def look(host: Host) -> Iterator[Finding]:
    """All that is not well; what can't be looked at is not."""
    for part in (containers, disk, backups):
        try:
            yield from part(host)
        except (Trouble, OSError, ValueError) as error:
            yield part.__name__, str(error)


def is_busy(host: Host) -> bool:
    """Whether somebody starts, stops or upgrades: what is down then will come up, or fail."""
    unit = ("systemctl", "show", "--property=ActiveState", "--value", "tweet-lake.service")
    if run(*unit, what="systemd does not answer").strip() in {"activating", "deactivating"}:
        return True
    try:
        with host.alone(patient=False):
            return False
    except Trouble:
        return True


def tell(host: Host, subject: str, text: str) -> None:
    """Publish a message to whoever subscribed to the stack's topic."""
    topic, name = host["TWEET_LAKE_TOPIC"], host["TWEET_LAKE_DOMAIN"]
    with asking_aws(f"the topic {topic}"):
        boto3.client("sns").publish(
            TopicArn=topic, Subject=f"{name}: {subject}"[:100], Message=f"{text}\n\nhttps://{name}"
        )


def watch(host: Host) -> None:
    """Look, and tell what is new."""
    memory = json.loads(MEMORY.read_text()) if MEMORY.exists() else {}
    told, now = memory.get("told", []), datetime.now(UTC)
    found = list(look(host))
    bad = {name: sentence for name, sentence in found if sentence}
    print("\n".join(bad.values()) or "nothing is amiss")
    busy = memory.get("busy", now.isoformat()) if is_busy(host) else None
    if busy and now - datetime.fromisoformat(busy) < PATIENCE:
        print("somebody is at work on this host: nothing is told")
    elif new := bad.keys() - set(told):
        text = "\n".join(bad.values())
        tell(host, "not well", f"{text}\n\ndocs/operating.md says what to do.")
        told = [*told, *new]
    elif told and not found:
        tell(host, "well again", "All that was told is well again.")
        told = []
    MEMORY.write_text(json.dumps({"told": told} | ({"busy": busy} if busy else {})))


def main() -> int:
    """Watch; 1 and a sentence if nobody could be told."""
    try:
        watch(Host(SETTINGS))
    except (Trouble, OSError) as error:
        print(f"watch: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
