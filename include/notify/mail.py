"""Sending a mail through Airflow's SMTP connection ``smtp_default``."""

from __future__ import annotations

import smtplib
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import localtime, make_msgid, parseaddr

from airflow.providers.smtp.hooks.smtp import SmtpHook
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

from include.errors import BadConfiguration
from include.notify.errors import MailNotSent, MailPartlySent

CONNECTION = "smtp_default"


class _Mailer(SmtpHook):
    """Airflow's authenticated client, for messages with more than an HTML part."""

    def deliver(self, message: EmailMessage) -> dict[str, tuple[int, bytes]]:
        """Send ``message``; returns the recipients that the server refused, with its answer."""
        if not isinstance(self._smtp_client, smtplib.SMTP):
            raise TypeError("deliver() takes an open connection: use the hook as a context manager")
        return self._smtp_client.send_message(message)


def check_connection() -> None:
    """Look at the mail connection without dialling.

    Raises:
        BadConfiguration: it is missing, or does not say from whom mails come.
    """
    _sign(EmailMessage(), _connection().extra_dejson.get("from_email"))


def send(message: EmailMessage) -> None:
    """Send ``message`` to whom it is addressed, from the connection's ``from_email``.

    Raises:
        BadConfiguration: the connection or its ``from_email`` is missing, or no login can be made
            of its password.
        MailNotSent: names the server, what it said, and the remedy.
        MailPartlySent: names the recipients who were refused; the others have the mail.
    """
    connection = _connection()
    _sign(message, connection.extra_dejson.get("from_email"))
    server = f"{connection.host}:{connection.port}"
    try:
        mailer = _Mailer(CONNECTION)
        with mailer:
            refused = mailer.deliver(message)
    except smtplib.SMTPRecipientsRefused as error:
        raise MailNotSent(_refusal(server, message, "for nobody", error.recipients)) from error
    except UnicodeError:
        # The error holds the password.
        raise BadConfiguration(
            f"login or password of the Airflow connection '{CONNECTION}' has a character beyond "
            "ASCII, with which nobody can log in to a mail server; choose another"
        ) from None
    except (OSError, AirflowException) as error:  # every error of smtplib is an OSError
        raise MailNotSent(
            f"the mail {message['Subject']!r} was not sent: {server} "
            f"({type(error).__name__}: {error}). Check host, port and login of the Airflow "
            f"connection '{CONNECTION}', and disable_ssl / disable_tls in its extra. Nothing in "
            "the lake depends on the mail."
        ) from error
    if refused:
        raise MailPartlySent(_refusal(server, message, "not for everybody", refused))


def _refusal(
    server: str, message: EmailMessage, for_whom: str, refused: dict[str, tuple[int, bytes]]
) -> str:
    answers = "; ".join(
        f"{recipient}: {code} {answer.decode(errors='replace')}"
        for recipient, (code, answer) in sorted(refused.items())
    )
    return (
        f"{server} took the mail {message['Subject']!r} {for_whom} ({answers}). Check 'alert_to' "
        "in the Airflow Variable 'tweet_lake'."
    )


def _connection() -> Connection:
    try:
        return SmtpHook.get_connection(CONNECTION)
    except AirflowNotFoundException as error:
        raise BadConfiguration(
            f"the Airflow connection '{CONNECTION}' is missing; set it (type smtp, host, port, "
            'extra {"from_email": "lake@example.org"})'
        ) from error


def _sign(message: EmailMessage, sender: str | None) -> None:
    if not sender:
        raise BadConfiguration(
            f"the Airflow connection '{CONNECTION}' has no 'from_email' in its extra; set it to "
            "the address that mails come from"
        )
    for header in ("From", "Date", "Message-ID"):
        del message[header]
    try:
        message["From"] = sender
    except (ValueError, HeaderParseError) as error:
        raise BadConfiguration(
            f"'from_email' {sender!r} of the Airflow connection '{CONNECTION}' is no mail address"
        ) from error
    message["Date"] = localtime()
    message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2] or None)
