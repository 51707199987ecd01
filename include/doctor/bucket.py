"""The bucket is there, ours, and set up so that nothing is lost or shown to others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.sdk.exceptions import AirflowException
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from include.doctor.finding import Finding, Unknown, failed, ok, warning
from include.doctor.patient import Patient, hasty
from include.errors import BadConfiguration
from include.lake import Lake
from include.retention import are_applied, rules

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403", "AllAccessDisabled"}
_UNKNOWN_KEYS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}
_SKEWED = "RequestTimeTooSkewed"


def there(patient: Patient) -> Iterator[Finding]:
    """The bucket of the settings exists, answers, and is in the connection's region."""
    lake = patient.open_lake()
    try:
        answer = _look(lake)
    except (NoCredentialsError, PartialCredentialsError) as error:
        yield failed(
            f"S3 can't be asked ({error})",
            "give the Airflow connection 'aws_default' an access key, or this machine a role",
        )
    except BotoCoreError as error:
        yield failed(
            f"S3 can't be reached ({error})",
            "see that this machine gets out, and endpoint_url and region_name in the extra of the "
            "Airflow connection 'aws_default'",
        )
    except ClientError as error:
        yield _refused(lake, error)
    else:
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        patient.saw_clock("S3", parsedate_to_datetime(headers["date"]))
        patient.answers("the bucket")
        here = lake.client.meta.region_name
        where = _region(lake) or here
        if where == here:
            yield ok(f"s3://{lake.bucket} in {where}")
        else:
            yield warning(
                f"s3://{lake.bucket} is in {where}, the connection says {here}",
                f"put region_name {where} into the extra of the Airflow connection 'aws_default'",
            )


def owner(patient: Patient) -> Iterator[Finding]:
    """It belongs to the AWS account of the credentials."""
    lake = patient.lake
    try:
        sts: STSClient = AwsBaseHook("aws_default", client_type="sts", config=hasty()).get_conn()
        account = sts.get_caller_identity()["Account"]
    except (ClientError, BotoCoreError, AirflowException) as error:
        raise Unknown(f"whose credentials these are can't be told: {error}") from error
    try:
        _look(lake, ExpectedBucketOwner=account)
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        yield failed(
            f"s3://{lake.bucket} belongs to another AWS account than the credentials ({account})",
            "name a bucket of your own as 'bucket' in 'tweet_lake': whoever owns this one reads "
            "all that is written there",
        )
    else:
        yield ok(f"it belongs to {account}")


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
    if _refuses_plain(json.loads(answer.get("Policy", "{}"))):
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


def _region(lake: Lake) -> str | None:
    """Where the bucket is; None where the credentials may list parts of it only."""
    try:
        return lake.client.head_bucket(Bucket=lake.bucket).get("BucketRegion")
    except ClientError:
        return None


def _look(lake: Lake, **more: Any) -> Any:
    """Ask for what the least of roles may see, and S3 says in words why it refuses."""
    return lake.client.list_objects_v2(Bucket=lake.bucket, Prefix="raw/", MaxKeys=1, **more)


def _refuses_plain(policy: dict[str, Any]) -> bool:
    statements = policy.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        condition = statement.get("Condition", {}).get("Bool", {})
        if statement["Effect"] == "Deny" and str(condition.get("aws:SecureTransport")).lower() in {
            "false",
            "['false']",
        }:
            return True
    return False


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


def _refused(lake: Lake, error: ClientError) -> Finding:
    code = code_of(error)
    if code == "NoSuchBucket":
        return failed(
            f"there is no bucket {lake.bucket}",
            "create it, or correct 'bucket' in 'tweet_lake'",
        )
    if code in _UNKNOWN_KEYS:
        return failed(
            f"S3 does not take the credentials ({code})",
            "put valid ones into the Airflow connection 'aws_default'",
        )
    if code == _SKEWED:
        return failed("S3 refuses this machine's clock (over 15 minutes off)", "set it right")
    if code in DENIED:
        return failed(
            f"s3://{lake.bucket} is not for these credentials ({code}): it is somebody else's, or "
            "they may not list it",
            "name a bucket of your own as 'bucket' in 'tweet_lake', or allow the credentials "
            "s3:ListBucket on it",
        )
    return failed(f"s3://{lake.bucket}: {error}", "see what S3 says")


def code_of(error: ClientError) -> str:
    """What S3 calls its refusal."""
    return error.response["Error"]["Code"]
