"""From accounts to raw pages: who is fetched, and every page as X sent it.

``plan`` looks the accounts up and says what to fetch; ``extract`` fetches one of them. Both
begin with what the lake already holds, so that no answer is paid for twice.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from include.accounts import Account, Search
from include.errors import BadConfiguration
from include.foreign_json import parse
from include.interval import Interval
from include.lake import Lake, day_prefix
from include.outcomes import Outcome
from include.raw import Fetched, RawBatch
from include.x_api.answer import read_answer, read_users
from include.x_api.errors import BadRequest
from include.x_api.problems import account_outcome

if TYPE_CHECKING:
    from include.x_api.client import XApi  # tweepy is slow to import

log = logging.getLogger(__name__)

USERS_A_LOOKUP = 100
KNOWN_PREFIX = "raw/accounts/known/"
READABLE_AFTER = timedelta(seconds=35)
"""X refuses an ``end_time`` younger than 10 s (timeline) or 30 s (search)."""


class Fetch(BaseModel):
    """What to fetch of one account: small enough to travel between tasks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str
    user_id: str | None
    """None for a search, and where X does not show the account; ``unreadable`` says why."""
    unreadable: Outcome | None = None
    detail: str = ""
    exclude: tuple[str, ...] = ()
    query: str | None = None


def lookup_prefix(interval: Interval) -> str:
    """Where the answers of the user lookup lie, verbatim."""
    return f"{day_prefix('raw', 'accounts', interval.day)}{interval.name}/"


def known_key(account: str) -> str:
    """Object that remembers that X has shown this account once."""
    return f"{KNOWN_PREFIX}{account}.json"


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


def plan(
    lake: Lake, api: XApi, sources: Sequence[Account | Search], interval: Interval
) -> list[Fetch]:
    """Look up every enabled account that has begun, and say what to fetch of each source."""
    wanted = [source for source in sources if source.enabled and source.start < interval.end]
    accounts = [source for source in wanted if isinstance(source, Account)]
    users, refusals = _look_up(lake, api, accounts, interval)
    known = {key.removesuffix(".json").rpartition("/")[2] for key in lake.keys(KNOWN_PREFIX)}
    for account in accounts:
        if account.name in users and account.name not in known:
            lake.put_json(
                known_key(account.name),
                {"user_id": users[account.name]["id"], "first_seen": interval.name},
            )
    return [
        Fetch(account=source.name, user_id=None, query=source.query)
        if isinstance(source, Search)
        else _fetch(source, users, refusals, known)
        for source in wanted
    ]


def _fetch(
    account: Account,
    users: dict[str, dict[str, Any]],
    refusals: dict[str, Outcome],
    known: set[str],
) -> Fetch:
    user = users.get(account.name)
    if user is not None and not user.get("protected"):
        return Fetch(
            account=account.name,
            user_id=user["id"],
            exclude=account.exclude,
            query=account.query,
        )
    outcome = Outcome.PROTECTED if user else refusals[account.name]
    if outcome is Outcome.NOT_FOUND and account.name in known:
        outcome = Outcome.DELETED
    return Fetch(
        account=account.name,
        user_id=user["id"] if user else None,
        unreadable=outcome,
        detail=EXPLANATIONS[outcome],
    )


EXPLANATIONS = {
    Outcome.SUSPENDED: "X has suspended the account; its posts come back if X lifts that.",
    Outcome.PROTECTED: "The account shows its posts to approved followers only.",
    Outcome.DELETED: (
        "X does not know the account any more, but did in an earlier run: "
        "it was deleted or renamed. Remove or rename it in the accounts."
    ),
    Outcome.NOT_FOUND: (
        "X does not know the account and never did in an earlier run: "
        "check the spelling in the accounts."
    ),
}


def _look_up(
    lake: Lake, api: XApi, accounts: Sequence[Account], interval: Interval
) -> tuple[dict[str, dict[str, Any]], dict[str, Outcome]]:
    """Users and refusals by account name; stored answers first, then X, 100 names a call."""
    users: dict[str, dict[str, Any]] = {}
    refusals: dict[str, Outcome] = {}
    prefix = lookup_prefix(interval)
    lookups = 0
    for key in lake.keys(prefix):
        if key.startswith(f"{prefix}unanswered-"):
            names = parse(lake.get_page(key))["unanswered"]
            refusals.update(dict.fromkeys(names, Outcome.NOT_FOUND))
        else:
            _read_lookup(read_users(lake.get_page(key)), users, refusals)
            lookups += 1
    missing = [a for a in accounts if a.name not in users and a.name not in refusals]
    for number, first in enumerate(range(0, len(missing), USERS_A_LOOKUP), start=lookups):
        asked = missing[first : first + USERS_A_LOOKUP]
        body = api.users_by([a.username for a in asked])
        answer = read_users(body)
        lake.put_page(f"{prefix}lookup-{number:04d}.json.gz", body)
        _read_lookup(answer, users, refusals)
        unanswered = [a.name for a in asked if a.name not in users and a.name not in refusals]
        if unanswered:
            # X left them out without a word: its answer alone can't tell that they were asked.
            note = json.dumps({"unanswered": unanswered}).encode()
            lake.put_page(f"{prefix}unanswered-{number:04d}.json.gz", note)
            refusals.update(dict.fromkeys(unanswered, Outcome.NOT_FOUND))
    return users, refusals


def _read_lookup(
    answer: dict[str, Any], users: dict[str, dict[str, Any]], refusals: dict[str, Outcome]
) -> None:
    users.update({user["username"].lower(): user for user in answer.get("data", [])})
    for error in answer.get("errors", []):
        outcome = account_outcome(error)
        if outcome is not None:
            refusals[str(error.get("value", error.get("resource_id"))).lower()] = outcome


def extract(raw: RawBatch, api: XApi, fetch: Fetch, interval: Interval, page_size: int) -> Fetched:
    """Store every page of one account's posts, going on after the last page that is stored.

    What stops a fetch is left in the lake for the report, then raised for Airflow's retries.
    """
    done = raw.fetched()
    if done is not None:
        return done
    try:
        pages, dropped = (
            ([], []) if fetch.unreadable else _all_pages(raw, api, fetch, interval, page_size)
        )
    except Exception as error:
        raw.fail(error)
        raise
    fetched = _summary(fetch, pages, dropped)
    raw.complete(fetched)
    return fetched


def _all_pages(
    raw: RawBatch, api: XApi, fetch: Fetch, interval: Interval, page_size: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The stored pages, and those that were paid for and dropped for them."""
    pages = raw.pages()
    dropped: list[dict[str, Any]] = []
    resumed = bool(pages)
    while not pages or _next_token(pages[-1]):
        token = _next_token(pages[-1]) if pages else None
        try:
            body = _page(api, fetch, interval, page_size, token)
        except BadRequest:
            if not resumed:
                raise
            # A stored token that X no longer takes would bar the account for ever. But what is
            # stored was paid for: it goes once X has sent something in its place.
            log.warning("X does not go on from the stored pages of %s; anew", fetch.account)
            resumed = False
            body = _page(api, fetch, interval, page_size, None)
            page = read_answer(body)
            raw.drop_pages()
            # A later attempt does not know of them: they count if this one is the last.
            dropped, pages = pages, []
        else:
            page = read_answer(body)
        raw.add_page(body)
        pages.append(page)
        log.info("%s: page %d stored", fetch.account, len(pages))
    return pages, dropped


def _page(api: XApi, fetch: Fetch, interval: Interval, page_size: int, token: str | None) -> bytes:
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


def _next_token(page: dict[str, Any]) -> str | None:
    token = page.get("meta", {}).get("next_token")
    return str(token) if token else None


def _summary(
    fetch: Fetch, pages: Sequence[dict[str, Any]], dropped: Sequence[dict[str, Any]]
) -> Fetched:
    outcome: Outcome | Literal["fetched"]
    paid = [*pages, *dropped]
    if fetch.unreadable is not None:
        outcome, detail = fetch.unreadable, fetch.detail
    elif any(page.get("data") for page in pages):
        outcome, detail = "fetched", ""
    else:
        # What a search says of users is not about whom it was asked for.
        outcome = (_refusal(pages) if fetch.user_id else None) or Outcome.EMPTY
        detail = EXPLANATIONS.get(outcome, "No posts in this interval.")
    return Fetched(
        account=fetch.account,
        outcome=outcome,
        detail=detail,
        author_id=fetch.user_id,
        pages=len(pages),
        posts_returned=sum(
            len(page.get("data", [])) + _included(page, ("tweets", "posts")) for page in paid
        ),
        users_returned=sum(_included(page, ("users",)) for page in paid),
        requests=len(paid),
    )


def _refusal(pages: Iterable[dict[str, Any]]) -> Outcome | None:
    """Why a timeline shows nothing, where X said so; the lookup just before did show the user."""
    for page in pages:
        for error in page.get("errors", []):
            outcome = account_outcome(error)
            if outcome is Outcome.NOT_FOUND:
                return Outcome.DELETED
            if outcome is not None:
                return outcome
    return None


def _included(page: dict[str, Any], names: Sequence[str]) -> int:
    return sum(len(page.get("includes", {}).get(name, [])) for name in names)
