import logging
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from sandbox.smtp_sink import SMTP_PASSWORD, SmtpSink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SmtpSink]:
    sink = SmtpSink(tmp_path / "mails")
    sink.start()
    yield sink
    sink.stop()


def mail(subject: str, to: str = "reviewer@example.org") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "lake@example.org", to
    message.set_content("plain café")
    message.add_alternative("<p>rich café</p>", subtype="html")
    return message


def send(sink: SmtpSink, message: EmailMessage) -> None:
    with smtplib.SMTP(sink.host, sink.port, timeout=5) as client:
        client.send_message(message)


def test_mails_are_kept_as_files_in_order(sink: SmtpSink):
    for subject in ("first", "second ünicode"):
        send(sink, mail(subject))
    assert sorted(path.name for path in sink.folder.iterdir()) == ["0001.eml", "0002.eml"]
    assert [m["Subject"] for m in sink.mails] == ["first", "second ünicode"]
    body = sink.mails[0].get_body(("html",))
    assert body
    assert "rich café" in body.get_content()
    assert sink.mails[0]["X-Envelope-To"] == "reviewer@example.org"


def test_recipients_can_be_refused(sink: SmtpSink):
    sink.rejected_recipients = "nobody@"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(sink, mail("lost", to="nobody@example.org"))
    send(sink, mail("arrives"))
    assert [m["Subject"] for m in sink.mails] == ["arrives"]


def test_who_logs_in_has_to_know_the_password(sink: SmtpSink, caplog: pytest.LogCaptureFixture):
    with smtplib.SMTP(sink.host, sink.port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("sandbox", "another")
        client.login("sandbox", SMTP_PASSWORD)
        client.send_message(mail("known"))
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert warnings == []  # the demo's own lines stay whole
    assert [m["Subject"] for m in sink.mails] == ["known"]


def test_a_stopped_sink_refuses_and_comes_back_on_its_port(sink: SmtpSink):
    port = sink.port
    sink.stop()
    with pytest.raises(ConnectionRefusedError):
        send(sink, mail("lost"))
    sink.start()
    assert sink.port == port
    send(sink, mail("arrives"))
    assert len(sink.mails) == 1
