"""What can go wrong with an alert."""

from __future__ import annotations

from include.errors import TweetLakeError


class AlertNotSent(TweetLakeError):
    """More than one channel failed; the message names each."""


class MailNotSent(TweetLakeError):
    """The mail server refused the mail, or could not be reached."""


class MailPartlySent(MailNotSent):
    """Some recipients were refused, the others have the mail: sent again, they have it twice."""


class SnsNotSent(TweetLakeError):
    """Amazon SNS refused the message, or could not be reached."""
