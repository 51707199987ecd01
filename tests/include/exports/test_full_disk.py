"""An export that the disk has no room for: a sentence names the place, and nothing is left.

The system refuses what is larger than a process may write (RLIMIT_FSIZE), as a full disk does.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
_EXPORT = """
import resource, sys
from include.exports.command import main

place, *orders = sys.argv[1:]
for order in orders:
    format_name, room = order.split(":")
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), resource.RLIM_INFINITY))
    print(main(["fact_tweet", "--format", format_name, "--to", place]))
"""


@pytest.fixture
def exported(empty, tmp_path, monkeypatch):
    """Export posts of 800 KB, of which Parquet makes 400, with room for some bytes a file."""
    empty.many(400, (7, empty.user(7, "nasa")))
    empty.ask(
        "UPDATE fact_tweet SET text = (SELECT string_agg(md5(tweet_id::text || n), '')"
        " FROM generate_series(1, 60) n)"
    )
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()

    def exported(*orders):
        return subprocess.run(
            [sys.executable, "-c", _EXPORT, str(tmp_path / "out"), *orders],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )

    return exported


def test_a_full_disk_is_named_and_nothing_is_left(exported, tmp_path):
    wanted = {
        "csv:0": "out/fact_tweet.csv can't be written: File too large",
        "csv:100000": "out/fact_tweet.csv can't be written: File too large",
        "ndjson:100000": "out/fact_tweet.ndjson can't be written: File too large",
        "parquet:0": "out/fact_tweet.parquet can't be written: File too large",
        "parquet:100000": "out/fact_tweet.parquet can't be written: File too large",
        "xlsx:0": "where the file is made, is full: File too large",
        "xlsx:100000": "where the file is made, is full: File too large",
    }
    if find_spec("tableauhyperapi") is not None:
        wanted["hyper:100000"] = "where the file is made, is full: File too large"
        wanted["hyper:600000"] = "growing the database file failed"

    done = exported(*wanted)

    said = done.stderr.splitlines()
    assert done.stdout.split() == ["2"] * len(wanted), done.stderr
    assert len(said) == len(wanted)
    for line, words in zip(said, wanted.values(), strict=True):
        assert words in line
        assert str(tmp_path) in line
        assert "othing of it was kept; make room" in line
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
