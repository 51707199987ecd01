"""Posts of each account from its timeline; through search where keywords or a query narrow it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from include.accounts import Account, Search, begun
from include.interval import Interval
from include.lookup import EXPLANATIONS, look_up
from include.outcomes import Outcome
from include.raw import StoredPage
from include.source import Fetch, Planning, Progress, Source, StaleToken
from include.spending.ledger import Resources
from include.x_api.errors import BadRequest
from include.x_api.problems import account_outcome

if TYPE_CHECKING:
    from include.x_api.answer import Answer
    from include.x_api.client import XApi  # tweepy is slow to import


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
            else _fetch(account, users, refusals, planning.now)
            for account in wanted
        ]
        return _with_shares(fetches, planning)

    def is_complete(self, progress: Progress) -> bool:
        """Whether the last page has no token."""
        return bool(progress.pages) and _next_token(progress.pages[-1]) is None

    def next_page(self, api: XApi, progress: Progress) -> Answer:
        """The page after the last one's token, newest posts first."""
        token = _next_token(progress.pages[-1]) if progress.pages else None
        try:
            return _page(api, progress.fetch, progress.raw.interval, progress.page_size, token)
        except BadRequest as error:
            if token is None:
                raise
            raise StaleToken(str(error)) from error

    def outcome(
        self, fetch: Fetch, pages: Sequence[StoredPage]
    ) -> tuple[Outcome | Literal["fetched"], str]:
        """Whether there are posts, and if not, whether X said why."""
        if any(page.content.get("data") for page in pages):
            return "fetched", ""
        # What a search says of users is not about whom it was asked for.
        outcome = (_refusal(pages) if fetch.user_id else None) or Outcome.EMPTY
        return outcome, EXPLANATIONS.get(outcome, "No posts in this interval.")


def _can_be_looked_up(accounts: Sequence[Account], planning: Planning) -> bool:
    new = {account.name for account in accounts} - planning.purse.users_charged()
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
    now: datetime,
) -> Fetch:
    user = users.get(account.name)
    if user is not None and not user.get("protected"):
        return Fetch(
            account=account.name,
            planned_at=now,
            user_id=user["id"],
            exclude=account.exclude,
            query=account.query,
        )
    outcome = Outcome.PROTECTED if user else refusals[account.name]
    return Fetch(
        account=account.name,
        planned_at=now,
        user_id=user["id"] if user else None,
        unreadable=outcome,
        detail=EXPLANATIONS[outcome],
    )


def _page(api: XApi, fetch: Fetch, interval: Interval, page_size: int, token: str | None) -> Answer:
    if fetch.query is not None:
        return api.search(fetch.query, interval, page_size=page_size, next_token=token)
    assert fetch.user_id is not None  # noqa: S101 - a fetch without user id is unreadable
    return api.timeline(
        fetch.user_id,
        interval,
        exclude=fetch.exclude,
        page_size=page_size,
        pagination_token=token,
    )


def _next_token(page: StoredPage) -> str | None:
    token = page.content.get("meta", {}).get("next_token")
    return str(token) if token else None


def _refusal(pages: Iterable[StoredPage]) -> Outcome | None:
    """Why a timeline shows nothing, where X said so; the lookup just before did show the user."""
    for page in pages:
        for error in page.content.get("errors", []):
            outcome = account_outcome(error)
            if outcome is Outcome.NOT_FOUND:
                return Outcome.DELETED
            if outcome is not None:
                return outcome
    return None
