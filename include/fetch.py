"""From X to raw pages, every one as X sent it.

A fetch begins with what the lake already holds, so that no answer is paid for twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from include.errors import BadConfiguration
from include.interval import Interval
from include.raw import Fetched, RawBatch, StoredPage
from include.source import Fetch, Progress, Source, StaleToken
from include.x_api.answer import read_answer

if TYPE_CHECKING:
    from include.x_api.client import XApi  # tweepy is slow to import

log = logging.getLogger(__name__)

READABLE_AFTER = timedelta(seconds=35)
"""X refuses an ``end_time`` younger than 10 s (timeline) or 30 s (search)."""


def wait_until_readable(
    interval: Interval,
    *,
    now: datetime | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait the few seconds until X takes the interval's end as an ``end_time``.

    Raises:
        BadConfiguration: the interval ends in the future.
    """
    now = now or datetime.now(UTC)
    if interval.end > now:
        raise BadConfiguration(
            f"interval {interval} ends in the future; run it after {interval.end:%Y-%m-%d %H:%M} "
            "UTC, or give the run an earlier logical date"
        )
    wait = (interval.end + READABLE_AFTER - now).total_seconds()
    if wait > 0:
        log.info("X shows posts up to %s in %.0f s; waiting", interval.end, wait)
        sleep(wait)


def extract(raw: RawBatch, source: Source, api: XApi, fetch: Fetch, page_size: int) -> Fetched:
    """Store every page of one fetch, going on after the last page that is stored.

    What stops a fetch is left in the lake for the report, then raised for Airflow's retries.
    """
    done = raw.fetched()
    if done is not None:
        return done
    try:
        pages, dropped = (
            ([], []) if fetch.unreadable else _all_pages(raw, source, api, fetch, page_size)
        )
    except Exception as error:
        raw.fail(error)
        raise
    fetched = _summary(source, fetch, pages, dropped)
    raw.complete(fetched)
    return fetched


def _all_pages(
    raw: RawBatch, source: Source, api: XApi, fetch: Fetch, page_size: int
) -> tuple[list[StoredPage], list[StoredPage]]:
    """The stored pages, and those that were paid for and dropped for them."""
    pages, dropped = raw.pages(), list[StoredPage]()
    resumed = bool(pages)
    while True:
        try:
            answer = source.next_page(api, Progress(raw, fetch, pages, page_size))
        except StaleToken:
            if not resumed:
                raise
            # A stored token that X no longer takes would bar the account for ever. But what is
            # stored was paid for: it goes once X has sent something in its place.
            log.warning("X does not go on from the stored pages of %s; anew", fetch.account)
            resumed = False
            answer = source.next_page(api, Progress(raw, fetch, [], page_size))
            content = None if answer is None else read_answer(answer.body)
            raw.drop_pages()
            # A later attempt does not know of them: they count if this one is the last.
            dropped, pages = pages, []
        else:
            content = None if answer is None else read_answer(answer.body)
        if answer is None or content is None:
            return pages, dropped
        raw.add_page(answer)
        pages.append(StoredPage(content, answer.at))
        log.info("%s: page %d stored", fetch.account, len(pages))


def _summary(
    source: Source, fetch: Fetch, pages: Sequence[StoredPage], dropped: Iterable[StoredPage]
) -> Fetched:
    outcome, detail = (
        (fetch.unreadable, fetch.detail) if fetch.unreadable else source.outcome(fetch, pages)
    )
    paid = [*pages, *dropped]
    data = sum(len(page.content.get("data", [])) for page in paid)
    posts = sum(_included(page, "tweets") + _included(page, "posts") for page in paid)
    users = sum(_included(page, "users") for page in paid)
    return Fetched(
        account=fetch.account,
        outcome=outcome,
        detail=detail,
        author_id=fetch.user_id,
        pages=len(pages),
        posts_returned=posts + (data if source.kind == "posts" else 0),
        users_returned=users + (data if source.kind == "users" else 0),
        requests=len(paid),
    )


def _included(page: StoredPage, name: str) -> int:
    return len(page.content.get("includes", {}).get(name, []))
