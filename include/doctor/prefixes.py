"""The credentials may do in each zone what the runs do there, tried on an object of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

from airflow.configuration import conf
from botocore.exceptions import BotoCoreError, ClientError

from include.data_docs.words import count_of
from include.doctor.bucket import DENIED, code_of
from include.doctor.finding import Finding, Unknown, failed, ok
from include.doctor.patient import Patient
from include.errors import LakeUnavailable
from include.lake import ZONES, Lake, at_once

PROBE = "_doctor-"
"""Where a probe's name begins, right below its zone. Readers look into the datasets' folders below,
and at names that end as pages and rows do; Spark, Hive and Athena skip what begins with ``_``."""
NEVER_DELETED = frozenset({"review", "alerts", "compliance"})
"""Zones of which no run deletes anything, so that credentials need not be allowed to."""
_BODY = b"`make doctor` tries what it may do here, and deletes this at once. So may you.\n"
_NOT_THERE = '"00000000000000000000000000000000"'
"""An ETag that no object has."""
_REFUSED_AS_WANTED = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


def zones(patient: Patient) -> Iterator[Finding]:
    """In each zone: put, get, list, and delete where runs delete; nothing is left there."""
    lake = patient.lake
    every = sorted(ZONES)
    lacking = dict(zip(every, at_once(lambda zone: _lacking(lake, zone), every), strict=True))
    by_lack: dict[tuple[str, ...], list[str]] = {}
    for zone, permissions in lacking.items():
        if permissions:
            by_lack.setdefault(permissions, []).append(zone)
    for permissions, found in by_lack.items():
        yield not_allowed(lake, permissions, found)
    if not by_lack:
        yield ok(f"all that runs do in {count_of(len(every), 'zone')}")


def conditions(patient: Patient) -> Iterator[Finding]:
    """A write is refused where somebody else was faster (`If-None-Match`, `If-Match`)."""
    lake = patient.lake
    key = f"raw/{PROBE}{uuid4().hex}"
    if _lack(lake.client.delete_object, lake, "s3:DeleteObject", Key=key):
        raise Unknown("what is written to try it could not be deleted again; see zones")
    ignored = []
    try:
        lake.put(key, _BODY)
        conditions: dict[str, Any] = {"IfNoneMatch": "*", "IfMatch": _NOT_THERE}
        for name, value in conditions.items():
            try:
                lake.client.put_object(Bucket=lake.bucket, Key=key, Body=_BODY, **{name: value})
            except ClientError as error:
                if code_of(error) not in _REFUSED_AS_WANTED:
                    raise
            else:
                ignored.append(name)
    finally:
        lake.delete(key)
    if ignored:
        yield failed(
            f"this S3 takes no heed of {' and '.join(ignored)}: of two runs that write the ledger "
            "at once, one would be forgotten",
            "use Amazon S3, or a newer version of the server that is there",
        )
    else:
        yield ok("If-None-Match and If-Match are obeyed")


def logs(patient: Patient) -> Iterator[Finding]:
    """Airflow may keep its logs in S3, where it is set to."""
    if not conf.getboolean("logging", "remote_logging", fallback=False):
        yield ok("they stay on this machine ([logging] remote_logging is false)")
        return
    folder = conf.get("logging", "remote_base_log_folder", fallback="") or ""
    bucket, _, prefix = folder.removeprefix("s3://").rstrip("/").partition("/")
    there = Lake(patient.lake.client, bucket)
    if lacking := lacking_unwritten(there, f"{prefix}/"):
        yield not_allowed(there, lacking, [prefix])
    else:
        yield ok(folder)


def _lacking(lake: Lake, zone: str) -> tuple[str, ...]:
    """The permissions that the credentials lack in a zone."""
    key = f"{zone}/{PROBE}{uuid4().hex}"
    client = lake.client
    if zone in NEVER_DELETED:
        return lacking_unwritten(lake, f"{zone}/")
    # Who may not delete must not write: it would stay. To delete what is not there is no error.
    if may_not_delete := _lack(client.delete_object, lake, "s3:DeleteObject", Key=key):
        return (may_not_delete, *lacking_unwritten(lake, f"{zone}/"))
    try:
        written = {"Key": key, "Body": _BODY, "IfNoneMatch": "*"}
        found = [
            _lack(client.put_object, lake, "s3:PutObject", **written),
            _lack(client.get_object, lake, "s3:GetObject", Key=key),
            _lack(client.list_objects_v2, lake, "s3:ListBucket", Prefix=key),
        ]
    finally:
        lake.delete(key)
    return tuple(filter(None, found))


def lacking_unwritten(lake: Lake, prefix: str) -> tuple[str, ...]:
    """What lacks below a prefix, without a trace: the write's condition can't be met."""
    key = f"{prefix}{PROBE}{uuid4().hex}"
    client = lake.client
    written = {"Key": key, "Body": _BODY, "IfMatch": _NOT_THERE}
    found = [
        _lack(client.put_object, lake, "s3:PutObject", **written),
        _lack(client.get_object, lake, "s3:GetObject", Key=key),
        _lack(client.list_objects_v2, lake, "s3:ListBucket", Prefix=key),
    ]
    return tuple(filter(None, found))


def _lack(call: Callable[..., Any], lake: Lake, permission: str, **arguments: Any) -> str | None:
    """The permission that a call lacks; None where S3 lets it in, whatever it then says.

    Raises:
        LakeUnavailable: S3 has another reason.
    """
    try:
        call(Bucket=lake.bucket, **arguments)
    except ClientError as error:
        if code_of(error) in _REFUSED_AS_WANTED:
            return None
        if code_of(error) in DENIED:
            # With a key of KMS it may be the key that is out of reach.
            by_key = re.search(r"kms:\w+", str(error))
            return by_key[0] if by_key else permission
        raise LakeUnavailable(lake.bucket, str(arguments.get("Key")), error) from error
    except BotoCoreError as error:
        raise LakeUnavailable(lake.bucket, str(arguments.get("Key")), error) from error
    return None


def not_allowed(lake: Lake, lacking: Sequence[str], prefixes: Sequence[str]) -> Finding:
    """Permissions that lack below prefixes, and who has to allow them."""
    places = ", ".join(f"s3://{lake.bucket}/{prefix}/" for prefix in prefixes)
    return failed(
        f"the credentials lack {', '.join(lacking)} in {places}",
        "allow it to the role or user behind the Airflow connection 'aws_default' (on a host: the "
        "instance role of the stack); a policy of the bucket or of its key may deny it as well",
    )
