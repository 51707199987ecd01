"""What X says it has counted, beside what the lake has: once for each UTC day that is over."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from include.lake import Lake
from include.spending.ledger import Day, Month, Usage, read_month, update_day

if TYPE_CHECKING:
    from include.x_api.answer import Answer

log = logging.getLogger(__name__)

TOLERATED = 0.05
"""X calls its own count of a post once a day a soft guarantee."""


def compare_yesterday(lake: Lake, answer: Answer, run: str) -> None:
    """Write X's count of yesterday's posts into the ledger, unless it is there.

    Args:
        lake: where the ledger lies.
        answer: of ``GET /2/usage/tweets``, over two days at least.
        run: which run's report is to speak of it.
    """
    yesterday = answer.at.date() - timedelta(days=1)
    day = read_month(lake, yesterday).day(yesterday)
    counted = posts_on(answer, yesterday)
    if counted is None or day.usage is not None or not day.runs:
        return

    def note(month: Month) -> Day:
        usage = Usage(posts=counted, run=run)
        return month.day(yesterday).model_copy(update={"usage": usage})

    update_day(lake, yesterday, note)


def posts_on(answer: Answer, day: date) -> int | None:
    """Posts that X has counted on a day, which it tells in text; None if it says nothing of it."""
    try:
        told = json.loads(answer.body)["data"]["daily_project_usage"]["usage"]
        for entry in told:
            if datetime.fromisoformat(entry["date"]).date() == day:
                return int(entry["usage"])
    except (KeyError, TypeError, ValueError) as error:
        log.warning("X's usage report has another form than is known: %r", error)
    return None


def remarks(lake: Lake, run: str, today: date) -> list[str]:
    """What the run's report has to say of yesterday's counts: nothing if they agree."""
    yesterday = today - timedelta(days=1)
    day = read_month(lake, yesterday).day(yesterday)
    if day.usage is None or day.usage.run != run:
        return []
    drift = (day.usage.posts - day.posts) / max(day.posts, 1)
    if abs(drift) <= TOLERATED:
        return []
    remark = (
        f"On {yesterday} X counted {day.usage.posts:,} posts, this lake {day.posts:,} "
        f"({drift:+.0%}). Does something else use the same project at X?"
    )
    return [remark]
