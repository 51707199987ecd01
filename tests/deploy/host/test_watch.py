"""Who is told that a host is not well: the watch, with stand-ins for docker and systemctl."""

from __future__ import annotations

import itertools
import json
import os
import runpy
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
import yaml

from tests.deploy.command.machine import COMMAND, REGION, Database, HostMachine, client

HOST = Path(__file__).parents[3] / "deploy" / "host"
SERVICES = ("scheduler", "dag-processor", "triggerer", "api-server", "caddy", "postgres")
DOCKER = r"""#!/bin/bash
asked="$*" of=--filter=label=com.docker.compose
[ "${asked%% --format*}" = "ps --all $of.project=tweet-lake $of.oneoff=False" ] &&
    cat "$STANDIN/ps" && exit
if [ "${asked%% --format*}" = "inspect --type=container" ]; then
    shift 3
    for name; do
        grep -qs "^${name:11:-2}$" "$STANDIN/dies" && deaths=7 || deaths=1
        printf '%s\t%s\n' $deaths "$(cat "$STANDIN/began")"
    done
    exit
fi
echo Cannot connect to the Docker daemon >&2
exit 1
"""
SYSTEMCTL = """#!/bin/sh
asked="$*"
case ${asked#show --property=ActiveState --value } in
tweet-lake.service) cat "$STANDIN/active" ;;
tweet-lake-backup.service) cat "$STANDIN/backup" ;;
*) exit 1 ;;
esac
"""
_numbers = itertools.count()


class WatchedHost(HostMachine):
    """A host on which all is well, until something else is said."""

    def __init__(self, folder, endpoint):
        self.name = f"watched-{next(_numbers)}"
        where = {"LocationConstraint": REGION}
        self.s3 = client("s3", endpoint)
        self.s3.create_bucket(Bucket=self.name, CreateBucketConfiguration=where)
        super().__init__(folder, endpoint, self.name, Database("/nowhere"))
        sns, self.sqs = client("sns", endpoint), client("sqs", endpoint)
        self.topic = sns.create_topic(Name=self.name)["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        asked = {"QueueUrl": self.queue, "AttributeNames": ["QueueArn"]}
        queue = self.sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue)
        (folder / "bin" / "docker").unlink()
        for name, text in (("docker", DOCKER), ("systemctl", SYSTEMCTL)):
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)
        (folder / "told").mkdir()
        self.environment["RUNTIME_DIRECTORY"] = str(folder / "told")
        self.set(TWEET_LAKE_TOPIC=self.topic)
        self.systemd()
        self.docker()
        self.began(timedelta(minutes=4))
        self.disk = 0.5
        (folder / "var").mkdir()

    def docker(self, **status):
        """Let Docker say of services what it says of healthy ones, or something else."""
        rows = dict.fromkeys(SERVICES, "running\tUp 2 hours (healthy)")
        rows |= {name.replace("_", "-"): said for name, said in status.items()}
        text = "".join(f"{name}\t{said}\n" for name, said in rows.items() if said)
        (self.standin / "ps").write_text(text)

    def began(self, ago):
        """When Docker has last started what it runs, as Docker writes it."""
        time = f"{datetime.now(UTC) - ago:%Y-%m-%dT%H:%M:%S}.123456789Z"
        (self.standin / "began").write_text(time)

    def systemd(self, state="active", backup="inactive"):
        (self.standin / "active").write_text(f"{state}\n")
        (self.standin / "backup").write_text(f"{backup}\n")

    def backup(self, age):
        stamp = f"{datetime.now(UTC) - age:%Y%m%dT%H%M%SZ}"
        self.s3.put_object(Bucket=self.name, Key=f"backups/metadata/{stamp}.dump", Body=b"dump")

    def grow_old(self):
        """The host has been there for a month."""
        month = (datetime.now(UTC) - timedelta(days=30)).timestamp()
        os.utime(self.settings, (month, month))

    def look(self):
        """Let it look; what was told."""
        total, used = 100 * 2**30, int(self.disk * 100 * 2**30)
        usage = mock.Mock(total=total, used=used, free=total - used)
        said, refused = StringIO(), StringIO()
        with (
            mock.patch.dict(os.environ, self.environment),
            mock.patch.object(sys, "path", [str(HOST), *sys.path]),
            mock.patch.object(shutil, "disk_usage", return_value=usage),
            redirect_stdout(said),
            redirect_stderr(refused),
        ):
            self.code = runpy.run_path(str(HOST / "watch.py"), run_name="in_a_test")["main"]()
        self.said, self.refused = said.getvalue(), refused.getvalue()
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        told = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
        return [(message["Subject"], message["Message"]) for message in told]


@pytest.fixture
def host(s3, tmp_path):
    return WatchedHost(tmp_path, s3.meta.endpoint_url)


def test_of_a_host_that_is_well_nothing_is_told(host):
    assert host.look() == []
    assert (host.code, host.said, host.refused) == (0, "nothing is amiss\n", "")


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("running\tUp 3 days (unhealthy)", "scheduler: Up 3 days (unhealthy); docker logs"),
        ("restarting\tRestarting (1) 20 seconds ago", "scheduler: Restarting (1) 20 seconds ago"),
        ("exited\tExited (137) 2 minutes ago", "scheduler: Exited (137) 2 minutes ago"),
        (None, "scheduler: not there"),
    ],
)
def test_a_service_that_is_not_well_is_told_once_and_once_when_it_is_again(host, trouble, said):
    host.docker(scheduler=trouble)
    ((subject, text),) = host.look()
    assert subject == "lake.example.org: not well"
    assert said in text
    assert host.look() == []
    # Nobody knows yet: it may be the next turn of a circle.
    host.docker(scheduler="running\tUp 9 seconds (health: starting)")
    assert host.look() == []
    host.docker(scheduler=trouble)
    assert host.look() == []
    host.docker()
    assert [subject for subject, _ in host.look()] == ["lake.example.org: well again"]
    assert host.look() == []
    host.docker(scheduler=trouble)
    assert len(host.look()) == 1


def test_a_service_that_dies_again_and_again_is_told_though_it_runs_at_each_look(host):
    (host.standin / "dies").write_text("scheduler\n")
    ((_, text),) = host.look()
    assert "scheduler: died 7 times" in text
    assert "triggerer" not in text
    assert host.look() == []
    host.began(timedelta(hours=3))
    assert [subject for subject, _ in host.look()] == ["lake.example.org: well again"]


def test_what_comes_on_top_is_told_too(host):
    host.docker(triggerer="exited\tExited (1)")
    assert len(host.look()) == 1
    host.disk = 0.93
    ((_, text),) = host.look()
    assert "the disk is 93% full" in text
    assert "triggerer" in text
    host.docker()
    assert host.look() == []
    host.disk = 0.88  # tidied up a little: not well again, nor told anew
    assert host.look() == []
    host.docker(triggerer="exited\tExited (1)")
    ((_, text),) = host.look()
    assert "triggerer" in text, "what comes back is told, whatever else has stayed"
    host.docker()
    assert host.look() == []
    host.disk = 0.7
    assert [subject for subject, _ in host.look()] == ["lake.example.org: well again"]


def test_the_newest_backup_may_not_be_too_old(host):
    assert host.look() == [], "a new host has a day for its first one"
    host.grow_old()
    ((_, text),) = host.look()
    assert "the newest backup is none; tweet-lake backup makes one" in text
    host.backup(timedelta(hours=27))
    assert host.look() == []
    host.backup(timedelta(hours=1))
    assert [subject for subject, _ in host.look()] == ["lake.example.org: well again"]


def test_a_backup_is_too_old_when_status_says_so():
    with mock.patch.object(sys, "path", [str(HOST), *sys.path]):
        status, watch = (
            runpy.run_path(str(path), run_name="in_a_test") for path in (COMMAND, HOST / "watch.py")
        )
    assert status["TOO_OLD"] == watch["TOO_OLD"]


def test_a_backup_that_failed_is_told_before_it_is_old(host):
    host.backup(timedelta(hours=1))
    host.systemd(backup="failed")
    ((_, text),) = host.look()
    assert "journalctl -u tweet-lake-backup.service says why" in text


def test_an_upgrade_that_was_cut_short_is_told_though_its_containers_run(host):
    move = {"to": "lake:2", "with": None, "kept": "backups/metadata/20261101T000000Z.dump"}
    state = host.folder / "var" / "state.json"
    state.write_text(json.dumps({"image": "lake:1", "move": move}))
    host.grow_old()
    ((_, text),) = host.look()
    assert "tweet-lake backup" not in text, "it makes none before that has ended"
    host.backup(timedelta(hours=1))
    assert "the upgrade to lake:2 was cut short: tweet-lake upgrade tries again" in text
    state.write_text("{")
    ((_, text),) = host.look()
    assert f"{state} is damaged" in text
    state.unlink()
    assert [subject for subject, _ in host.look()] == ["lake.example.org: well again"]


def test_all_is_well_again_where_what_was_told_had_gone_before(host):
    host.disk = 0.93
    assert len(host.look()) == 1
    host.disk = 0.5
    host.docker(scheduler="running\tUp 9 seconds (health: starting)")
    assert host.look() == []
    host.docker()
    assert [subject for subject, _ in host.look()] == ["lake.example.org: well again"]


def test_systemd_that_does_not_answer_is_told(host):
    (host.standin / "active").unlink()
    (host.standin / "backup").unlink()
    ((_, text),) = host.look()
    assert "systemd does not answer" in text
    assert host.code == 0


def test_a_memory_that_is_damaged_is_as_none(host):
    (Path(host.environment["RUNTIME_DIRECTORY"]) / "memory.json").write_text('{"told": [')
    host.docker(scheduler=None)
    assert len(host.look()) == 1
    assert host.look() == []


def test_docker_that_does_not_answer_and_a_bucket_that_is_gone_are_told(host):
    (host.standin / "ps").unlink()
    host.set(TWEET_LAKE_TOPIC=host.topic, TWEET_LAKE_BUCKET="a-bucket-of-nobody")
    ((_, text),) = host.look()
    assert "Docker does not answer" in text
    assert "Cannot connect to the Docker daemon" in text
    assert "s3://a-bucket-of-nobody/backups/metadata/" in text


def test_while_somebody_is_at_work_nothing_is_told(host):
    host.docker(scheduler=None, caddy=None)
    for state in ("activating", "deactivating"):
        host.systemd(state)
        assert host.look() == []
    host.systemd()
    lock = host.folder / "var" / "lock"
    with subprocess.Popen(
        ["flock", lock, "sh", "-c", "echo locked; cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b"locked\n"
        assert host.look() == []
        assert "somebody is at work" in host.said
        other.stdin.close()
    assert len(host.look()) == 1


def test_who_is_at_work_for_too_long_hangs_or_fails_again_and_again(host):
    host.docker(scheduler=None)
    host.systemd("activating")
    assert host.look() == []
    memory = Path(host.environment["RUNTIME_DIRECTORY"]) / "memory.json"
    begun = (datetime.now(UTC) - timedelta(minutes=91)).isoformat()
    memory.write_text(json.dumps({**json.loads(memory.read_text()), "busy": begun}))
    ((subject, _),) = host.look()
    assert subject == "lake.example.org: not well"
    assert host.look() == []


def test_what_could_not_be_told_is_told_the_next_time(host):
    host.docker(scheduler=None)
    host.set(TWEET_LAKE_TOPIC=f"{host.topic}-of-nobody")
    assert host.look() == []
    assert host.code == 1
    assert "of-nobody" in host.refused
    host.set()
    host.look()
    assert "TWEET_LAKE_TOPIC is not set" in host.refused
    host.set(TWEET_LAKE_TOPIC=host.topic)
    assert len(host.look()) == 1


def test_with_rds_there_is_no_postgresql_to_look_for(host):
    host.docker(postgres=None)
    host.set(TWEET_LAKE_TOPIC=host.topic, TWEET_LAKE_DATABASE="rds")
    assert host.look() == []


def test_it_looks_at_every_service_that_lasts():
    composed = yaml.safe_load((HOST / "compose.yaml").read_text())["services"]
    assert set(SERVICES) == composed.keys() - {"migrate"}


def test_systemd_takes_the_units_of_the_release_and_starts_their_timers(host, tmp_path):
    (tmp_path / "systemd").mkdir()
    (tmp_path / "bin" / "systemctl").write_text(
        '#!/bin/sh\necho "$*" >> "$STANDIN/systemctl.log"\n'
    )
    environment = {**host.environment, "TWEET_LAKE_UNITS": str(tmp_path / "systemd")}
    for _ in range(2):
        subprocess.run([HOST / "units"], env=environment, check=True)
    units = {path.name for path in HOST.iterdir() if path.suffix in {".service", ".timer"}}
    assert {path.name for path in (tmp_path / "systemd").iterdir()} == units
    for name in units:
        assert (tmp_path / "systemd" / name).read_text() == (HOST / name).read_text()
    done = (host.standin / "systemctl.log").read_text().splitlines()
    timers = "tweet-lake-backup.timer tweet-lake-watch.timer"
    assert done == ["daemon-reload", f"enable --quiet --now {timers}"] * 2
    started = {
        (HOST / f"{name.removesuffix('.timer')}.service").exists() for name in timers.split()
    }
    assert started == {True}
