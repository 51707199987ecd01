"""Alerts can go out; none is sent."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.smtp.hooks.smtp import SmtpHook
from airflow.sdk.exceptions import AirflowException
from botocore.exceptions import BotoCoreError, ClientError

from include.doctor.bucket import DENIED, code_of
from include.doctor.finding import Finding, Unknown, failed, ok, warning
from include.doctor.patient import CONNECT_SECONDS, Patient, hasty
from include.doctor.site import is_here
from include.notify.mail import CONNECTION, check_connection
from include.notify.sns import check_credentials, region_of

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_EXTRA = f"the extra of the Airflow connection '{CONNECTION}'"


class _Hasty(SmtpHook):
    """Airflow's mail client, which gives up early."""

    timeout = CONNECT_SECONDS
    smtp_retry_limit = 0


def mail(patient: Patient) -> Iterator[Finding]:
    """The mail server answers, its TLS is right, and it takes the login."""
    if "mail" not in patient.settings.alert_by:
        yield ok("none is wanted (alert_by)")
        return
    check_connection()
    hook = _Hasty(CONNECTION)
    try:
        with hook:
            server = f"{hook.host}:{hook.port}"
            encrypted = hook.use_ssl or hook.smtp_starttls
            login = hook.smtp_user
    except (OSError, AirflowException) as error:  # every error of smtplib is an OSError
        yield _refused(f"{hook.conn.host}:{hook.conn.port}", error)
        return
    if login and not encrypted and not is_here(hook.host):
        yield warning(
            f"{server} takes the login, which crosses the network in the clear",
            f"take disable_tls out of {_EXTRA}",
        )
    else:
        yield ok(f"{server} takes {'the login' if login else 'mail without a login'}")


def topic(patient: Patient) -> Iterator[Finding]:
    """The SNS topic exists, as far as the credentials may look."""
    arn = patient.settings.sns_topic_arn
    if "sns" not in patient.settings.alert_by or arn is None:
        yield ok("none is wanted (alert_by)")
        return
    check_credentials(arn)
    sns: SNSClient = AwsBaseHook(
        "aws_default", client_type="sns", region_name=region_of(arn), config=hasty()
    ).get_conn()
    try:
        sns.get_topic_attributes(TopicArn=arn)
    except ClientError as error:
        if code_of(error) in DENIED:
            raise Unknown(
                "the credentials may not look at it (sns:GetTopicAttributes), which runs do "
                "without; whether they may publish shows with the first alert"
            ) from error
        if code_of(error) in {"NotFound", "NotFoundException"}:
            yield failed(f"there is no topic {arn}", "create it, or correct sns_topic_arn")
            return
        yield failed(f"{arn}: {error}", "see what SNS says")
    except BotoCoreError as error:
        yield failed(f"SNS can't be reached ({error})", "see that this machine gets out")
    else:
        yield ok(f"{arn} is there; whether it may be published to shows with the first alert")


def _refused(server: str, error: Exception) -> Finding:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return failed(
            f"{server} refuses the login ({error.smtp_code})",
            f"put the right login and password into the Airflow connection '{CONNECTION}'",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return failed(
            f"the certificate of {server} is not trusted ({error.verify_message})",
            "name the server as its certificate does, or have whoever runs it put that right",
        )
    if isinstance(error, ssl.SSLError):
        return failed(
            f"{server} does not speak TLS from the first byte",
            f'put {{"disable_ssl": true}} into {_EXTRA} for STARTTLS, as on port 587',
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return failed(
            f"{server}: {error}",
            f"use a port of it that has TLS and logins, as 587 or 465; disable_tls in {_EXTRA} "
            "does without TLS",
        )
    return failed(
        f"{server} can't be used ({type(error).__name__}: {error})",
        f"correct host and port of the Airflow connection '{CONNECTION}', and disable_ssl and "
        "disable_tls in its extra; many clouds close port 25: use 587",
    )
