"""Programs of Debian's that prove what runs on a host; CI sets REQUIRE_HOST_TOOLS and has them."""

from __future__ import annotations

import os
import shutil

import pytest

_PACKAGES = {"aws": "awscli", "systemd-analyze": "systemd"}
"""Of Debian, where it is not called like the program."""


def host_tool(name: str) -> str:
    """Where the program is; where it is not, the test that asks is skipped, or fails in CI."""
    path = shutil.which(name)
    if path is None:
        missing = pytest.fail if os.environ.get("REQUIRE_HOST_TOOLS") == "1" else pytest.skip
        missing(f"no {name} was found; `apt-get install {_PACKAGES.get(name, name)}` brings it")
    return str(path)
