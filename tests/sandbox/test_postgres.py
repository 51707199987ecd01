"""The PostgreSQL of the demo and the tests: real, private, and gone when nobody needs it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from sandbox.postgres import REPOSITORY, Postgres

HOLD = """
import sys
from pathlib import Path
from sandbox.postgres import Postgres
postgres = Postgres(Path(sys.argv[1])).start()
print(postgres.url(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def shared_folder():
    """Made once: a new data folder takes most of a start."""
    with tempfile.TemporaryDirectory(prefix="tweet-lake-pg-") as folder:
        yield Path(folder)


@pytest.fixture
def folder(shared_folder):
    yield shared_folder
    ended(shared_folder)


def ask(url, sql):
    with psycopg.connect(url) as connection:
        return connection.execute(sql).fetchone()[0]


def ended(folder):
    deadline = time.monotonic() + 20
    while (folder / "data" / "postmaster.pid").exists():
        assert time.monotonic() < deadline, f"the server in {folder} still runs"
        time.sleep(0.01)


def hold(folder):
    """A process that has started the server of a folder, and the server's URL."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def test_it_is_reached_through_a_socket_of_its_owner_and_no_port(folder):
    with Postgres(folder) as postgres:
        assert ask(postgres.url(), "SHOW listen_addresses") == ""
        assert ask(postgres.url(), "SHOW unix_socket_permissions") == "0700"
        assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700
        assert ask(postgres.url(), "SHOW fsync") == "off"


def test_settings_of_the_first_start_count(folder):
    with Postgres(folder, {"work_mem": "77MB"}) as postgres, Postgres(folder) as again:
        assert ask(again.url(), "SHOW work_mem") == "77MB"
        assert ask(postgres.url(), "SHOW fsync") == "on"


def test_letters_are_unicode_on_every_machine(folder):
    with Postgres(folder) as postgres:
        assert ask(postgres.url(), "SELECT lower('ÄΣЖ')") == "äσж"


def test_what_was_written_is_there_at_the_next_start(folder):
    with Postgres(folder) as postgres, psycopg.connect(postgres.url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS seven")
    ended(folder)
    with Postgres(folder) as postgres:
        assert ask(postgres.url(), "SELECT seven FROM kept") == 7


def test_the_last_of_those_who_started_it_ends_it(folder):
    first, second = Postgres(folder).start(), Postgres(folder).start()
    assert first.url() == second.url()
    first.stop()
    assert ask(second.url(), "SELECT 1") == 1
    second.stop()
    second.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(second.url())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def test_it_ends_with_a_process_that_dies(folder, number):
    process, url = hold(folder)
    assert ask(url, "SELECT 1") == 1
    process.send_signal(number)
    process.wait()
    ended(folder)


def test_another_process_keeps_it_when_the_first_dies(folder):
    process, url = hold(folder)
    with Postgres(folder) as postgres:
        process.kill()
        process.wait()
        assert ask(url, "SELECT 1") == 1
        assert postgres.url() == url


def test_it_starts_after_a_crash(folder):
    lock = folder / "data" / "postmaster.pid"
    with Postgres(folder) as postgres, psycopg.connect(postgres.url()) as connection:
        os.kill(int(lock.read_text().splitlines()[0]), signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT pg_sleep(20)")  # ends with the server
    assert lock.exists()
    with Postgres(folder) as postgres:
        assert ask(postgres.url(), "SELECT 1") == 1


def test_a_long_path_gets_its_socket_elsewhere(tmp_path):
    folder = tmp_path / ("long-" * 25)
    with Postgres(folder) as postgres:
        assert ask(postgres.url(), "SELECT 1") == 1
        sockets = Path(postgres.url().partition("host=")[2])
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert not sockets.exists()


@pytest.fixture
def sockets_elsewhere(tmp_path):
    """A folder with a long path, and the place of its socket, which somebody else has taken."""
    folder = tmp_path / ("long-" * 25)
    place = Path(Postgres(folder).url().partition("host=")[2])
    yield folder, place
    place.unlink() if place.is_symlink() else place.rmdir()


def test_a_link_in_the_place_of_the_socket_is_refused(sockets_elsewhere, tmp_path):
    folder, place = sockets_elsewhere
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    before = theirs.stat()
    place.symlink_to(theirs)
    with pytest.raises(RuntimeError, match=f"{place} is not ours"):
        Postgres(folder).start()
    assert theirs.stat().st_uid == before.st_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders of others")
def test_a_folder_of_others_in_the_place_of_the_socket_is_refused(sockets_elsewhere):
    folder, place = sockets_elsewhere
    place.mkdir()
    os.chown(place, 1, 1)
    with pytest.raises(RuntimeError, match=f"{place} is not ours"):
        Postgres(folder).start()
    assert place.stat().st_uid == 1


def test_a_server_that_can_not_start_says_why(folder):
    with pytest.raises(RuntimeError, match="no_such_setting"):
        Postgres(folder, {"no_such_setting": "1"}).start()
