"""A mail server that delivers to a folder: every mail becomes one .eml file."""

import asyncio
import logging
import re
import socket
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

SMTP_PASSWORD = "sandbox-mail-password"  # noqa: S105 - of a server on loopback
"""Whoever logs in has to know it; nobody has to log in."""
# aiosmtpd warns at each login of an attribute that it sets itself.
logging.getLogger("mail.log").addFilter(lambda record: "login_data" not in record.getMessage())


class SmtpSink:
    """Listens on host and port (0: any free one) while started; may be stopped and started again.

    Mails are kept as `0001.eml`, `0002.eml` … in `folder`. Recipients that match
    `rejected_recipients` (a regular expression) are refused with 550.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        """Take the folder; it is made on start."""
        self.folder = folder
        self.host = host
        self.port = port
        self.rejected_recipients: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen; OSError where the port is taken."""
        self.folder.mkdir(parents=True, exist_ok=True)
        listener = socket.create_server((self.host, self.port))
        self.port = listener.getsockname()[1]
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._serve, args=(self._loop, listener, ready), name="smtp-sink", daemon=True
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Close the port; whoever connects now is refused."""
        if self._loop and self._thread:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop = self._thread = None

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails so far, parsed, oldest first."""
        paths = sorted(self.folder.glob("*.eml"))
        parsed = (message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths)
        return [mail for mail in parsed if isinstance(mail, EmailMessage)]

    def _serve(
        self, loop: asyncio.AbstractEventLoop, listener: socket.socket, ready: threading.Event
    ) -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(
            loop.create_server(
                lambda: SMTP(
                    self,
                    hostname="sandbox",
                    enable_SMTPUTF8=True,
                    authenticator=_knows_password,
                    auth_require_tls=False,
                    loop=loop,
                ),
                sock=listener,
            )
        )
        ready.set()
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Accept or refuse a recipient."""
        if self.rejected_recipients and re.search(self.rejected_recipients, address):
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail, with the envelope's addresses before its own headers."""
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        number = len(list(self.folder.glob("*.eml"))) + 1
        envelope_lines = f"X-Envelope-From: {envelope.mail_from}\r\n"
        envelope_lines += f"X-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        partial = self.folder / f"{number:04d}.part"
        partial.write_bytes(envelope_lines.encode() + raw)
        partial.rename(partial.with_suffix(".eml"))
        return "250 2.0.0 kept"


def _knows_password(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
) -> AuthResult:
    knows = isinstance(given, LoginPassword) and given.password == SMTP_PASSWORD.encode()
    return AuthResult(success=knows, handled=False)
