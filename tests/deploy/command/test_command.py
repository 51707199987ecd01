"""`tweet-lake` on a host: start, stop, status, and what it says where something is amiss."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest

from tests.deploy.command.machine import COMMAND, NEW, OLD, PARAMETER, client

EVERYTHING = {"postgres", "api-server", "scheduler", "dag-processor", "triggerer", "caddy"}


def test_a_new_host_starts_what_the_stack_names(host):
    assert host.done("start") == f"{OLD} runs\n"
    assert host.running() == dict.fromkeys(EVERYTHING, OLD)
    registry, token = (host.standin / "login").read_text().split()
    assert registry == OLD.partition("/")[0]
    assert token
    assert token not in "".join(host.calls())


def test_the_command_comes_with_the_release(host):
    host.done("start")
    current = host.folder / "var" / "current"
    assert (current / "compose.yaml").read_text() == f"# of {OLD}\n"
    host.done("upgrade", NEW)
    assert (current / "compose.yaml").read_text() == f"# of {NEW}\n"


def test_after_a_reboot_the_same_release_starts_without_aws(host):
    host.done("start")
    host.done("upgrade", NEW)
    (host.standin / "running.json").unlink()
    host.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    assert host.done("start") == f"{NEW} runs\n"
    assert host.running()["scheduler"] == NEW


def test_it_stops_the_scheduler_first_and_the_api_server_of_its_tasks_last(host):
    host.done("start")
    host.done("stop")
    stops = [call for call in host.calls() if call.startswith("compose stop")]
    assert stops[0] == "compose stop scheduler"
    assert stops.index("compose stop api-server") == 3
    assert host.running() == {}


def test_status_says_what_runs_and_what_there_is_to_go_back_to(host):
    host.done("start")
    client("ssm", host.endpoint).put_parameter(Name=PARAMETER, Value=NEW, Overwrite=True)
    told = host.done("status")
    assert f"image     {OLD}\n" in told
    assert f"stack     {NEW}: tweet-lake upgrade goes on with it" in told
    assert "backup    none: too old, tweet-lake backup makes one" in told
    assert "tweet-lake-scheduler-1" in told
    place = host.done("backup").strip()
    told = host.done("status")
    assert f"backup    {place.partition(host.bucket + '/')[2]}\n" in told
    assert "too old" not in told
    assert "GiB free" in told


def test_the_doctor_s_word_is_the_command_s(host):
    host.done("start")
    process = host.start("doctor")
    assert process.communicate()[0] == f"include.doctor.command in {OLD}\n"
    assert process.returncode == 0
    file = host.standin / "images" / OLD.replace("/", "_").replace(":", "_") / "image.json"
    file.write_text('{"doctor": 1}')
    process = host.start("doctor")
    process.communicate()
    assert process.returncode == 1


@pytest.mark.parametrize("command", ["backup", "restore", "rollback", "upgrade", "stop"])
def test_before_the_first_start_it_says_so(host, command):
    told = host.refused(command)
    assert "nothing was started here yet" in told or "nothing to go back to" in told


@pytest.mark.parametrize("name", ["TWEET_LAKE_BUCKET", "AWS_DEFAULT_REGION"])
def test_a_value_that_is_missing_is_named(host, name):
    host.set(**{name: None})
    told = host.refused("start")
    assert f"{name} is not set in {host.settings}; the stack's outputs have its value" in told


def test_a_host_without_settings(host):
    host.settings.unlink()
    assert "cloud-init writes this file" in host.refused("start")


def test_a_host_without_docker(host):
    host.environment["PATH"] = "/nowhere"
    told = host.refused("start")
    assert "apt install docker.io docker-compose-v2" in told


def test_a_host_without_boto3(host):
    ran = subprocess.run(
        [sys.executable, "-S", "-I", COMMAND, "start"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr


def test_a_parameter_that_the_stack_did_not_make(host):
    host.set(TWEET_LAKE_IMAGE_PARAMETER="/other/image")
    told = host.refused("start")
    assert "/other/image" in told
    assert "is TWEET_LAKE_IMAGE_PARAMETER in host.env the right one?" in told


def test_an_image_that_is_not_there(host):
    client("ssm", host.endpoint).put_parameter(Name=PARAMETER, Value=f"{OLD}x", Overwrite=True)
    told = host.refused("start")
    assert f"the image {OLD}x can't be had" in told
    assert "manifest" in told
    assert host.running() == {}


def test_an_image_of_something_else(host):
    shutil.rmtree(next((host.standin / "registry").glob("*_1")) / "host")
    assert f"{OLD} is no image of tweet-lake" in host.refused("start")
    assert not (host.standin / "created").exists()


def test_a_release_that_does_not_get_healthy(host):
    host.image(OLD, healthy=False)
    told = host.refused("start")
    assert f"{OLD} does not get healthy" in told
    assert "tweet-lake-scheduler-1 is unhealthy" in told


def test_a_state_that_is_damaged_is_named(host):
    host.done("start")
    file = host.folder / "var" / "state.json"
    file.write_text('{"image": ')
    told = host.refused("status")
    assert f"{file} is damaged" in told
    assert "move it away, and tweet-lake start starts what the stack names" in told
    file.unlink()
    host.done("start")


@pytest.fixture
def busy(host):
    """A host where a backup is under way, for as long as nobody ends it."""
    host.done("start")
    host.order("pg_dump", how="hang")
    backup = host.start("backup")
    try:
        while not (host.standin / "hangs").exists():
            assert backup.poll() is None
        host.other = backup
        yield host
    finally:
        if backup.poll() is None:
            os.killpg(backup.pid, signal.SIGKILL)
        backup.communicate()


def test_two_commands_do_not_meet(busy):
    for command in ("upgrade", "rollback", "restore"):
        assert "another tweet-lake is at work" in busy.refused(command)
    busy.done("status")
    os.killpg(busy.other.pid, signal.SIGKILL)
    busy.other.communicate()
    busy.done("backup")


@pytest.mark.parametrize("command", ["stop", "backup"])
def test_what_systemd_asks_for_waits_for_what_is_at_work(busy, command):
    other = busy.start(command)
    assert other.stdout.readline() == (
        "another tweet-lake is at work on this host: waiting for its end\n"
    )
    assert busy.running().keys() == EVERYTHING
    os.killpg(busy.other.pid, signal.SIGKILL)
    _, told = other.communicate()
    assert (other.returncode, told) == (0, "")
    assert busy.running().keys() == (EVERYTHING if command == "backup" else set())
