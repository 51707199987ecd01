"""What X says it has counted, beside what the lake has: once for each UTC day that is over."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from include.foreign_json import parse
from include.lake import Lake
from include.spending.ledger import Day, Month, Usage, read_month, update_day
from include.x_api.errors import AccessDenied

if TYPE_CHECKING:
    from include.x_api.answer import Answer
    from include.x_api.client import XApi  # tweepy is slow to import

log = logging.getLogger(__name__)

TOLERATED = 0.05
"""X calls its own count of a post once a day a soft guarantee."""
_COUNTS = range(2**63)


def ask_x(lake: Lake, api: XApi, run: str) -> datetime:
    """Write X's count of yesterday's posts into the ledger; returns the time by X's clock.

    Not every app may ask for it: that stops nobody, and is told once a month.

    Args:
        lake: where the ledger lies.
        api: X.
        run: which run's report is to speak of it.
    """
    try:
        answer = api.usage()
    except AccessDenied as refusal:
        log.warning("X's count can't be compared: %s", refusal)
        at = _time_of(refusal)
        _note(lake, _day_before(at), Usage(posts=None, run=run))
        return at
    compare_yesterday(lake, answer, run)
    return answer.at


def x_clock(api: XApi) -> datetime:
    """The time by X's clock, for an answer that costs nothing.

    Raises:
        XError: X does not answer, or refuses the token.
    """
    try:
        return api.usage().at
    except AccessDenied as refusal:
        return _time_of(refusal)


def _time_of(refusal: AccessDenied) -> datetime:
    return refusal.at or datetime.now(UTC)


def compare_yesterday(lake: Lake, answer: Answer, run: str) -> None:
    """Write X's count of yesterday's posts into the ledger, unless it is there.

    Args:
        lake: where the ledger lies.
        answer: of ``GET /2/usage/tweets``, over two days at least.
        run: which run's report is to speak of it.
    """
    yesterday = _day_before(answer.at)
    counted = posts_on(answer, yesterday)
    if counted is not None:
        _note(lake, yesterday, Usage(posts=counted, run=run))


def _note(lake: Lake, day: date, usage: Usage) -> None:
    """Write it into the ledger, unless there is one of that day or nothing to compare with it."""

    def noted(month: Month) -> Day:
        known = month.day(day)
        # Another run may have asked meanwhile.
        return known if known.usage is not None else known.model_copy(update={"usage": usage})

    known = read_month(lake, day).day(day)
    if known.usage is None and known.runs:
        update_day(lake, day, noted)


def posts_on(answer: Answer, day: date) -> int | None:
    """Posts that X has counted on a day, which it tells in text; None if it says nothing of it."""
    try:
        told = parse(answer.body)["data"]["daily_project_usage"]["usage"]
        for entry in told:
            if datetime.fromisoformat(entry["date"]).date() == day:
                return _count(entry["usage"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        log.warning("X's usage report has another form than is known: %r", error)
    return None


def _count(told: Any) -> int:
    count = int(told)
    if count not in _COUNTS:
        raise ValueError("a count is negative or has more than 63 bits")
    return count


def _day_before(at: datetime) -> date:
    return at.date() - timedelta(days=1)


def remarks(lake: Lake, run: str, today: date) -> list[str]:
    """What the run's report has to say of yesterday's counts: nothing if they agree."""
    yesterday = today - timedelta(days=1)
    month = read_month(lake, yesterday)
    day = month.day(yesterday)
    if day.usage is None or day.usage.run != run:
        return []
    if day.usage.posts is None:
        earlier = [known.usage for d, known in month.days.items() if d < yesterday and known.usage]
        if any(usage.posts is None for usage in earlier):
            return []
        remark = (
            f"X does not tell this app what it has counted (403), so that the {day.posts:,} posts "
            f"of {yesterday} can't be compared with X's count. Compare the month's at X by hand; "
            "this is told once a month."
        )
        return [remark]
    drift = (day.usage.posts - day.posts) / max(day.posts, 1)
    if abs(drift) <= TOLERATED:
        return []
    remark = (
        f"On {yesterday} X counted {day.usage.posts:,} posts, this lake {day.posts:,} "
        f"({drift:+.0%}). Does something else use the same project at X?"
    )
    return [remark]
