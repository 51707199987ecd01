"""The file that is being written, local or in S3: whole in the end, or not there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from include.errors import BadConfiguration, LakeUnavailable
from include.lake import Lake

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

    from include.exports.formats import Tell

PART_BYTES = 16 * 2**20
"""A part of an upload to S3, which has at most 10,000: 160 GB an object."""
_TOGETHER_BYTES = 2**20

Bytes = bytes | bytearray | memoryview


class Target(Protocol):
    """Where bytes go."""

    def write(self, data: Bytes) -> None:
        """Take more bytes."""

    def finish(self) -> None:
        """Make the file seen, in the place of an earlier one."""

    def abort(self) -> None:
        """Leave nothing."""


class Outgoing:
    """A binary file that counts and sums up what is written to it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sum = sha256()
        self.bytes = 0
        self.closed = False

    def write(self, data: Bytes) -> int:
        """Pass bytes on; returns how many."""
        size = memoryview(data).nbytes
        self._sum.update(data)
        self._target.write(data)
        self.bytes += size
        return size

    def tell(self) -> int:
        """How many bytes there are so far: PyArrow asks."""
        return self.bytes

    def flush(self) -> None:
        """Do nothing: PyArrow asks for it, and only the whole file counts."""

    def copy(self, path: Path) -> None:
        """Pass a local file on."""
        with path.open("rb") as file:
            shutil.copyfileobj(file, self, 2**20)

    @property
    def sha256(self) -> str:
        """Checksum of all bytes so far, in hexadecimal digits."""
        return self._sum.hexdigest()


def pass_on(lines: Iterator[Bytes], out: Outgoing, tell: Tell) -> None:
    """Write lines, each of them a row; kept apart they would keep the garbage collector busy."""
    together, rows = bytearray(), 0
    for line in lines:
        together += line
        rows += 1
        if len(together) >= _TOGETHER_BYTES:
            out.write(together)
            tell(rows)
            together, rows = bytearray(), 0
    out.write(together)
    tell(rows)


class LocalFile:
    """A local file; until it is finished it has a hidden name in the same folder.

    Raises:
        BadConfiguration: it can't be written, or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.{uuid4().hex}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(None, "it is a folder")
            self._file = self._part.open("xb")
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, data: Bytes) -> None:
        """Take more bytes."""
        try:
            self._file.write(data)
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self) -> None:
        """Make the file seen, in the place of an earlier one."""
        try:
            self._file.close()
            self._part.replace(self._path)
        except OSError as error:
            raise self._unwritable(error) from error

    def abort(self) -> None:
        """Leave nothing."""
        with suppress(OSError):  # once more it tries to write what there was no room for
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> BadConfiguration:
        return BadConfiguration(
            f"{self._path} can't be written: {error.strerror}. Nothing of it was kept; make "
            "room or give the right to write there, or name another place"
        )


class S3Object:
    """An object of S3, uploaded in parts while it is made.

    Raises:
        LakeUnavailable: S3 refused or could not be reached.
    """

    def __init__(self, lake: Lake, key: str, content_type: str) -> None:
        self._lake = lake
        self._key = key
        self._buffer = bytearray()
        self._parts: list[CompletedPartTypeDef] = []
        try:
            self._upload = lake.client.create_multipart_upload(
                Bucket=lake.bucket, Key=key, ContentType=content_type
            )["UploadId"]
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(lake.bucket, key, error) from error

    def write(self, data: Bytes) -> None:
        """Take more bytes; once they are enough for a part they are uploaded."""
        self._buffer += data
        while len(self._buffer) >= PART_BYTES:
            self._send(bytes(memoryview(self._buffer)[:PART_BYTES]))
            del self._buffer[:PART_BYTES]

    def finish(self) -> None:
        """Make the object seen, in the place of an earlier one."""
        if self._buffer or not self._parts:
            self._send(bytes(self._buffer))
        try:
            self._lake.client.complete_multipart_upload(
                Bucket=self._lake.bucket,
                Key=self._key,
                UploadId=self._upload,
                MultipartUpload={"Parts": self._parts},
            )
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self._lake.bucket, self._key, error) from error

    def abort(self) -> None:
        """Leave nothing."""
        try:
            self._lake.client.abort_multipart_upload(
                Bucket=self._lake.bucket, Key=self._key, UploadId=self._upload
            )
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self._lake.bucket, self._key, error) from error

    def _send(self, part: bytes) -> None:
        number = len(self._parts) + 1
        try:
            sent = self._lake.client.upload_part(
                Bucket=self._lake.bucket,
                Key=self._key,
                UploadId=self._upload,
                PartNumber=number,
                Body=part,
            )
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self._lake.bucket, self._key, error) from error
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
