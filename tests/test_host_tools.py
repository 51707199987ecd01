"""Docker Compose is found by what it answers, whichever way a machine has it."""

from __future__ import annotations

import pytest

from tests.host_tools import docker_compose, mounts

PLUGIN, PROGRAM = ["docker", "compose"], ["docker-compose"]


@pytest.fixture
def there(tmp_path, monkeypatch):
    """Puts programs onto the path, and nothing else; each is given as how it ends."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(**programs: int) -> None:
        for name, status in programs.items():
            program = tmp_path / name.replace("_", "-")
            program.write_text(f"#!/bin/sh\nexit {status}\n")
            program.chmod(0o755)

    return put


@pytest.mark.parametrize(
    ("programs", "command"),
    [
        ({"docker": 0}, PLUGIN),  # GitHub's runners, Ubuntu's docker-compose-v2
        ({"docker": 0, "docker_compose": 1}, PLUGIN),  # Ubuntu 24.04 with both of its packages
        ({"docker": 1, "docker_compose": 0}, PROGRAM),  # Docker without the plugin
        ({"docker_compose": 0}, PROGRAM),  # Debian
    ],
)
def test_compose_is_what_answers(there, programs, command):
    there(**programs)
    assert docker_compose() == command


@pytest.mark.parametrize(
    ("required", "end"), [("0", pytest.skip.Exception), ("1", pytest.fail.Exception)]
)
def test_where_none_answers_a_test_says_what_brings_it(there, monkeypatch, required, end):
    monkeypatch.setenv("REQUIRE_HOST_TOOLS", required)
    there(docker=1, docker_compose=1)
    with pytest.raises(end, match="apt-get install docker-compose-v2"):
        docker_compose()


def test_mounts_read_alike_of_either_version():
    long = {"type": "bind", "source": "/a", "target": "/b", "read_only": True}
    named = {"type": "volume", "source": "logs", "target": "/logs", "volume": {}}
    short = ["/a:/b:ro", "logs:/logs"]
    assert mounts({"volumes": [long, named]}) == mounts({"volumes": short}) == short
    assert mounts({}) == []
