"""The mail about what had to go from the lake: how many, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from email.message import EmailMessage

from include.compliance.record import Record
from include.data_docs.words import count_of
from include.notify import message


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
