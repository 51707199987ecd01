"""Publishing an alert to an Amazon SNS topic, through Airflow's connection ``aws_default``."""

from __future__ import annotations

import json
import unicodedata
from email.message import EmailMessage

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.sdk.exceptions import AirflowException
from botocore.exceptions import BotoCoreError, ClientError

from include.errors import BadConfiguration
from include.notify.errors import SnsNotSent

CONNECTION = "aws_default"
LONGEST_SUBJECT = 99
"""SNS takes ASCII, no line break or control character, and fewer than 100 of them."""
MOST_BYTES = 262_144
"""SNS takes 256 KiB, of the JSON in which Airflow wraps the text."""
_CUT = "\n… (too long for SNS: the links above lead to the rest)\n"
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")


def check_credentials(topic: str) -> None:
    """Look whether there are credentials to publish with; nothing is sent.

    Raises:
        BadConfiguration: there are none, or the connection can't be used.
    """
    try:
        hook = AwsBaseHook(CONNECTION, client_type="sns", region_name=region_of(topic))
        hook.get_conn()
        credentials = hook.get_session().get_credentials()
    except (AirflowException, BotoCoreError, ValueError) as error:
        raise BadConfiguration(
            f"no message can be published to {topic}: {error}. Check the Airflow connection "
            f"'{CONNECTION}'"
        ) from error
    if credentials is None:
        raise BadConfiguration(
            f"there are no credentials to publish to {topic} with: give the Airflow connection "
            f"'{CONNECTION}' an access key, or this machine a role"
        )


def publish(message: EmailMessage, topic: str) -> None:
    """Publish the plain text of a mail; counts and links are the mail's.

    Raises:
        SnsNotSent: names the topic, what SNS said, and the remedy.
    """
    plain = message.get_body(("plain",))
    if plain is None:
        raise ValueError(f"{message['Subject']!r} has no plain text part")
    notifier = SnsNotifier(
        aws_conn_id=CONNECTION,
        target_arn=topic,
        subject=subject_line(str(message["Subject"])),
        message=shortened(plain.get_content()),
        region_name=region_of(topic),
    )
    try:
        # Called itself, it would take the text for a template: posts may hold braces.
        notifier.notify({})  # type: ignore[no-untyped-call]
    except (ClientError, BotoCoreError, AirflowException) as error:
        raise SnsNotSent(
            f"{message['Subject']!r} was not published to {topic}: {error}. Check that the topic "
            f"exists and that the credentials of the Airflow connection '{CONNECTION}' may "
            "sns:Publish to it. Nothing in the lake depends on it."
        ) from error


def subject_line(subject: str) -> str:
    """What SNS takes of a subject: dashes as ``-``, accents dropped, others as ``?``, and short."""
    plain = unicodedata.normalize("NFKD", subject.translate(_DASHES))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    text = "".join(c if " " <= c <= "~" else "?" for c in kept)
    return text if len(text) <= LONGEST_SUBJECT else f"{text[: LONGEST_SUBJECT - 3]}..."


def shortened(text: str) -> str:
    """As many whole lines of ``text`` as SNS takes."""
    if _size(text) <= MOST_BYTES:
        return text
    room, kept = MOST_BYTES - _size(_CUT), []
    for line in text.splitlines(keepends=True):
        room -= _size(line)
        if room < 0:
            break
        kept.append(line)
    return f"{''.join(kept).rstrip()}{_CUT}"


def _size(text: str) -> int:
    return len(json.dumps({"default": text}))


def region_of(topic: str) -> str:
    """Of the topic, which need not be the lake's."""
    return topic.split(":")[3]
