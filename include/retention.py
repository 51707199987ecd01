"""How long objects are kept: lifecycle rules of the bucket, made from the settings.

The ledgers (``raw/spending/``, ``raw/accounts/``, ``raw/drift/``), ``compliance/``, ``curated/``
and what a person decided (``review/``, ``alerts/``) have no rule and never expire.
"""

from __future__ import annotations

import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from include.datasets import dataset_names
from include.errors import BadConfiguration, LakeUnavailable, TweetLakeError
from include.lake import Lake
from include.settings import Settings

log = logging.getLogger(__name__)

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

    Where the settings want no rules, credentials that may not look at rules are good enough.

    Raises:
        BadConfiguration: the credentials may not look at rules, or write them.
        LakeUnavailable: S3 refused for another reason.
    """
    try:
        there = _stored(lake)
    except BadConfiguration as error:
        if rules(settings):
            raise
        log.info("no lifecycle rules are wanted, and none of ours are looked for: %s", error)
        return False
    wanted: list[Any] = _wanted(there, settings)
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
        raise _refusal(lake, error) from error
    return True


def are_applied(lake: Lake, settings: Settings) -> bool:
    """Whether the bucket has our rules as the settings want them; nothing is written.

    Raises:
        BadConfiguration: the credentials may not look at rules.
        LakeUnavailable: S3 refused for another reason.
    """
    there = _stored(lake)
    return sorted(there, key=_id) == sorted(_wanted(there, settings), key=_id)


def _wanted(there: list[Any], settings: Settings) -> list[Rule]:
    """Others' rules as they are, and ours."""
    return [*(r for r in there if not _id(r).startswith(ID_PREFIX)), *rules(settings)]


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
        raise _refusal(lake, error) from error
    except BotoCoreError as error:
        raise _refusal(lake, error) from error
    return list(answer["Rules"])


def _refusal(lake: Lake, error: ClientError | BotoCoreError) -> TweetLakeError:
    if isinstance(error, ClientError) and error.response["Error"]["Code"] == "AccessDenied":
        return BadConfiguration(
            f"s3://{lake.bucket}: {error}. The credentials of the Airflow connection 'aws_default' "
            "need s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration for the bucket, so "
            "that raw_days and its neighbours are written to it (docs/settings.md)"
        )
    return LakeUnavailable(lake.bucket, None, error)
