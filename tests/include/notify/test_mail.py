from __future__ import annotations

import json
import os
import socket
import traceback
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from include.errors import BadConfiguration
from include.notify.errors import MailNotSent, MailPartlySent
from include.notify.mail import send
from sandbox.smtp_sink import SmtpSink

Connect = Callable[..., None]


def a_mail(*recipients: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "3 accounts – attention"
    mail["To"] = ", ".join(recipients or ("one@example.org",))
    mail.set_content("Grüße: مرحبا\n")
    mail.add_alternative("<p>Grüße: مرحبا</p>", subtype="html")
    return mail


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_both_parts_arrive_from_the_connections_address(sink: SmtpSink, connect: Connect) -> None:
    connect(sink.port)
    send(a_mail("one@example.org", "two@example.org"))

    (mail,) = sink.mails
    assert mail["From"] == "Tweet Lake <lake@example.org>"
    assert mail["To"] == "one@example.org, two@example.org"
    assert mail["Subject"] == "3 accounts – attention"
    assert mail["Date"] is not None
    assert mail["Message-ID"].endswith("@example.org>")
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert plain.strip() == "Grüße: مرحبا"
    assert html.strip() == "<p>Grüße: مرحبا</p>"


def test_the_same_message_may_be_sent_again(sink: SmtpSink, connect: Connect) -> None:
    connect(sink.port)
    mail = a_mail()
    send(mail)
    send(mail)

    assert [len(arrived.get_all("From")) for arrived in sink.mails] == [1, 1]


def test_a_recipient_that_is_refused_is_named_and_the_others_get_it(
    sink: SmtpSink, connect: Connect
) -> None:
    connect(sink.port)
    sink.rejected_recipients = "two@"
    with pytest.raises(MailPartlySent, match=r"two@example\.org: 550 .*alert_to"):
        send(a_mail("one@example.org", "two@example.org"))

    assert len(sink.mails) == 1


def test_when_nobody_may_get_it_everybody_is_named(sink: SmtpSink, connect: Connect) -> None:
    connect(sink.port)
    sink.rejected_recipients = "example"
    with pytest.raises(
        MailNotSent, match=r"nobody.*one@example\.org: 550 .*two@example\.org: 550"
    ) as raised:
        send(a_mail("one@example.org", "two@example.org"))

    assert not isinstance(raised.value, MailPartlySent)  # trying again bothers nobody twice
    assert sink.mails == []


def test_a_server_that_is_not_there_is_named_with_the_remedy(connect: Connect) -> None:
    port = free_port()
    connect(port)

    with pytest.raises(MailNotSent, match=rf"127\.0\.0\.1:{port} .*'smtp_default'"):
        send(a_mail())


def test_a_server_without_tls_is_named_with_the_remedy(sink: SmtpSink, connect: Connect) -> None:
    connect(sink.port, disable_ssl=False, retry_limit=0)

    with pytest.raises(MailNotSent, match="disable_ssl"):
        send(a_mail())
    assert sink.mails == []


@pytest.mark.parametrize(
    ("password", "error", "said"),
    [
        ("another S3CRET", MailNotSent, "Check host, port and login"),
        ("S3CRET café", BadConfiguration, "a character beyond ASCII"),
    ],
)
def test_a_login_that_is_refused_is_named_and_the_password_is_not(
    sink: SmtpSink, connect: Connect, password: str, error: type[Exception], said: str
) -> None:
    connect(sink.port)
    connection = json.loads(os.environ["AIRFLOW_CONN_SMTP_DEFAULT"])
    # What `connect` has set, it takes back.
    os.environ["AIRFLOW_CONN_SMTP_DEFAULT"] = json.dumps(
        {**connection, "login": "lake", "password": password}
    )
    with pytest.raises(error, match=said) as refused:
        send(a_mail())
    assert "S3CRET" not in "".join(traceback.format_exception(refused.value))
    assert sink.mails == []


def test_a_missing_connection_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT", raising=False)

    with pytest.raises(BadConfiguration, match="'smtp_default' is missing"):
        send(a_mail())


@pytest.mark.parametrize("sender", [None, ""])
def test_a_connection_without_sender_is_named(
    sink: SmtpSink, connect: Connect, sender: str | None
) -> None:
    connect(sink.port, from_email=sender)

    with pytest.raises(BadConfiguration, match="'smtp_default' has no 'from_email'"):
        send(a_mail())
    assert sink.mails == []


def test_a_sender_that_would_add_a_header_is_refused(sink: SmtpSink, connect: Connect) -> None:
    connect(sink.port, from_email="lake@example.org\nBcc: spy@example.org")

    with pytest.raises(BadConfiguration, match="from_email"):
        send(a_mail())
    assert sink.mails == []
