"""Looking accounts up at X: who exists, who can be read, and what an earlier run knew of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from include.accounts import Account
from include.foreign_json import parse
from include.interval import Interval
from include.lake import Lake, answered_at, day_prefix, unpacked
from include.outcomes import Outcome
from include.spending.purse import Spent
from include.x_api.answer import read_users
from include.x_api.errors import XUnavailable
from include.x_api.problems import account_outcome, said_of

if TYPE_CHECKING:
    from include.x_api.client import XApi  # tweepy is slow to import

log = logging.getLogger(__name__)

USERS_A_LOOKUP = 100
KNOWN_PREFIX = "raw/accounts/known/"

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
    Outcome.FAILED: (
        "X does not show the account, for a reason that is not known here: its answer is in "
        "raw/accounts/. Clear 'plan' and what follows it to ask again."
    ),
}


def lookup_prefix(interval: Interval) -> str:
    """Where the answers of the user lookup lie, verbatim."""
    return f"{day_prefix('raw', 'accounts', interval.day)}{interval.name}/"


def known_key(account: str) -> str:
    """Object that remembers that X has shown this account once."""
    return f"{KNOWN_PREFIX}{account}.json"


def known_accounts(lake: Lake) -> set[str]:
    """Names of the accounts that X has shown once."""
    return {key.removesuffix(".json").rpartition("/")[2] for key in lake.keys(KNOWN_PREFIX)}


def look_up(
    lake: Lake, api: XApi, accounts: Sequence[Account], interval: Interval
) -> tuple[dict[str, dict[str, Any]], dict[str, Outcome]]:
    """Users and refusals by account name; stored answers first, then X, 100 names a call.

    An account that X does not know counts as deleted where an earlier run has seen it.
    """
    users, refusals = _answers(lake, api, accounts, interval)
    known = known_accounts(lake)
    for account in accounts:
        if account.name in users and account.name not in known:
            lake.put_json(
                known_key(account.name),
                {"user_id": users[account.name]["id"], "first_seen": interval.name},
            )
    for name, refusal in refusals.items():
        if refusal is Outcome.NOT_FOUND and name in known:
            refusals[name] = Outcome.DELETED
    return users, refusals


def to_look_up(lake: Lake, accounts: Sequence[Account], interval: Interval) -> set[str]:
    """Names of the accounts of which no stored answer of the interval tells."""
    users, refusals, _ = _stored(lake, interval)
    return {account.name for account in accounts} - _settled(users, refusals)


def spent_on_lookups(lake: Lake, interval: Interval) -> dict[date, Spent]:
    """Users that X returned to the interval's lookups, by the UTC day of its clock."""
    spent: dict[date, Spent] = {}
    for key in lake.keys(f"{lookup_prefix(interval)}lookup-"):
        packed = lake.get(key)
        day = (answered_at(packed) or interval.end).date()
        users = read_users(unpacked(packed)).get("data", [])
        names = tuple(user["username"].lower() for user in users)
        spent[day] = spent.get(day, Spent()) + Spent(users=names)
    return spent


def _answers(
    lake: Lake, api: XApi, accounts: Sequence[Account], interval: Interval
) -> tuple[dict[str, dict[str, Any]], dict[str, Outcome]]:
    prefix = lookup_prefix(interval)
    users, refusals, lookups = _stored(lake, interval)
    settled = _settled(users, refusals)
    missing = [a for a in accounts if a.name not in settled]
    for number, first in enumerate(range(0, len(missing), USERS_A_LOOKUP), start=lookups):
        asked = missing[first : first + USERS_A_LOOKUP]
        answer = api.users_by([a.username for a in asked])
        content = read_users(answer.body)
        _check_meaning(content, {a.name for a in asked})
        lake.put_page(f"{prefix}lookup-{number:04d}.json.gz", answer.body, answer.at)
        _read(content, users, refusals)
        unanswered = [a.name for a in asked if a.name not in users and a.name not in refusals]
        if any(_name(error) is None for error in content.get("errors", [])):
            refusals.update(dict.fromkeys(unanswered, Outcome.FAILED))
        elif unanswered:
            # X left them out without a word: its answer alone can't tell that they were asked.
            note = json.dumps({"unanswered": unanswered}).encode()
            lake.put_page(f"{prefix}unanswered-{number:04d}.json.gz", note)
            refusals.update(dict.fromkeys(unanswered, Outcome.NOT_FOUND))
    return users, refusals


def _stored(
    lake: Lake, interval: Interval
) -> tuple[dict[str, dict[str, Any]], dict[str, Outcome], int]:
    """What the stored answers tell, and how many there are."""
    users: dict[str, dict[str, Any]] = {}
    refusals: dict[str, Outcome] = {}
    prefix = lookup_prefix(interval)
    lookups = 0
    for key in lake.keys(prefix):
        if key.startswith(f"{prefix}unanswered-"):
            names = parse(lake.get_page(key))["unanswered"]
            refusals.update(dict.fromkeys(names, Outcome.NOT_FOUND))
        else:
            _read(read_users(lake.get_page(key)), users, refusals)
            lookups += 1
    return users, refusals, lookups


def _settled(users: dict[str, dict[str, Any]], refusals: dict[str, Outcome]) -> set[str]:
    """Those who need not be asked for again."""
    return users.keys() | {name for name, why in refusals.items() if why is not Outcome.FAILED}


def _read(
    answer: dict[str, Any], users: dict[str, dict[str, Any]], refusals: dict[str, Outcome]
) -> None:
    users.update({user["username"].lower(): user for user in answer.get("data", [])})
    for error in answer.get("errors", []):
        name = _name(error)
        if name is not None and name not in users:
            refusals[name] = account_outcome(error) or Outcome.FAILED
            if refusals[name] is Outcome.FAILED:
                log.warning("X does not show %s: %s", name, said_of(error))


def _name(error: Any) -> str | None:
    """The account that an item of ``errors`` is about; None if it does not tell."""
    value = error.get("value", error.get("resource_id")) if isinstance(error, dict) else None
    return None if value is None else str(value).lower()


def _check_meaning(answer: dict[str, Any], asked: set[str]) -> None:
    """Let an answer that speaks of nobody not pass for one that found nobody."""
    errors = answer.get("errors", [])
    if not answer.get("data") and not asked & {_name(error) for error in errors}:
        said = said_of(errors[0]) if errors else "neither data nor errors"
        raise XUnavailable(f"X said nothing of any of the {len(asked)} accounts asked for: {said}")
