"""The bucket is set up so that nothing in it is lost, or shown to others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from include.doctor.bucket import DENIED, code_of
from include.doctor.finding import Finding, Unknown, ok, warning
from include.doctor.patient import Patient
from include.errors import BadConfiguration
from include.lake import Lake
from include.retention import are_applied, rules

_EVERYBODY = ("*", {"AWS": "*"}, {"AWS": ["*"]})


def versioning(patient: Patient) -> Iterator[Finding]:
    """Old versions are kept, and not for ever."""
    lake = patient.lake
    answer = _ask("s3:GetBucketVersioning", lake.client.get_bucket_versioning, lake)
    if answer.get("Status") != "Enabled":
        yield warning(
            "versioning is off: a ledger that is damaged, or an object that is deleted by "
            "mistake, is gone",
            f"aws s3api put-bucket-versioning --bucket {lake.bucket} "
            "--versioning-configuration Status=Enabled",
        )
    elif patient.settings.noncurrent_days is None:
        yield warning(
            "old versions are kept for ever, those of what was forgotten as well",
            "set noncurrent_days in 'tweet_lake'",
        )
    else:
        yield ok("old versions are kept")


def public_access(patient: Patient) -> Iterator[Finding]:
    """Public access is blocked."""
    lake = patient.lake
    answer = _ask(
        "s3:GetBucketPublicAccessBlock",
        lake.client.get_public_access_block,
        lake,
        nothing="NoSuchPublicAccessBlockConfiguration",
    )
    blocked = answer.get("PublicAccessBlockConfiguration", {})
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    if all(blocked.get(name) for name in names):
        yield ok("public access is blocked")
    else:
        settings = ",".join(f"{name}=true" for name in names)
        yield warning(
            "public access is not blocked: one wrong policy or ACL shows posts to everybody",
            f"aws s3api put-public-access-block --bucket {lake.bucket} "
            f"--public-access-block-configuration {settings}",
        )


def encryption(patient: Patient) -> Iterator[Finding]:
    """What is written is encrypted."""
    lake = patient.lake
    answer = _ask(
        "s3:GetEncryptionConfiguration",
        lake.client.get_bucket_encryption,
        lake,
        nothing="ServerSideEncryptionConfigurationNotFoundError",
    )
    found = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    kinds = [
        rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        for rule in found
        if "ApplyServerSideEncryptionByDefault" in rule
    ]
    if kinds:
        yield ok(f"encrypted by {kinds[0]}")
    else:
        yield warning(
            "the bucket has no default encryption",
            f"aws s3api put-bucket-encryption --bucket {lake.bucket} "
            "--server-side-encryption-configuration "
            '\'{"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}\'',
        )


def transport(patient: Patient) -> Iterator[Finding]:
    """Its policy refuses whoever comes without TLS."""
    lake = patient.lake
    answer = _ask(
        "s3:GetBucketPolicy", lake.client.get_bucket_policy, lake, nothing="NoSuchBucketPolicy"
    )
    if _refuses_plain(json.loads(answer.get("Policy", "{}")), lake.bucket):
        yield ok("only requests by TLS are let in")
    else:
        yield warning(
            "the bucket's policy lets requests in without TLS",
            'add a statement that denies s3:* where "aws:SecureTransport" is "false" '
            "(deploy/ec2/stack.yaml has it)",
        )


def lifecycle(patient: Patient) -> Iterator[Finding]:
    """Its lifecycle rules are those of the settings."""
    lake, settings = patient.lake, patient.settings
    try:
        applied = are_applied(lake, settings)
    except BadConfiguration as error:
        if rules(settings):
            raise
        raise Unknown(f"none are wanted, and none may be looked for: {error}") from error
    if applied:
        yield ok("as the settings want them" if rules(settings) else "none are wanted")
    else:
        yield warning(
            "the bucket's lifecycle rules are not those that raw_days and its neighbours want",
            "`compact_lake` writes them every day; at once: python -m include.retention_command",
        )


def _refuses_plain(policy: dict[str, Any], bucket: str) -> bool:
    """Whether statements deny everybody everything without TLS, in the bucket and below it."""
    refused = {
        resource.rpartition(":")[2]
        for statement in _several(policy.get("Statement", []))
        if statement["Effect"] == "Deny"
        and statement.get("Principal") in _EVERYBODY
        and not {"*", "s3:*"}.isdisjoint(_several(statement.get("Action", [])))
        and list(statement.get("Condition", {})) in (["Bool"], ["BoolIfExists"])
        and _is_about_tls(*statement["Condition"].values())
        for resource in _several(statement.get("Resource", []))
    }
    return not refused.isdisjoint({"*", f"{bucket}*"}) or {bucket, f"{bucket}/*"} <= refused


def _is_about_tls(condition: dict[str, Any]) -> bool:
    wanted = {key.lower(): _several(value) for key, value in condition.items()}
    return list(wanted) == ["aws:securetransport"] and [
        str(value).lower() for value in wanted["aws:securetransport"]
    ] == ["false"]


def _several(value: Any) -> list[Any]:
    """What a policy's key holds: one, or a list."""
    return value if isinstance(value, list) else [value]


def _ask(permission: str, call: Callable[..., Any], lake: Lake, nothing: str = "") -> Any:
    """Ask for one of the bucket's properties; an empty answer where it has none.

    Raises:
        Unknown: the credentials may not look, or this S3 does not know the question.
    """
    try:
        return call(Bucket=lake.bucket)
    except ClientError as error:
        if code_of(error) == nothing:
            return {}
        if code_of(error) in DENIED:
            raise Unknown(f"the credentials may not look ({permission})") from error
        raise Unknown(f"S3 did not say: {error}") from error
