"""The door while Airflow is not there: at the first start, and during an upgrade."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests

from tests.host_tools import host_tool

CADDYFILE = Path(__file__).parents[3] / "deploy" / "host" / "Caddyfile"


@pytest.fixture
def url(tmp_path):
    """The door, with a closed port behind it."""
    with socket.socket() as behind, socket.socket() as probe:
        behind.bind(("127.0.0.1", 0))  # and never listens
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        settings = {
            "TWEET_LAKE_API_SERVER": f"http://127.0.0.1:{behind.getsockname()[1]}",
            "TWEET_LAKE_DOMAIN": f"localhost:{port}",
            "TWEET_LAKE_HTTPS_PORT": str(port),
            "TWEET_LAKE_TLS": "internal",
            "XDG_CONFIG_HOME": str(tmp_path),
            "XDG_DATA_HOME": str(tmp_path),
        }
        caddy = subprocess.Popen(
            [host_tool("caddy"), "run", "--config", str(CADDYFILE)],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **settings},
            stderr=subprocess.DEVNULL,
        )
        yield f"https://localhost:{port}"
        caddy.kill()
        caddy.wait()


def test_a_browser_is_told_to_come_back(url, tmp_path):
    authority = tmp_path / "caddy/pki/authorities/local/root.crt"
    deadline = time.monotonic() + 60
    while True:
        try:
            answer = requests.get(f"{url}/", verify=str(authority), timeout=30)
            break
        except OSError:  # also what requests raises
            assert time.monotonic() < deadline, "Caddy did not start"
            time.sleep(0.1)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Try again in a minute" in answer.text
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Server" not in answer.headers
