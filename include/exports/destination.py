"""Where an export goes: a local file or folder, or a prefix in a bucket."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from include.errors import BadConfiguration
from include.exports.formats import FORMATS
from include.exports.order import Order
from include.exports.outgoing import LocalFile, Outgoing, S3Object, Target
from include.lake import Lake

MANIFEST = ".manifest.json"
"""Behind the name of the file that a manifest is about."""
_S3 = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")


class Destination(ABC):
    """A place for one export and its manifest."""

    def __init__(self, place: str) -> None:
        self.place = place
        """Path or URL of the file."""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.place.rpartition("/")[2]

    @contextmanager
    def open(self, content_type: str, suffix: str = "") -> Iterator[Outgoing]:
        """A file there: seen when the block ends well, and gone if it does not."""
        target = self._target(suffix, content_type)
        try:
            yield Outgoing(target)
            target.finish()
        except BaseException:
            target.abort()
            raise

    @abstractmethod
    def check(self) -> None:
        """Raise what opening it would raise, as far as that can be told before."""

    @abstractmethod
    def _target(self, suffix: str, content_type: str) -> Target: ...


class _Local(Destination):
    def check(self) -> None:
        LocalFile(Path(self.place)).abort()

    def _target(self, suffix: str, content_type: str) -> Target:  # noqa: ARG002
        return LocalFile(Path(self.place + suffix))


class _Bucket(Destination):
    def __init__(self, lake: Lake, key: str) -> None:
        super().__init__(f"s3://{lake.bucket}/{key}")
        self._lake = lake
        self._key = key

    def check(self) -> None:
        self._lake.check()

    def _target(self, suffix: str, content_type: str) -> Target:
        return S3Object(self._lake, self._key + suffix, content_type)


def parse_destination(
    to: str, order: Order, open_bucket: Callable[[str, str], Lake]
) -> Destination:
    """The place that somebody names; it can be written.

    Args:
        to: a folder, a file with the format's ending, or the same in a bucket as
            ``s3://bucket/prefix``.
        order: names the file where ``to`` does not.
        open_bucket: from a bucket's name, and the key that is to be written, to S3.

    Raises:
        BadConfiguration: it can't be a place, or can't be written.
        LakeUnavailable: the bucket is not there, or can't be reached.
    """
    if not to.strip() or "\0" in to:
        raise BadConfiguration(f"{to!r} is no place; write a path, or s3://bucket/prefix")
    ending = "" if to.endswith("/") else Path(to).suffix.removeprefix(".")
    named = ending.lower()
    if named in FORMATS and named != order.format.name:
        raise BadConfiguration(
            f"{to} ends with .{ending}, but the format is {order.format.name}; choose one of both"
        )
    path = to if named == order.format.name else f"{to.rstrip('/')}/{order.file_name}"
    if "://" not in to:
        made: Destination = _Local(str(Path(path).absolute()))
    elif found := _S3.fullmatch(path):
        made = _Bucket(open_bucket(found[1], found[2]), found[2])
    else:
        raise BadConfiguration(f"{to} is no place; write a path, or s3://bucket/prefix")
    made.check()
    return made
