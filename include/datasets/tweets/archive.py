"""Posts that an account's timeline does not reach any more: the full-archive search has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from include.accounts import Account
from include.interval import Interval
from include.raw import StoredPage

TIMELINE_REACH, TIMELINE_REACH_WITHOUT_REPLIES = 3_200, 800
"""The newest posts of an account, all that X's timeline shows."""
POSTS_A_DAY = 2_400
"""X lets nobody post more: https://help.x.com/en/rules-and-policies/x-limits."""
_MINUTE = timedelta(minutes=1)
_FIRST_ID = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
"""X counts the milliseconds since then in an id's upper bits."""


def archive_query(
    account: Account, user: Mapping[str, Any], interval: Interval, now: datetime
) -> str | None:
    """The search for what the timeline may not reach over the interval; None if it reaches all.

    Args:
        account: whose timeline it is.
        user: as X has shown it, with its ``public_metrics``.
        interval: what is fetched.
        now: by X's clock.
    """
    reach = TIMELINE_REACH_WITHOUT_REPLIES if "replies" in account.exclude else TIMELINE_REACH
    counts = user.get("public_metrics")
    told = counts if isinstance(counts, dict) else {}
    made = told.get("tweet_count", told.get("post_count"))
    has_few = isinstance(made, int) and made <= reach
    is_young = now - interval.start <= timedelta(days=reach / POSTS_A_DAY)
    return None if has_few or is_young else account.all_posts_query


def timeline_of(pages: Sequence[StoredPage]) -> Sequence[StoredPage]:
    """The pages of the timeline; those after its last one are the archive's."""
    ends = [number for number, page in enumerate(pages, start=1) if next_token(page) is None]
    return pages[: ends[0]] if ends else pages


def beyond_timeline(interval: Interval, timeline: Iterable[StoredPage]) -> Interval | None:
    """The part of the interval before the oldest post that the timeline shows; None if empty.

    A minute of it may be in both.
    """
    posts = (post for page in timeline for post in page.content.get("data", []))
    shown = [at for at in map(_created_at, posts) if at and interval.start <= at < interval.end]
    if not shown:
        return interval
    minute = min(shown).replace(second=0, microsecond=0)
    if min(shown) == interval.start:
        return None
    return Interval(interval.start, min(minute + _MINUTE, interval.end))


def next_token(page: StoredPage) -> str | None:
    """What X wants to be told for the page after it; None after the last one."""
    token = page.content.get("meta", {}).get("next_token")
    return str(token) if token else None


def _created_at(post: Any) -> datetime | None:
    try:
        if "created_at" not in post:  # a mark in the place of a post that had to go
            return _FIRST_ID + timedelta(milliseconds=int(post["id"]) >> 22)
        return datetime.fromisoformat(post["created_at"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None  # an odd post: the span gets longer, nothing is lost
