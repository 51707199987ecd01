"""By which channels an alert goes out: mail, Amazon SNS, or both, as the settings say."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from email.message import EmailMessage

from include.notify.errors import AlertNotSent, MailPartlySent
from include.settings import Channel, Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivery:
    """What became of a message."""

    taken: list[str]
    """Channels that have it, also from earlier attempts."""
    failures: dict[str, Exception]
    """Why the others have not, or not for everybody."""

    def check(self) -> None:
        """Raise what went wrong, if anything did.

        Raises:
            MailNotSent: the mail server refused it, for all or some, or could not be reached.
            SnsNotSent: the topic refused it, or could not be reached.
            BadConfiguration: a connection is not right.
            AlertNotSent: more than one channel failed.
        """
        if len(self.failures) > 1:
            raise AlertNotSent("; ".join(f"{c}: {e}" for c, e in self.failures.items()))
        for error in self.failures.values():
            raise error


def check(settings: Settings) -> None:
    """Look at the connections of the chosen channels; nothing is sent.

    Raises:
        BadConfiguration: names the connection, what is wrong with it, and the remedy.
    """
    for channel in settings.alert_by:
        if channel == "mail":
            from include.notify.mail import check_connection

            check_connection()
        else:
            from include.notify.sns import check_credentials

            check_credentials(_topic(settings))


def send(message: EmailMessage, settings: Settings, already: Collection[str] = ()) -> Delivery:
    """Send a message by each chosen channel; one that fails does not keep it from the others.

    Args:
        message: from :func:`include.notify.message.compose`.
        settings: name the channels and their addresses.
        already: channels that have taken it before: they are left alone.
    """
    taken: list[str] = list(already)
    failures: dict[str, Exception] = {}
    for channel in settings.alert_by:
        if channel in already:
            continue
        try:
            _send_by(channel, message, settings)
        except Exception as error:
            log.exception("%s did not take %r", channel, message["Subject"])
            failures[channel] = error
            if not isinstance(error, MailPartlySent):
                continue
        taken.append(channel)
    return Delivery(taken, failures)


def _send_by(channel: Channel, message: EmailMessage, settings: Settings) -> None:
    if channel == "mail":
        from include.notify.mail import send as mail

        mail(message)
    else:
        from include.notify.sns import publish

        publish(message, _topic(settings))


def _topic(settings: Settings) -> str:
    if settings.sns_topic_arn is None:
        raise TypeError("settings with 'sns' among their channels have a topic")
    return settings.sns_topic_arn
