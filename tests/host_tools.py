"""Programs that prove what runs on a host; CI sets REQUIRE_HOST_TOOLS and has them."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

import pytest

_REMEDIES = {
    "aws": "`apt-get install awscli`, or on Ubuntu `snap install aws-cli --classic`, brings it",
    "systemd-analyze": "`apt-get install systemd` brings it",
}
"""Of programs that no package is called like, or none of Ubuntu's."""


def host_tool(name: str) -> str:
    """Where the program is; where it is not, the test that asks is skipped, or fails in CI."""
    path = shutil.which(name)
    if path is None:
        remedy = _REMEDIES.get(name, f"`apt-get install {name}` brings it")
        raise _missing(f"no {name} was found; {remedy}")
    return path


def docker_compose() -> list[str]:
    """How Docker Compose is called here: as Docker's plugin, else as a program of its own.

    That there is a program is not enough: Ubuntu 24.04 has one that its Python can't run.
    """
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and _answers(*command, "version"):
            return command
    raise _missing(
        "no Docker Compose answers; `apt-get install docker-compose`, or on Ubuntu "
        "`apt-get install docker-compose-v2`, brings it"
    )


def mounts(service: dict[str, Any]) -> list[str]:
    """The mounts of a service as `source:target`, and `:ro`, whichever Compose has printed it."""
    return [
        volume
        if isinstance(volume, str)
        else f"{volume['source']}:{volume['target']}" + ":ro" * volume.get("read_only", False)
        for volume in service.get("volumes", [])
    ]


def _answers(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _missing(what: str) -> BaseException:
    required = os.environ.get("REQUIRE_HOST_TOOLS") == "1"
    return pytest.fail.Exception(what) if required else pytest.skip.Exception(what)
