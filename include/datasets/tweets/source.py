"""Posts of each account from its timeline; through search where keywords or a query narrow it.

What a timeline does not reach any more comes from the full-archive search.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from include.accounts import SEARCH_KIND, Account, Search, begun
from include.datasets.tweets.archive import (
    archive_query,
    beyond_timeline,
    next_token,
    timeline_of,
)
from include.interval import Interval
from include.lookup import EXPLANATIONS, look_up, to_look_up
from include.outcomes import Outcome
from include.raw import StoredPage
from include.source import Fetch, Planning, Progress, Source, StaleToken
from include.spending.ledger import Resources
from include.x_api.answer import read_answer
from include.x_api.errors import BadRequest
from include.x_api.problems import account_outcome, check_meaning
from include.x_api.search_query import needs_archive

if TYPE_CHECKING:
    from include.x_api.answer import Answer
    from include.x_api.client import XApi  # tweepy is slow to import

WITHOUT_REPOSTS = f"-is:{SEARCH_KIND['retweets']}"
_NO_REPOSTS = "X's full-archive search gives no reposts."
_OUT_OF_REACH = (
    "X's timeline does not reach back so far, and its full-archive search gives no reposts."
)


class Timelines(Source):
    """One fetch for each account and search, page after page by X's own token."""

    kind = "posts"

    def plan(self, planning: Planning) -> list[Fetch]:
        """Look up every account that has begun, and say what to fetch of each."""
        wanted = begun(planning.accounts, planning.interval)
        named = [a for a in wanted if isinstance(a, Account)]
        if not _can_be_looked_up(named, planning):
            why = f"Nobody could be looked up; {planning.purse.explain()}."
            return [
                Fetch(
                    account=account.name,
                    planned_at=planning.now,
                    unreadable=Outcome.PARTIAL,
                    detail=why,
                )
                for account in wanted
            ]
        users, refusals = look_up(planning.lake, planning.api, named, planning.interval)
        fetches = [
            Fetch(account=account.name, planned_at=planning.now, query=account.query)
            if isinstance(account, Search)
            else _fetch(account, users, refusals, planning)
            for account in wanted
        ]
        return _with_shares(fetches, planning)

    def is_complete(self, progress: Progress) -> bool:
        """Whether the last page has no token, and the archive was asked where it must be."""
        pages = progress.pages
        if not pages or next_token(pages[-1]) is not None:
            return False
        timeline = timeline_of(pages)
        return len(timeline) < len(pages) or _asked_of_archive(progress, timeline) is None

    def next_page(self, api: XApi, progress: Progress) -> Answer:
        """The page after the last one's token, newest posts first."""
        token = next_token(progress.pages[-1]) if progress.pages else None
        try:
            answer = _page(api, progress, token)
        except BadRequest as error:
            if token is None:
                raise
            raise StaleToken(str(error)) from error
        content = read_answer(answer.body)
        if "errors" in content and "meta" not in content:  # which tells that there are no posts
            check_meaning(content, progress.fetch.account)
        return answer

    def outcome(
        self, fetch: Fetch, pages: Sequence[StoredPage]
    ) -> tuple[Outcome | Literal["fetched"], str]:
        """Whether there are posts, and if not, whether X said why."""
        if _has_posts(pages):
            return "fetched", ""
        # What a search says of users is not about whom it was asked for.
        outcome = (_refusal(pages) if fetch.user_id else None) or Outcome.EMPTY
        return outcome, EXPLANATIONS.get(outcome, "No posts in this interval.")

    def lacks(self, fetch: Fetch, interval: Interval, pages: Sequence[StoredPage]) -> str:
        """Reposts, where the full archive was searched: it has none."""
        if not needs_archive(interval):
            return ""
        if fetch.query is not None:
            return "" if WITHOUT_REPOSTS in fetch.query else _NO_REPOSTS
        if fetch.archive is None or WITHOUT_REPOSTS in fetch.archive:
            return ""
        timeline = timeline_of(pages)
        shown = _ids(timeline)
        return "" if shown and shown >= _ids(pages[len(timeline) :]) else _OUT_OF_REACH


def _has_posts(pages: Iterable[StoredPage]) -> bool:
    return any(page.content.get("data") for page in pages)


def _ids(pages: Iterable[StoredPage]) -> set[str]:
    posts = (post for page in pages for post in page.content.get("data", []))
    return {str(post["id"]) for post in posts if isinstance(post, dict) and "id" in post}


def _asked_of_archive(
    progress: Progress, timeline: Sequence[StoredPage]
) -> tuple[str, Interval] | None:
    """The query and the span to ask the archive for; None where it need not be asked."""
    query = progress.fetch.archive
    if query is None:
        return None
    span = beyond_timeline(progress.raw.interval, timeline)
    return None if span is None else (query, span)


def _can_be_looked_up(accounts: Sequence[Account], planning: Planning) -> bool:
    asked = to_look_up(planning.lake, accounts, planning.interval)
    new = asked - planning.purse.users_charged()
    return not new or planning.purse.reserve(Resources(users=len(new))).users == len(new)


def _with_shares(fetches: Sequence[Fetch], planning: Planning) -> list[Fetch]:
    """Each fetch with its share of the budget: a page, if there is enough.

    Half of what is left stays, for other runs and for the fetches that have more than their share.
    """
    readable = sum(fetch.unreadable is None for fetch in fetches)
    wanted = Resources(posts=readable * planning.settings.page_size)
    share = planning.purse.reserve(wanted, share=0.5).posts // max(readable, 1)
    return [
        fetch if fetch.unreadable else fetch.model_copy(update={"most_posts": share})
        for fetch in fetches
    ]


def _fetch(
    account: Account,
    users: dict[str, dict[str, Any]],
    refusals: dict[str, Outcome],
    planning: Planning,
) -> Fetch:
    user, now = users.get(account.name), planning.now
    if user is not None and not user.get("protected"):
        return Fetch(
            account=account.name,
            planned_at=now,
            user_id=user["id"],
            exclude=account.exclude,
            query=account.query,
            archive=None if account.query else archive_query(account, user, planning.interval, now),
        )
    outcome = Outcome.PROTECTED if user else refusals[account.name]
    return Fetch(
        account=account.name,
        planned_at=now,
        user_id=user["id"] if user else None,
        unreadable=outcome,
        detail=EXPLANATIONS[outcome],
    )


def _page(api: XApi, progress: Progress, token: str | None) -> Answer:
    fetch, interval = progress.fetch, progress.raw.interval
    if fetch.query is not None:
        return api.search(fetch.query, interval, page_size=progress.page_size, next_token=token)
    timeline = timeline_of(progress.pages)
    if timeline and next_token(timeline[-1]) is None:
        archive = _asked_of_archive(progress, timeline)
        if archive is None:
            raise StaleToken("the account's settings have changed since its pages were stored")
        query, span = archive
        return api.search(query, span, page_size=progress.page_size, next_token=token)
    assert fetch.user_id is not None  # noqa: S101 - a fetch without user id is unreadable
    return api.timeline(
        fetch.user_id,
        interval,
        exclude=fetch.exclude,
        page_size=progress.page_size,
        pagination_token=token,
    )


def _refusal(pages: Iterable[StoredPage]) -> Outcome | None:
    """Why a timeline shows nothing, where X said so; the lookup just before did show the user."""
    for page in pages:
        for error in page.content.get("errors", []):
            outcome = account_outcome(error)
            if outcome is Outcome.NOT_FOUND:
                return Outcome.DELETED
            if outcome not in {None, Outcome.FAILED}:
                return outcome
    return None
