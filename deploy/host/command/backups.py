"""Backups of Airflow's metadata in the bucket, of a host with containers and of one without."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import IO, Any, Protocol

from command.trouble import Trouble, Undumpable, asking_aws, last_words, run

FOLDER = "backups/metadata/"
ASIDE = f"{FOLDER}aside/"
"""What is of no release: nobody gets it without naming it."""
TOO_OLD = timedelta(hours=26)
"""For a backup that is made every day."""
_STAMP = "%Y%m%dT%H%M%SZ"
_KEY = re.compile(rf"{FOLDER}(aside/)?\d{{8}}T\d{{6}}Z\.dump")
_CHUNK = 1024 * 1024  # bytes


def made_at(key: str) -> datetime:
    """When a backup was made, by its key."""
    stamp = key.rpartition("/")[2].removesuffix(".dump")
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


class Programs(Protocol):
    """PostgreSQL's programs, as they are called on this host; they find the metadata."""

    def line(self, *command: str) -> list[str]:
        """The whole command line of one of them."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What it finds in its environment: no password is on a command line."""


def do(programs: Programs, *command: str, what: str) -> None:
    """Run one of the programs to its end; ``what`` is the matter if it fails."""
    run(*programs.line(*command), what=what, env=programs.environment)


class Backups:
    """The folder of the bucket, which has to be our own account's.

    Args:
        bucket: its name.
        s3: the client that reads and writes it.
        sts: the client that tells which account is ours.
    """

    def __init__(self, bucket: str, s3: Any, sts: Any) -> None:
        self.bucket = bucket
        self._s3, self._sts = s3, sts

    def write(self, programs: Programs, about: Mapping[str, str]) -> str:
        """Dump the metadata.

        Args:
            programs: whose metadata.
            about: which release they are of; if of none, they are put aside.

        Returns:
            The key of the backup; there is an object under it only if it is whole.

        Raises:
            Undumpable: pg_dump can't read them.
            Trouble: what it has read could not be checked, or not be stored.
        """
        key = self._free(FOLDER if about else ASIDE)
        dump = programs.line("pg_dump", "--format=custom")
        # All of it is read: --list looks at the head, and takes half a dump for a whole one.
        check = programs.line("pg_restore", "--file=/dev/null")
        with tempfile.TemporaryFile() as said, asking_aws(self.place(key)):
            source = _start(programs, dump, said, stdout=subprocess.PIPE)
            reader = _start(programs, check, said, stdin=subprocess.PIPE)
            try:
                checked: Any = _Checked(source, reader, said)
                extra = {"Metadata": dict(about), **self._owner}
                self._s3.upload_fileobj(checked, self.bucket, key, ExtraArgs=extra)
            finally:
                for process in (source, reader):
                    process.kill()
                    process.wait()
        return key

    def sizes(self) -> dict[str, int]:
        """All dumps and their bytes, the oldest first; nothing else that lies there."""
        with asking_aws(self.place(FOLDER)):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=FOLDER, **self._owner
            )
            found = [entry for page in pages for entry in page.get("Contents", [])]
        sizes = {one["Key"]: one["Size"] for one in found if _KEY.fullmatch(one["Key"])}
        return {key: sizes[key] for key in sorted(sizes, key=made_at)}

    def keys(self) -> list[str]:
        """All backups of a release, the oldest first."""
        return [key for key in self.sizes() if not key.startswith(ASIDE)]

    def about(self, key: str) -> dict[str, str]:
        """Which release a dump is of, as it was told to `write`."""
        with asking_aws(self.place(key)):
            head = self._s3.head_object(Bucket=self.bucket, Key=key, **self._owner)
        return dict(head["Metadata"])

    def feed(
        self, key: str, programs: Programs, *command: str, output: IO[bytes] | None = None
    ) -> None:
        """Give a backup to a program that reads it.

        Raises:
            Trouble: there is no such backup, or the program did not like it.
        """
        place = self.place(key)
        with tempfile.TemporaryFile() as said, asking_aws(place):
            found = self._s3.get_object(Bucket=self.bucket, Key=key, **self._owner)
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": output or said}
            reader = _start(programs, programs.line(*command), said, **pipes)
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

    def place(self, key: str) -> str:
        """A key as it is shown to people."""
        return f"s3://{self.bucket}/{key}"

    def key(self, place: str) -> str:
        """A key as people name it: as it was shown, or by itself."""
        return place.removeprefix(self.place(""))

    def _free(self, folder: str) -> str:
        """A key of now that no dump has: two in a second are two."""
        taken, now = self.sizes(), datetime.now(UTC)
        while (key := f"{folder}{now.strftime(_STAMP)}.dump") in taken:
            now += timedelta(seconds=1)
        return key

    @cached_property
    def _owner(self) -> dict[str, str]:
        """S3 refuses where the bucket of that name is another account's by now."""
        with asking_aws("the credentials"):
            return {"ExpectedBucketOwner": self._sts.get_caller_identity()["Account"]}


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
        if not piece:
            dumped, read = self.source.wait(), self.reader.wait()
            if dumped or read:
                kind = Undumpable if dumped > 0 else Trouble  # below 0 it was killed
                raise kind(f"no backup was made, the metadata can't be dumped: {_all(self.said)}")
        return piece


def _start(
    programs: Programs, line: list[str], said: IO[bytes], **pipes: Any
) -> subprocess.Popen[bytes]:
    streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": said, **pipes}
    return subprocess.Popen(line, stderr=said, env=programs.environment, **streams)


def _all(said: IO[bytes]) -> str:
    said.seek(0)
    return last_words(said.read().decode(errors="replace"))
