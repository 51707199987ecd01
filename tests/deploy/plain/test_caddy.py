"""The site of a host in a Caddy that serves somebody else's sites too, as `install` advises."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.host_tools import host_tool

REPOSITORY = Path(__file__).parents[3]
SITE = REPOSITORY / "deploy" / "host" / "site.caddy"
PLAIN = REPOSITORY / "deploy" / "plain"


def settings():
    """What Caddy's unit gives it: `Environment=` and the settings of a fresh host."""
    lines = (PLAIN / "caddy.conf").read_text().splitlines()
    given = [line.removeprefix("Environment=") for line in lines if line.startswith("Environment=")]
    given += [
        line
        for line in (PLAIN / "host.env.example").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    return dict(line.split("=", 1) for line in given)


@pytest.mark.parametrize("own", ["{\n\temail me@example.org\n}\n", ""])
def test_it_can_be_imported_beside_others(tmp_path, own):
    caddyfile = tmp_path / "Caddyfile"
    snippets = "".join(f"({name}) {{\n}}\n" for name in ("headers", "acme", "internal"))
    other = "other.example.org {\n\timport headers\n\trespond mine\n}\n"
    caddyfile.write_text(f"{own}{snippets}{other}import {SITE}\n")
    done = subprocess.run(
        [host_tool("caddy"), "adapt", "--validate", "--config", str(caddyfile)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **settings()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    servers = json.loads(done.stdout)["apps"]["http"]["servers"].values()
    sites = {
        host
        for server in servers
        for route in server["routes"]
        for host in route["match"][0]["host"]
    }
    assert sites == {"other.example.org", "localhost"}
    # Nothing of the others' is changed by it.
    assert not any("automatic_https" in server for server in servers)
    assert "admin" not in json.loads(done.stdout)


def test_it_is_formatted_as_caddy_does():
    done = subprocess.run([host_tool("caddy"), "fmt", str(SITE)], capture_output=True, check=True)
    assert done.stdout.decode() == SITE.read_text(encoding="utf-8")
