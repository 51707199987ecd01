"""What the objects on X's wire share: types of fields, and the parts that several of them have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, Struct

Text = str | None
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Number = Int64 | None

ABSENT: Any = None
"""Default of a field that may be missing but, where X sends it, is never null."""


class Wire(Struct, gc=False):
    """Without garbage collection: these objects are trees and live for one page."""


class Url(Wire):
    """A link, as written and as resolved."""

    url: Text = None
    expanded_url: Text = None
    display_url: Text = None
    unwound_url: Text = None
    title: Text = None
    start: Number = None
    end: Number = None


class Withheld(Wire):
    """Where and why it is not shown."""

    copyright: bool | None = None
    country_codes: list[str] | None = None


class Metrics(Wire):
    """Counts of a post; old payloads lack the last two."""

    retweet_count: Int64 = ABSENT
    repost_count: Int64 = ABSENT
    reply_count: Int64 = ABSENT
    like_count: Int64 = ABSENT
    quote_count: Int64 = ABSENT
    bookmark_count: Int64 = ABSENT
    impression_count: Int64 = ABSENT


def retweet_counts(metrics: Iterable[Metrics]) -> list[int | None]:
    """How often each post was reposted."""
    return [m.repost_count if m.retweet_count is None else m.retweet_count for m in metrics]
