"""What a post is in the sandbox, and how its id tells time and author."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.cast import Account
from sandbox.malformed import DUPLICATE

EPOCH_MS = 1_288_834_974_657
"""Snowflake ids count milliseconds from here (2010-11-04T01:42:54.657Z)."""


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `key` is its place in time (a snowflake), also where the id is malformed."""

    key: int
    account: Account
    body: dict[str, Any]
    earlier_versions: tuple["Post", ...] = ()
    malformation: str | None = None
    withheld_fields: tuple[str, ...] = ()

    @property
    def post_id(self) -> int:
        """The id that the post has on X: a second copy of a post has the first one's."""
        return int(self.body["id"])

    @property
    def reference_kinds(self) -> set[str]:
        """Which of retweeted, quoted and replied_to this post is."""
        return {ref["type"] for ref in self.body.get("referenced_tweets", ())}


@dataclass(frozen=True, slots=True)
class Slot:
    """Where in an account's time a post stands, before anybody has looked at it."""

    key: int
    account: Account


def is_duplicate(post: Post) -> bool:
    """Whether the post's place is taken by a second copy of an earlier one."""
    return post.malformation == DUPLICATE


def snowflake(ms: int, code: int = 0, version: int = 0) -> int:
    """Return the id of a post at `ms` (Unix) of the account with this code."""
    return ((ms - EPOCH_MS) << 22) | (code << 8) | version


def moment(key: int) -> datetime:
    """Return when the post with this id was made, to the second, as `created_at` tells it."""
    return datetime.fromtimestamp(((key >> 22) + EPOCH_MS) // 1000, UTC)


def code_of(key: int) -> int:
    """Return the code of the account in a post id."""
    return (key >> 8) & 0x3FFF


def timestamp(time: datetime) -> str:
    """Write a time as X does: always three digits of milliseconds and Z."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
