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
from typing import Any

import boto3
from botocore.config import Config

from command.backups import TOO_OLD, made_at
from command.host import AIRFLOW, Host
from command.metadata import Metadata
from command.move import cut_short
from command.trouble import Trouble, asking_aws, run

SETTINGS = Path(os.environ.get("TWEET_LAKE_HOST_ENV", "/etc/tweet-lake/host.env"))
MEMORY = Path(os.environ.get("RUNTIME_DIRECTORY", "/run/tweet-lake-watch")) / "memory.json"
"""``told`` are names of :data:`Finding` that are not well yet; ``ill`` is until all is well again;
``busy`` is since when somebody is at work."""
FULL, ROOMY = 0.90, 0.85
"""Parts of the disk: from the one on it is told, below the other it is well again."""
PATIENCE = timedelta(minutes=90)
"""No start, upgrade or backup takes longer; one that does hangs, or fails again and again."""
LATELY = timedelta(hours=2)
"""Who has died more than once, and so lately, is not well."""
QUICK = Config(connect_timeout=5, read_timeout=10)
"""For AWS: the unit has three minutes, and what else is not well is to be told in them."""
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
    yield from deaths(sorted(seen))


def deaths(services: list[str]) -> Iterator[Finding]:
    """Who goes round in a slow circle: whenever it is looked at, Docker has it running again."""
    names = [f"tweet-lake-{service}-1" for service in services]
    inspect = ("timeout", "60", "docker", "inspect", "--type=container")
    line = (*inspect, "--format={{.RestartCount}}\t{{.State.StartedAt}}", *names)
    said = run(*line, what="Docker does not answer").splitlines() if names else []
    for service, name, row in zip(services, names, said, strict=True):
        count, since = row.split("\t")
        if int(count) > 1 and datetime.now(UTC) - datetime.fromisoformat(since) < LATELY:
            why = f"docker logs {name} says more, docker inspect {name} whether memory ran out"
            yield (
                f"{service} dies",
                f"{service}: died {count} times, the last before {since}; {why}",
            )


def disk(host: Host) -> Iterator[Finding]:
    """The one disk, as df counts: what is kept for root is no room."""
    found = shutil.disk_usage(host.folder)
    used = found.used / (found.used + found.free)
    if used >= ROOMY:
        yield "disk", f"the disk is {used:.0%} full" if used >= FULL else None


def backups(host: Host) -> Iterator[Finding]:
    """Airflow's metadata in the bucket: from this host, or the one before it."""
    unit = "tweet-lake-backup.service"
    if state(unit) == "failed":
        why = f"journalctl -u {unit} says why, systemctl start {unit} tries again"
        yield "backup", f"the last backup failed; {why}"
        return
    if cut_short(host):  # told, and no backup can be made before it has ended
        return
    newest = next(reversed(Metadata(host, QUICK).keys()), None)
    # A new host has a day for its first one.
    times = [datetime.fromtimestamp(host.file.stat().st_mtime, UTC)]
    times += [made_at(newest)] if newest else []
    if datetime.now(UTC) - max(times) > TOO_OLD:
        yield "backup", f"the newest backup is {newest or 'none'}; tweet-lake backup makes one"


def moves(host: Host) -> Iterator[Finding]:
    """An upgrade that was killed: Docker goes on with whatever it has left."""
    if said := cut_short(host):
        yield "move", said


def state(unit: str) -> str:
    """What systemd calls a unit's state."""
    line = ("systemctl", "show", "--property=ActiveState", "--value", unit)
    return run(*line, what="systemd does not answer").strip()


def look(host: Host) -> Iterator[Finding]:
    """All that is not well; what can't be looked at is not."""
    for part in (containers, disk, moves, backups):
        try:
            yield from part(host)
        except (Trouble, OSError, ValueError) as error:
            yield part.__name__, str(error)


def is_busy(host: Host) -> bool:
    """Whether somebody starts, stops or upgrades: what is down then will come up, or fail."""
    try:
        if state("tweet-lake.service") in {"activating", "deactivating"}:
            return True
    except Trouble:  # told by who looks at the backups
        pass
    try:
        with host.alone(patient=False):
            return False
    except Trouble:
        return True
    except OSError:  # a disk that can't be written to is no sign of work
        return False


def tell(host: Host, subject: str, text: str) -> None:
    """Publish a message to whoever subscribed to the stack's topic."""
    topic, name = host["TWEET_LAKE_TOPIC"], host["TWEET_LAKE_DOMAIN"]
    with asking_aws(f"the topic {topic}"):
        boto3.client("sns", config=QUICK).publish(
            TopicArn=topic, Subject=f"{name}: {subject}"[:100], Message=f"{text}\n\nhttps://{name}"
        )


def watch(host: Host) -> None:
    """Look, and tell what is new."""
    memory, now = recall(), datetime.now(UTC)
    found = list(look(host))
    bad = {name: sentence for name, sentence in found if sentence}
    told = [name for name in memory.get("told", []) if name in dict(found)]
    ill = memory.get("ill", False)
    print("\n".join(bad.values()) or "nothing is amiss")
    busy = memory.get("busy", now.isoformat()) if is_busy(host) else None
    if busy and now - datetime.fromisoformat(busy) < PATIENCE:
        print("somebody is at work on this host: nothing is told")
    elif new := bad.keys() - set(told):
        text = "\n".join(bad.values())
        tell(host, "not well", f"{text}\n\ndocs/operating.md says what to do.")
        told, ill = [*told, *new], True
    elif ill and not found:
        tell(host, "well again", "All that was told is well again.")
        ill = False
    remember({"told": told, "ill": ill} | ({"busy": busy} if busy else {}))


def recall() -> dict[str, Any]:
    """What the last look has kept; nothing where that can't be read: then all is told anew."""
    try:
        return dict(json.loads(MEMORY.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def remember(memory: dict[str, Any]) -> None:
    """Keep it, whole or not at all."""
    draft = MEMORY.with_suffix(".part")
    draft.write_text(json.dumps(memory))
    draft.replace(MEMORY)


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
