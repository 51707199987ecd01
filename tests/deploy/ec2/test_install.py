"""The first minute of a host: the user data's script, with stand-ins for Docker and systemd."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import yaml

from tests.deploy.ec2.conftest import REGISTRY, REPOSITORY

HOST = REPOSITORY / "deploy" / "host"
IMAGE = f"{REGISTRY}/tweet-lake:1.0.0"


class Ear:
    """Where the stack listens: what it was told, and the status that it answers with."""

    def __init__(self):
        self.told, self.status, ear = [], 200, self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self):
                assert self.headers["Content-Type"] == ""  # part of what AWS has signed
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.told.append(json.loads(body))
                self.send_response(ear.status)
                self.end_headers()

            def log_message(self, *_):
                """Not into the tests' output."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()


@pytest.fixture
def ear():
    ear = Ear()
    yield ear
    ear.server.shutdown()
    ear.server.server_close()


@pytest.fixture
def install(cloud, ear, tmp_path):
    """Runs what cloud-init runs, below a folder in the place of the disk."""
    config = yaml.safe_load(cloud.user_data(cloud.deploy()["HostId"]))
    text = {file["path"]: file["content"] for file in config["write_files"]}[config["runcmd"][0][0]]
    for place in ("var/lib/tweet-lake", "opt/tweet-lake", "usr/local/bin"):
        (tmp_path / place).mkdir(parents=True)
        text = text.replace(f'"/{place}', f'"{tmp_path}/{place}')
    signal = "https://cloudformation.example/signal-"
    assert text.count(signal) == 1
    text = text.replace(text[text.index(signal) :].partition('"')[0], ear.url)
    script = tmp_path / "install"
    script.write_text(text)
    (tmp_path / "bin").mkdir()
    docker = REPOSITORY / "tests" / "deploy" / "command" / "docker"
    (tmp_path / "bin" / "docker").symlink_to(docker)
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.write_text('#!/bin/sh\necho "$*" >> "$STANDIN/systemctl.log"\n')
    systemctl.chmod(0o755)
    release = tmp_path / "registry" / IMAGE.replace("/", "_").replace(":", "_")
    shutil.copytree(HOST, release / "host")
    (tmp_path / "units").mkdir()

    def run(*options):
        return subprocess.run(
            [sys.executable, *options, script],
            env={
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_ENDPOINT_URL": cloud.url,
                "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
                "STANDIN": str(tmp_path),
                "TWEET_LAKE_UNITS": str(tmp_path / "units"),
            },
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("status", [200, 403], ids=["the stack waits", "it stands for long"])
def test_a_host_starts_what_is_in_the_image_and_tells_the_stack(install, ear, tmp_path, status):
    ear.status = status
    for times in (1, 2):  # `sudo /opt/tweet-lake/install` tries again
        done = install()
        assert done.returncode == 0, done.stderr
        assert [told["Status"] for told in ear.told] == ["SUCCESS"] * times
    assert ("the stack was not told: HTTP Error 403" in done.stdout) == (status == 403)
    folder = tmp_path / "opt/tweet-lake/host"
    assert (folder / "compose.yaml").read_text() == (HOST / "compose.yaml").read_text()
    assert folder.readlink() == tmp_path / "var/lib/tweet-lake/current"
    assert (tmp_path / "usr/local/bin/tweet-lake").resolve().name == "tweet-lake"
    assert (tmp_path / "units" / "tweet-lake-watch.timer").exists()
    calls = (tmp_path / "systemctl.log").read_text().splitlines()
    assert calls[-1] == "enable --now --no-block tweet-lake.service"
    assert calls[0] == "daemon-reload"


def test_it_tells_the_stack_why_it_has_no_image(install, ear, tmp_path):
    shutil.rmtree(tmp_path / "registry")
    done = install()
    assert done.returncode == 1
    (told,) = ear.told
    assert told["Status"] == "FAILURE"
    assert "the host has no image: docker pull:" in told["Reason"]
    assert f"manifest for {IMAGE} not found" in told["Reason"]


def test_it_tells_the_stack_that_ubuntu_s_packages_did_not_come(install, ear):
    assert install("-I", "-S").returncode == 1
    assert "No module named 'boto3'" in ear.told[0]["Reason"]


def test_a_stack_that_does_not_listen_hides_no_error(install, ear, tmp_path):
    ear.status = 403
    shutil.rmtree(tmp_path / "registry")
    done = install()
    assert done.returncode == 1
    assert f"manifest for {IMAGE} not found" in done.stderr
