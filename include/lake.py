"""The lake: where each object lies, and how it gets there in one request."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from include.errors import ForeignObject, LakeBusy, LakeChanged, LakeUnavailable
from include.interval import Interval

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


One = TypeVar("One")
Answer = TypeVar("Answer")

ZONES = frozenset(
    {
        *("raw", "curated", "compacted", "catalogue", "quarantine", "validations", "data-docs"),
        *("review", "alerts", "compliance"),
    }
)
"""First folders of all that this project keeps in the bucket; whatever else is there is others'."""
ALL_ACCOUNTS = "all-accounts"
"""Batch of a dataset that is asked for as a whole; with its hyphen it can't be a username."""
REQUESTS_AT_ONCE = 8
"""Requests to S3 that a task makes at once: boto3's clients keep ten connections."""
_BODIES_AHEAD = 100
_ATTEMPTS = 20
_PIECE = 65_536
_NOT_MODIFIED = 304
_OVERTAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}
_GONE = {*_OVERTAKEN, "NoSuchKey", "412", "404"}
_DAY = re.compile(r"/dt=(\d{4}-\d\d-\d\d)(?:[/.]|$)")
_interval_named = lru_cache(maxsize=4_096)(Interval.parse)  # a listing has each many times
_GZIP_TIME = slice(4, 8)
"""Where a gzip member tells the time of its content (RFC 1952, MTIME), in seconds."""


def day_prefix(zone: str, dataset: str, day: date) -> str:
    """``raw/tweets/dt=2026-11-20/``."""
    return f"{zone}/{dataset}/dt={day.isoformat()}/"


def day_of(key: str) -> date:
    """The day in the key of an object, or of a folder of the day's objects.

    Raises:
        ForeignObject: there is none in it.
    """
    found = _DAY.search(key.rstrip("/"))
    try:
        if found is not None:
            return date.fromisoformat(found[1])
        reason = "there is no part like dt=2026-11-20 in its key"
    except ValueError as error:
        reason = str(error)
    raise ForeignObject(key, reason)


def interval_of(key: str) -> Interval:
    """The interval in the key of a curated object.

    Raises:
        ForeignObject: its name is none.
    """
    try:
        return _interval_named(PurePosixPath(key).stem)
    except ValueError as error:
        raise ForeignObject(key, error) from error


def account_prefix(zone: str, dataset: str, day: date, account: str) -> str:
    """``raw/tweets/dt=2026-11-20/account=nasa/``; the day's own prefix for all accounts."""
    prefix = day_prefix(zone, dataset, day)
    return prefix if account == ALL_ACCOUNTS else f"{prefix}account={account}/"


def batch_prefix(zone: str, dataset: str, interval: Interval, account: str) -> str:
    """``raw/tweets/dt=2026-11-20/account=nasa/20261120T0000Z_20261120T0400Z/``."""
    return f"{account_prefix(zone, dataset, interval.day, account)}{interval.name}/"


def curated_key(dataset: str, interval: Interval, account: str, day: date, suffix: str) -> str:
    """``curated/tweets/dt=2026-11-20/account=nasa/20261120T0000Z_20261120T0400Z.parquet``.

    ``day`` is the UTC date of the rows: an interval over several days makes one object a day.
    CSV lies beside it in ``curated/tweets_csv/``: a reader of Parquet takes a prefix as a whole.
    """
    folder = dataset if suffix == "parquet" else f"{dataset}_{suffix}"
    return f"{account_prefix('curated', folder, day, account)}{interval.name}.{suffix}"


def results_prefix(dataset: str, interval: Interval, account: str) -> str:
    """Where every result and the report of a batch begin: ``validations/…/<interval>``."""
    return f"{account_prefix('validations', dataset, interval.day, account)}{interval.name}"


def account_report_key(dataset: str, interval: Interval, account: str) -> str:
    """``validations/tweets/dt=2026-11-20/account=nasa/<interval>.report.json``."""
    return f"{results_prefix(dataset, interval, account)}.report.json"


def run_report_key(dataset: str, interval: Interval) -> str:
    """``validations/tweets/dt=2026-11-20/run/20261120T0000Z_20261120T0400Z.json``."""
    return f"{day_prefix('validations', dataset, interval.day)}run/{interval.name}.json"


def answered_at(page: bytes) -> datetime | None:
    """The time in the header of what :func:`packed` made; None if it was given none."""
    seconds = int.from_bytes(page[_GZIP_TIME], "little")
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def packed(body: bytes, at: datetime | None) -> bytes:
    """A response body gzipped; ``at``, the time of the answer, goes into gzip's header.

    Equal bodies of equal times are equal bytes.
    """
    seconds = 0 if at is None else int(at.timestamp())
    return gzip.compress(body, compresslevel=6, mtime=seconds)


def unpacked(page: bytes) -> bytes:
    """The body in what :func:`packed` made."""
    return gzip.decompress(page)


def at_once(ask: Callable[[One], Answer], of: Iterable[One]) -> list[Answer]:
    """What ``ask`` says of each, in order; some requests to S3 are under way at once."""
    with ThreadPoolExecutor(max_workers=REQUESTS_AT_ONCE) as pool:
        return list(pool.map(ask, of))


def json_bytes(value: Any) -> bytes:
    """``value`` as JSON with sorted keys, so that equal values are equal bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode()


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as a listing tells of it."""

    key: str
    size: int
    """Bytes."""
    etag: str
    at: datetime
    """When it was written, by S3's clock."""


class Lake:
    """One bucket behind one S3 client; the client's endpoint says whose S3 it is.

    Every method raises :class:`LakeUnavailable`, which names bucket, key and remedy, when S3
    refuses or can't be reached.
    """

    def __init__(self, client: S3Client, bucket: str) -> None:
        self.client = client
        self.bucket = bucket

    def check(self) -> None:
        """Raise :class:`LakeUnavailable` unless the bucket exists and may be listed."""
        try:
            self.client.list_objects_v2(Bucket=self.bucket, MaxKeys=1)
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self.bucket, None, error) from error

    def put(
        self,
        key: str,
        body: bytes | BinaryIO,
        content_type: str = "application/octet-stream",
    ) -> None:
        """Write one object, from memory or an open file, whole or not at all, in one request."""
        try:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self.bucket, key, error) from error

    def put_json(self, key: str, value: Any) -> None:
        """Write ``value`` as :func:`json_bytes` makes it."""
        self.put(key, json_bytes(value), "application/json")

    def put_page(self, key: str, body: bytes, at: datetime | None = None) -> None:
        """Write a response body as :func:`packed` makes it."""
        self.put(key, packed(body, at), "application/gzip")

    def get(self, key: str) -> bytes:
        """Read one object whole."""
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self.bucket, key, error) from error

    def get_json(self, key: str) -> Any:
        """Read one JSON object."""
        return json.loads(self.get(key))

    def get_page(self, key: str) -> bytes:
        """Read back what :meth:`put_page` wrote."""
        return unpacked(self.get(key))

    def find(self, key: str) -> bytes | None:
        """Read one object whole, or None when there is none under ``key``."""
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self.client.exceptions.NoSuchKey:
            return None
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self.bucket, key, error) from error

    def stream(
        self, key: str, known: str | None = None
    ) -> tuple[str, int, Iterator[bytes] | None] | None:
        """Read one object piece by piece, or None when there is none under ``key``.

        Args:
            key: the object.
            known: ETag of a copy that is there already.

        Returns:
            The ETag, the length in bytes, and the pieces: None where the copy is still good.
        """
        condition: Any = {"IfNoneMatch": known} if known else {}
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key, **condition)
        except self.client.exceptions.NoSuchKey:
            return None
        except ClientError as error:
            if known and error.response["ResponseMetadata"]["HTTPStatusCode"] == _NOT_MODIFIED:
                return known, 0, None
            raise LakeUnavailable(self.bucket, key, error) from error
        except BotoCoreError as error:
            raise LakeUnavailable(self.bucket, key, error) from error
        return answer["ETag"], answer["ContentLength"], answer["Body"].iter_chunks(_PIECE)

    def update(self, key: str, change: Callable[[bytes | None], bytes]) -> bytes:
        """Replace one object by what ``change`` makes of it, also while others do the same.

        Args:
            key: the object.
            change: from the body, or None where there is none, to the new one. It is called again
                where somebody else was faster.

        Returns:
            The body that was written.

        Raises:
            LakeBusy: others were faster every time.
        """
        for _ in range(_ATTEMPTS):
            body, etag = self._tagged(key)
            changed = change(body)
            condition: Any = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
            try:
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=changed,
                    ContentType="application/json",
                    **condition,
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in _OVERTAKEN:
                    raise LakeUnavailable(self.bucket, key, error) from error
            except BotoCoreError as error:
                raise LakeUnavailable(self.bucket, key, error) from error
            else:
                return changed
        raise LakeBusy(self.bucket, key, _ATTEMPTS)

    def get_listed(self, key: str, etag: str, last: int | None = None) -> bytes:
        """Read one object as it was when it was listed with that ETag; or its last bytes only.

        Raises:
            LakeChanged: it has been replaced or deleted since.
        """
        part: Any = {} if last is None else {"Range": f"bytes=-{last}"}
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key, IfMatch=etag, **part)
            return answer["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise LakeChanged(self.bucket, key) from error
            raise LakeUnavailable(self.bucket, key, error) from error
        except BotoCoreError as error:
            raise LakeUnavailable(self.bucket, key, error) from error

    def _tagged(self, key: str) -> tuple[bytes | None, str | None]:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
            return answer["Body"].read(), answer["ETag"]
        except self.client.exceptions.NoSuchKey:
            return None, None
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self.bucket, key, error) from error

    def bodies(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Objects of any number in order, each read whole, some of them ahead."""
        coming = iter(keys)
        with ThreadPoolExecutor(max_workers=REQUESTS_AT_ONCE) as pool:
            while ahead := list(islice(coming, _BODIES_AHEAD)):
                yield from zip(ahead, pool.map(self.get, ahead), strict=True)

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys under ``prefix`` in order, 1,000 a request."""
        for entry in self.entries(prefix):
            yield entry.key

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Objects under ``prefix`` in the order of their keys, 1,000 a request."""
        try:
            for page in self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix
            ):
                for entry in page.get("Contents", []):
                    yield Entry(entry["Key"], entry["Size"], entry["ETag"], entry["LastModified"])
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self.bucket, prefix, error) from error

    def folders(self, prefix: str) -> Iterator[str]:
        """Common prefixes one level below ``prefix``, each with its closing slash, in order."""
        try:
            for page in self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, Delimiter="/"
            ):
                for entry in page.get("CommonPrefixes", []):
                    yield entry["Prefix"]
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self.bucket, prefix, error) from error

    def delete(self, key: str) -> None:
        """Delete one object; deleting what is not there is no error."""
        try:
            self.client.delete_object(Bucket=self.bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise LakeUnavailable(self.bucket, key, error) from error
