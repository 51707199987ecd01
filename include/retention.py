"""How long objects are kept: lifecycle rules of the bucket, made from the settings.

The ledgers (``raw/spending/``, ``raw/accounts/``, ``raw/drift/``), ``compliance/``, ``curated/``
and what a person decided (``review/``, ``alerts/``) have no rule and never expire.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from include.datasets import dataset_names
from include.errors import LakeUnavailable
from include.lake import Lake
from include.settings import Settings

ID_PREFIX = "tweet-lake: "
"""By it our rules are told from those of others in the same bucket, which are kept."""
_ZONES = ("raw", "curated", "compacted", "catalogue", "quarantine", "validations", "data-docs")
"""Where runs write the same keys again, so that a bucket with versions keeps old ones."""

Rule = dict[str, Any]


def rules(settings: Settings) -> list[Rule]:
    """The rules that the settings want, in order."""
    days = {
        "raw": settings.raw_days,
        "quarantine": settings.quarantine_days,
        "validations": settings.validations_days,
        "data-docs": settings.data_docs_days,
    }
    wanted = [
        _rule(f"{zone}/{dataset}/", {"Expiration": {"Days": kept}})
        for zone, kept in days.items()
        if kept is not None
        for dataset in dataset_names()
    ]
    if settings.noncurrent_days is not None:
        old = {"NoncurrentVersionExpiration": {"NoncurrentDays": settings.noncurrent_days}}
        wanted += [_rule(f"{zone}/", old, "old versions in ") for zone in _ZONES]
    return wanted


def apply(lake: Lake, settings: Settings) -> bool:
    """Give the bucket our rules, beside those of others; returns whether any had to be changed.

    Raises:
        LakeUnavailable: S3 refused.
    """
    there = _stored(lake)
    others = [rule for rule in there if not _id(rule).startswith(ID_PREFIX)]
    wanted = [*others, *rules(settings)]
    if sorted(there, key=_id) == sorted(wanted, key=_id):
        return False
    try:
        if wanted:
            lake.client.put_bucket_lifecycle_configuration(
                Bucket=lake.bucket, LifecycleConfiguration={"Rules": wanted}
            )
        else:
            lake.client.delete_bucket_lifecycle(Bucket=lake.bucket)
    except (ClientError, BotoCoreError) as error:
        raise LakeUnavailable(lake.bucket, None, error) from error
    return True


def _id(rule: Rule) -> str:
    return str(rule.get("ID", ""))


def _rule(prefix: str, action: Rule, what: str = "") -> Rule:
    return {
        "ID": f"{ID_PREFIX}{what}{prefix}",
        "Filter": {"Prefix": prefix},
        "Status": "Enabled",
        **action,
    }


def _stored(lake: Lake) -> list[Any]:
    try:
        answer = lake.client.get_bucket_lifecycle_configuration(Bucket=lake.bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchLifecycleConfiguration":
            return []
        raise LakeUnavailable(lake.bucket, None, error) from error
    except BotoCoreError as error:
        raise LakeUnavailable(lake.bucket, None, error) from error
    return list(answer["Rules"])
