"""Airflow's metadata: into the bucket, and back from there."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import IO, Any

import boto3

from command.host import Host
from command.trouble import Trouble, asking_aws, last_words, run

FOLDER = "backups/metadata/"
_STAMP = "%Y%m%dT%H%M%SZ"
_CHUNK = 1024 * 1024  # bytes


def made_at(key: str) -> datetime:
    """When a backup was made, by its key."""
    stamp = key.removeprefix(FOLDER).removesuffix(".dump")
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


class Metadata:
    """The database ``airflow`` of a host, and its backups."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._s3 = boto3.client("s3")

    def back_up(self) -> str:
        """Dump it into the bucket.

        Returns:
            The key of the backup; there is an object under it only if it is whole.
        """
        host, now = self._host, datetime.now(UTC)
        key = f"{FOLDER}{now.strftime(_STAMP)}.dump"
        dump = self._line("pg_dump", "--format=custom", "--dbname=airflow")
        # All of it is read: --list looks at the head, and takes half a dump for a whole one.
        check = self._line("pg_restore", "--file=/dev/null")
        with tempfile.TemporaryFile() as said, asking_aws(f"s3://{host.bucket}/{key}"):
            source = self._start(dump, said, stdout=subprocess.PIPE)
            reader = self._start(check, said, stdin=subprocess.PIPE)
            about = {"Metadata": {"image": host.state["image"]}}
            try:
                checked: Any = _Checked(source, reader, said)
                owner = {"ExpectedBucketOwner": self._account}
                self._s3.upload_fileobj(checked, host.bucket, key, ExtraArgs={**about, **owner})
            finally:
                for process in (source, reader):
                    process.kill()
                    process.wait()
        return key

    def keys(self) -> list[str]:
        """All backups, the oldest first."""
        bucket = self._host.bucket
        with asking_aws(f"s3://{bucket}/{FOLDER}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=FOLDER, ExpectedBucketOwner=self._account
            )
            return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def put_back(self, key: str, image: str | None = None) -> None:
        """Put a backup in the place of what is there: all of it, or nothing has changed.

        Args:
            key: the backup.
            image: whose compose file says what the database is; that of what runs, if not given.
        """
        host = self._host
        place = f"s3://{host.bucket}/{key}"
        with asking_aws(place):
            found = self._s3.get_object(
                Bucket=host.bucket, Key=key, ExpectedBucketOwner=self._account
            )
        if host.has_own_database:
            line = host.compose("up", "--detach", "--wait", "postgres", image=image)
            run(*line, what="the database does not start")

        def do(*command: str, what: str) -> None:
            run(*self._line(*command, image=image), what=what, env=self._environment)

        for leftover in ("restored", "replaced"):
            do("dropdb", "--if-exists", leftover, what="an earlier restore can't be tidied up")
        do("createdb", "restored", what="the database takes no second one beside it")
        restore = ("pg_restore", "--dbname=restored", "--no-owner", "--exit-on-error")
        with tempfile.TemporaryFile() as said, asking_aws(place):
            reader = self._start(self._line(*restore, image=image), said, stdin=subprocess.PIPE)
            assert reader.stdin is not None
            try:
                for chunk in found["Body"].iter_chunks(_CHUNK):
                    reader.stdin.write(chunk)
                reader.stdin.close()
            except BrokenPipeError:
                pass  # it has ended: its exit code tells
            except BaseException:
                reader.kill()
                raise
            if reader.wait():
                raise Trouble(f"{place} can't be restored, all is as it was: {_all(said)}")
        swap = ("airflow RENAME TO replaced", "restored RENAME TO airflow")
        orders = [f"--command=ALTER DATABASE {names}" for names in swap]
        psql = ("psql", "--quiet", "--dbname=postgres", "--single-transaction", *orders)
        do(*psql, "--set=ON_ERROR_STOP=1", what="somebody else is connected to the metadata")
        do("dropdb", "replaced", what="the metadata of before can't be dropped")

    def _line(self, *command: str, image: str | None = None) -> list[str]:
        """One of PostgreSQL's programs, of the server's own version, in a container."""
        names = [word for name in self._login for word in ("--env", name)]
        if self._host.has_own_database:
            return self._host.compose("exec", "-T", *names, "postgres", *command, image=image)
        return ["docker", "run", "--rm", "--interactive", *names, self._client, *command]

    def _start(self, line: list[str], said: IO[bytes], **pipes: int) -> subprocess.Popen[bytes]:
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": said, **pipes}
        return subprocess.Popen(line, stderr=said, env=self._environment, **streams)

    @cached_property
    def _login(self) -> dict[str, str]:
        """As libpq finds it in its environment; no password is on a command line."""
        if self._host.has_own_database:
            return {"PGUSER": "airflow"}
        known = json.loads(self._host.secret("database"))
        return {
            "PGHOST": str(known["host"]),
            "PGPORT": str(known["port"]),
            "PGUSER": known["username"],
            "PGPASSWORD": known["password"],
            "PGSSLMODE": "require",
        }

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self._login}

    @cached_property
    def _client(self) -> str:
        """The image of the service that RDS takes the place of: its programs speak with RDS too."""
        line = self._host.compose("--profile", "local", "config", "--format", "json")
        told = run(*line, what="the compose file can't be read")
        return str(json.loads(told)["services"]["postgres"]["image"])

    @cached_property
    def _account(self) -> str:
        """S3 refuses where the bucket of that name is another account's by now."""
        with asking_aws("the credentials"):
            return boto3.client("sts").get_caller_identity()["Account"]


@dataclass
class _Checked:
    """What pg_dump writes, as a file that is uploaded, read by pg_restore on the way.

    It ends in an error, which ends the upload, unless both were content.
    """

    source: subprocess.Popen[bytes]
    reader: subprocess.Popen[bytes]
    said: IO[bytes]

    def read(self, size: int = -1) -> bytes:
        """Hand on what comes."""
        assert self.source.stdout is not None
        assert self.reader.stdin is not None
        piece = self.source.stdout.read(size)
        try:
            self.reader.stdin.write(piece)
            if not piece:
                self.reader.stdin.close()
        except BrokenPipeError:
            self.source.kill()
            piece = b""
        if not piece and (self.reader.wait() or self.source.wait()):
            raise Trouble(f"no backup was made, the metadata can't be dumped: {_all(self.said)}")
        return piece


def _all(said: IO[bytes]) -> str:
    said.seek(0)
    return last_words(said.read().decode(errors="replace"))
