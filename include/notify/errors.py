"""What can go wrong with a mail."""

from __future__ import annotations

from include.errors import TweetLakeError


class MailNotSent(TweetLakeError):
    """The mail server refused the mail, or could not be reached."""


class MailPartlySent(MailNotSent):
    """Some recipients were refused, the others have the mail: sent again, they have it twice."""
