"""From X to raw pages, every one as X sent it.

A fetch begins with what the lake already holds, so that no answer is paid for twice.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from include.drift import unknown_fields
from include.errors import BadConfiguration
from include.interval import Interval
from include.outcomes import Outcome
from include.raw import Fetched, RawBatch, StoredPage
from include.source import Fetch, Progress, Source, StaleToken
from include.spending.ledger import Resources
from include.spending.purse import Purse, Spent
from include.spending.usage import x_clock
from include.x_api.answer import read_answer
from include.x_api.errors import XUnavailable

if TYPE_CHECKING:
    from include.x_api.answer import Answer
    from include.x_api.client import XApi  # tweepy is slow to import

log = logging.getLogger(__name__)

_HIDDEN = {Outcome.SUSPENDED, Outcome.PROTECTED, Outcome.DELETED, Outcome.NOT_FOUND}
LEAST_POSTS = 10
"""The smallest page that both timeline and search have."""
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


def extract(
    raw: RawBatch, source: Source, api: XApi, fetch: Fetch, *, page_size: int, purse: Purse
) -> Fetched:
    """Store every page of one fetch, going on after the last page that is stored.

    What stops a fetch is left in the lake for the report, then raised for Airflow's retries; that
    the budget is used up is no error.
    """
    done = raw.fetched()
    if done is not None and not done.partial:
        return done
    under_way = _UnderWay(raw, source, api, fetch, page_size=page_size, purse=purse)
    if fetch.unreadable is Outcome.FAILED:
        raw.fail(XUnavailable(fetch.detail))
        return under_way.summary("")  # and no fetch.json: the account stays a gap
    try:
        why_partial = under_way.run() if fetch.unreadable is None else _why_partial(fetch)
    except Exception as error:
        raw.fail(error)
        raise
    fetched = under_way.summary(why_partial)
    raw.finish(fetched)
    return fetched


def _why_partial(fetch: Fetch) -> str:
    return fetch.detail if fetch.unreadable is Outcome.PARTIAL else ""


class _UnderWay:
    """One fetch, page after page, as far as the budget goes."""

    def __init__(
        self,
        raw: RawBatch,
        source: Source,
        api: XApi,
        fetch: Fetch,
        *,
        page_size: int,
        purse: Purse,
    ) -> None:
        self._raw = raw
        self._source = source
        self._api = api
        self._fetch = fetch
        self._page_size = page_size
        self._purse = purse
        self._pages = raw.pages()
        self._dropped: list[StoredPage] = []
        """Paid for, but not stored any more."""
        self._granted = fetch.most_posts
        self._is_late = self._granted is not None and purse.is_settled()
        if self._granted is not None:
            # A run that is settled has given back all that its plan had set aside; what an earlier
            # attempt brought beyond its share, it had set aside as well.
            set_aside = 0 if self._is_late else self._granted
            self._granted = max(set_aside, self._used())

    def run(self) -> str:
        """Store the pages; returns why it stopped before the end, nothing if it did not."""
        resumed = bool(self._pages)
        while not self._source.is_complete(self._progress(self._page_size)):
            room = self._room()
            if room < LEAST_POSTS:
                return f"The budget is used up; {self._purse.explain()}."
            progress = self._progress(min(self._page_size, room))
            try:
                answer = self._source.next_page(self._api, progress)
            except StaleToken:
                if not resumed:
                    raise
                answer = self._begin_anew(progress.page_size)
                resumed = False
            page = StoredPage(read_answer(answer.body), answer.at)
            self._raw.add_page(answer)
            self._pages.append(page)
            self._set_aside_for(page)
            log.info("%s: page %d stored", self._fetch.account, len(self._pages))
        return ""

    def _progress(self, page_size: int) -> Progress:
        return Progress(self._raw, self._fetch, self._pages, page_size)

    def _begin_anew(self, page_size: int) -> Answer:
        """A stored token that X no longer takes would bar the account for ever.

        But what is stored was paid for: it goes once X has sent something in its place.
        """
        log.warning("X does not go on from the stored pages of %s; anew", self._fetch.account)
        answer = self._source.next_page(self._api, Progress(self._raw, self._fetch, [], page_size))
        read_answer(answer.body)
        self._raw.drop_pages()
        # A later attempt does not know of them: they count if this one is the last.
        self._dropped, self._pages = self._pages, []
        return answer

    def _room(self) -> int:
        """How many posts X may return now; more is set aside where too few are left."""
        if self._granted is None:
            return max(self._page_size, LEAST_POSTS)
        used = self._used()
        if self._granted - used < LEAST_POSTS:
            self._purse.move_to(self._x_time())
            beyond = max(used - self._granted, 0)  # an expansion brought more than was set aside
            more = Resources(posts=max(self._page_size, LEAST_POSTS) + beyond)
            self._granted += self._purse.reserve(more).posts
        return self._granted - used

    def _x_time(self) -> datetime:
        """When X answered last: its day may be another than that of the plan."""
        if self._is_late:
            self._is_late = False
            return x_clock(self._api)  # the stored answers may be days old
        return max((page.at for page in self._pages if page.at), default=self._fetch.planned_at)

    def _used(self) -> int:
        """How many posts X has returned since the fetch was planned."""
        begun = self._fetch.planned_at
        paid = [*self._pages, *self._dropped]
        return sum(posts_in(page, self._source.kind) for page in paid if _since(page, begun))

    def _set_aside_for(self, page: StoredPage) -> None:
        """An expansion may bring users whom nobody counted on."""
        kind = self._source.kind
        if kind == "posts" and (users := set(users_in(page, kind))):
            known = {user for earlier in self._pages[:-1] for user in users_in(earlier, kind)}
            self._purse.move_to(self._x_time())
            new = users - known - self._purse.users_charged()
            self._purse.reserve(Resources(users=len(new)))

    def summary(self, why_partial: str) -> Fetched:
        """What is stored of it, and what X returned for it."""
        fetch, kind = self._fetch, self._source.kind
        # What an earlier attempt brought has landed and stays, whatever became of the account.
        outcome, detail = (
            (fetch.unreadable, fetch.detail)
            if fetch.unreadable and not self._pages
            else self._source.outcome(fetch, self._pages)
        )
        paid = [*self._pages, *self._dropped]
        return Fetched(
            account=fetch.account,
            outcome=outcome,
            detail=detail,
            author_id=fetch.user_id,
            pages=len(self._pages),
            posts_returned=sum(posts_in(page, kind) for page in paid),
            users_returned=sum(len(users_in(page, kind)) for page in paid),
            requests=len(paid),
            days=spent_by_day(self._raw, paid, kind),
            partial=why_partial or self._left_out(),
            lacks=self._lacks(),
            unknown_fields=unknown_fields(self._pages, kind),
        )

    def _lacks(self) -> str:
        fetch = self._fetch
        if fetch.unreadable is Outcome.TOO_LATE or (fetch.unreadable in _HIDDEN and self._pages):
            return fetch.detail
        return self._source.lacks(fetch, self._raw.interval, self._pages)

    def _left_out(self) -> str:
        wanted = self._raw.wanted()
        if wanted is None or not wanted.left_out:
            return ""
        return f"The budget was too small for {wanted.left_out:,} more; {wanted.why}."


def spent_by_day(
    raw: RawBatch, pages: Iterable[StoredPage], kind: Literal["posts", "users"]
) -> dict[date, Spent]:
    """What X returned in the pages, by the UTC day of its clock."""
    wanted = raw.wanted()
    seen: dict[date, set[str]] = defaultdict(set)
    spent: dict[date, Spent] = defaultdict(Spent)
    for number, page in enumerate(pages):
        day = (page.at or raw.interval.end).date()
        is_planned_day = wanted is not None and wanted.planned_at.date() == day
        paid = set(wanted.paid) if wanted is not None and is_planned_day else set()
        new = _ids(page, kind, number) - seen[day] - paid
        seen[day] |= new
        spent[day] += Spent(
            posts=len(new), posts_returned=posts_in(page, kind), users=users_in(page, kind)
        )
    return dict(spent)


def posts_in(page: StoredPage, kind: Literal["posts", "users"]) -> int:
    """Posts of a page, in data and in includes."""
    return len(_posts(page, kind))


def users_in(page: StoredPage, kind: Literal["posts", "users"]) -> tuple[str, ...]:
    """Users of a page, in data and in includes, each by its name or else its id."""
    data = page.content.get("data", []) if kind == "users" else []
    found = [user for user in [*data, *_included(page, "users")] if isinstance(user, dict)]
    return tuple(str(user.get("username") or user.get("id")).lower() for user in found)


def _ids(page: StoredPage, kind: Literal["posts", "users"], number: int) -> set[str]:
    """Ids of the page's posts; a post without one is like no other."""
    return {
        str(post["id"]) if isinstance(post, dict) and "id" in post else f"{number}:{place}"
        for place, post in enumerate(_posts(page, kind))
    }


def _posts(page: StoredPage, kind: Literal["posts", "users"]) -> list[Any]:
    data = page.content.get("data", []) if kind == "posts" else []
    return [*data, *_included(page, "tweets"), *_included(page, "posts")]


def _included(page: StoredPage, name: str) -> list[Any]:
    included: list[Any] = page.content.get("includes", {}).get(name, [])
    return included


def _since(page: StoredPage, begun: datetime) -> bool:
    # What X's clock tells in whole seconds may seem a little earlier than the plan.
    return page.at is not None and page.at >= begun.replace(microsecond=0)
