"""The bucket is there, and ours."""

from __future__ import annotations

from collections.abc import Iterator
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
from include.lake import Lake

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


def _region(lake: Lake) -> str | None:
    """Where the bucket is; None where the credentials may list parts of it only."""
    try:
        return lake.client.head_bucket(Bucket=lake.bucket).get("BucketRegion")
    except ClientError:
        return None


def _look(lake: Lake, **more: Any) -> Any:
    """Ask for what the least of roles may see, and S3 says in words why it refuses."""
    return lake.client.list_objects_v2(Bucket=lake.bucket, Prefix="raw/", MaxKeys=1, **more)


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
