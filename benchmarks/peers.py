"""The peers, each in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.measure import FOLDER, REPOSITORY

UV = REPOSITORY / ".local" / "uv" / "bin" / "uv"
PEERS = {
    # twarc needs pkg_resources and DataFrame.applymap, which later releases do not have.
    "twarc": ("twarc==2.14.0", "twarc-csv==0.7.2", "pandas==2.3.3", "setuptools==80.9.0"),
    "pandas": ("pandas==3.1.1", "pyarrow==26.0.1"),
}


def environment(peer: str) -> Path:
    """The peer's ``bin`` folder; set up from the package index unless it is there."""
    home = FOLDER / "peers" / peer
    pins = "\n".join(PEERS[peer])
    ready = home / "ready"
    if not ready.is_file() or ready.read_text() != pins:
        _uv("venv", "--clear", "--python", sys.executable, str(home))
        _uv("pip", "install", "--compile-bytecode", "--python", f"{home}/bin/python", *PEERS[peer])
        ready.write_text(pins)
    return home / "bin"


def _uv(*arguments: str) -> None:
    subprocess.run([str(UV), "--quiet", *arguments], check=True)
