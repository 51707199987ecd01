"""A disk that is full: what stops, and that it goes on once there is room."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from sandbox.postgres import Postgres
from tests.deploy.command.machine import NEW, OLD


@pytest.fixture
def small_disk(tmp_path, request):
    """A file system of its own, of some megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may make a file system here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """A file that leaves no room."""
    rest = disk / "rest"
    with rest.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return rest


@pytest.mark.parametrize("small_disk", ["1m"], indirect=True)
def test_an_upgrade_without_room_leaves_the_old_release_at_work_and_backups_go_on(host, small_disk):
    host.set(TWEET_LAKE_FOLDER=str(small_disk))
    host.done("start")
    rest = fill(small_disk)
    assert "100% used" in host.done("status")
    host.done("backup")
    assert "No space left on device" in host.refused("upgrade", NEW)
    assert set(host.running().values()) == {OLD}
    rest.unlink()
    host.done("upgrade", NEW)
    assert set(host.running().values()) == {NEW}


@pytest.mark.parametrize("small_disk", ["96m"], indirect=True)
def test_a_database_without_room_takes_nothing_more_and_loses_nothing(small_disk):
    with Postgres(small_disk / "pg", {"max_wal_size": "32MB", "min_wal_size": "32MB"}) as server:
        with psycopg.connect(server.url(), autocommit=True) as database:
            database.execute("CREATE TABLE run AS SELECT generate_series(1, 1000) AS id")
            rest = fill(small_disk)
            with pytest.raises(psycopg.Error, match="No space left on device"):
                database.execute("INSERT INTO run SELECT generate_series(1, 1000000)")
        rest.unlink()
        with psycopg.connect(server.url(), autocommit=True) as database:
            database.execute("INSERT INTO run VALUES (1001)")
            assert database.execute("SELECT count(*) FROM run").fetchone() == (1001,)
