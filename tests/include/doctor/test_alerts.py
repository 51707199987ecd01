"""Mail servers and topics; nothing is sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator

import boto3
import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from include.doctor import alerts
from sandbox.smtp_sink import SmtpSink
from tests.include.doctor.authority import DAY, NOW

CANARY = "canary-of-a-password"


@pytest.fixture
def sink(tmp_path) -> Iterator[SmtpSink]:
    sink = SmtpSink(tmp_path / "mails")
    sink.start()
    yield sink
    assert sink.mails == []
    sink.stop()


@pytest.fixture
def guarded(authority, tmp_path) -> Iterator[int]:
    """The port of a mail server that takes no login, and whose certificate nobody trusts."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority.issue(tmp_path, NOW - DAY, NOW + DAY, "localhost"))
    loop = asyncio.new_event_loop()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(
            loop.create_server(
                lambda: SMTP(
                    None,
                    hostname="guarded",
                    loop=loop,
                    tls_context=tls,
                    auth_require_tls=False,
                    authenticator=lambda *_: AuthResult(success=False, handled=False),
                ),
                sock=listener,
            )
        )
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


@pytest.fixture
def mail(settings, connection, look):
    def mail(port, login=None, **extra):
        plain = {"disable_ssl": True, "disable_tls": True, "from_email": "lake@example.org"}
        connection(
            "smtp_default",
            conn_type="smtp",
            host="127.0.0.1",
            port=port,
            login=login,
            password=login and CANARY,
            extra={**plain, **extra},
        )
        (found,) = look(alerts.mail)
        assert CANARY not in repr(found)
        return found

    return mail


def test_a_server_that_answers(mail, sink):
    assert mail(sink.port).text.endswith("takes mail without a login")


def test_a_login_that_is_refused(mail, guarded):
    found = mail(guarded, login="ada")
    assert (found.state, "refuses the login (535)" in found.text) == ("failed", True)


def test_a_certificate_that_is_not_trusted(mail, guarded):
    found = mail(guarded, disable_tls=False)
    assert (found.state, "certificate of 127.0.0.1" in found.text) == ("failed", True)


def test_a_server_without_starttls(mail, sink):
    found = mail(sink.port, disable_tls=False)
    assert "STARTTLS" in found.text
    assert "disable_tls" in found.remedy


def test_a_server_that_speaks_no_tls_at_once(mail, sink):
    found = mail(sink.port, disable_ssl=False)
    assert "does not speak TLS" in found.text
    assert "disable_ssl" in found.remedy


def test_nobody_listens(mail):
    found = mail(9)
    assert "ConnectionRefusedError" in found.text
    assert "587" in found.remedy


def test_mail_that_nobody_wants(look, settings):
    settings(alert_by=["sns"], sns_topic_arn="arn:aws:sns:us-east-1:123456789012:t")
    assert [f.state for f in look(alerts.mail)] == ["ok"]


@pytest.fixture
def topic(settings, aws, look):
    def topic(name, url):
        arn = f"arn:aws:sns:eu-central-1:123456789012:{name}"
        settings(alert_by=["sns"], sns_topic_arn=arn)
        aws(url)
        (found,) = look(alerts.topic)
        return found

    return topic


def test_a_topic_is_looked_at_where_it_is(topic, s3):
    url = s3.meta.endpoint_url
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    sns = boto3.client("sns", endpoint_url=url, region_name="eu-central-1", **keys)
    arn = sns.create_topic(Name="doctors")["TopicArn"]
    assert topic("doctors", url).state == "ok"
    sns.delete_topic(TopicArn=arn)
    found = topic("doctors", url)
    assert (found.state, "there is no topic" in found.text) == ("failed", True)


def test_a_topic_that_may_only_be_published_to_is_not_checked(topic, stub):
    stub.refuse("AuthorizationError")
    stub.body = (
        b"<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code>"
        b"<Message>no</Message></Error></ErrorResponse>"
    )
    found = topic("doctors", stub.url)
    assert (found.state, "sns:GetTopicAttributes" in found.text) == ("not checked", True)
