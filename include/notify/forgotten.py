"""The message about what had to go from the lake: how many, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from hashlib import sha256

from include.compliance.record import Record
from include.data_docs.words import count_of
from include.lake import Lake
from include.notify import message
from include.notify.alerts import FORGOTTEN_KEY, News
from include.notify.tell import tell
from include.settings import Settings


def tell_forgotten(
    lake: Lake, settings: Settings, record: Record, now: datetime
) -> EmailMessage | None:
    """Say what went; None where that was said before.

    Raises:
        TweetLakeError: a channel failed, or the lake did.
    """
    return tell(
        lake,
        FORGOTTEN_KEY,
        settings,
        judge=lambda _: News(),
        compose=lambda _: compose(record, bucket=settings.bucket, recipients=settings.alert_to),
        occasion=f"{record.key} {sha256(record.model_dump_json().encode()).hexdigest()[:16]}",
        interval=None,
        now=now,
    )


def compose(record: Record, *, bucket: str, recipients: Sequence[str]) -> EmailMessage:
    """Count what went; the ids are in the record."""
    posts, users = count_of(len(record.posts), "post"), count_of(len(record.users), "user")
    return message.compose(
        "forgotten",
        f"[tweet-lake] {record.day}: {posts} and {users} forgotten",
        recipients,
        record=record,
        bucket=bucket,
        counts=[
            (count_of(number, singular), reason)
            for singular, reasons in (("post", record.posts), ("user", record.users))
            for reason, number in sorted(Counter(reasons.values()).items())
        ],
        objects=sum(record.objects.values()),
        count_of=count_of,
    )
