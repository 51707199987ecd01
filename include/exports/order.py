"""What somebody wants exported, checked as far as that goes without the warehouse."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from include.arguments import parse_day
from include.errors import BadConfiguration
from include.exports.formats import FORMATS, Format
from include.exports.relations import POSTS, RELATIONS, SINCE, UNTIL, Relation, relation_named


@dataclass(frozen=True, slots=True)
class Order:
    """Rows and columns of one relation, in one format."""

    relation: Relation
    columns: tuple[str, ...]
    account: str | None
    since: date | None
    until: date | None
    """The last day, itself included."""
    format: Format

    @property
    def file_name(self) -> str:
        """``tweets_latest-nasa-since-2026-11-01.csv``: what it is of, if nobody names it."""
        parts = [self.relation.name]
        parts += [re.sub(r"[^\w-]", "_", self.account)] if self.account else []
        parts += [f"since-{self.since}"] if self.since else []
        parts += [f"until-{self.until}"] if self.until else []
        return f"{'-'.join(parts)}.{self.format.name}"

    @property
    def bounds(self) -> tuple[str, ...]:
        """Which of ``SINCE`` and ``UNTIL`` are asked for."""
        given = {SINCE: self.since, UNTIL: self.until}
        return tuple(bound for bound, day in given.items() if day is not None)

    def __str__(self) -> str:
        words = self.relation.name
        words += f" of {self.account}" if self.account else ""
        words += f" since {self.since}" if self.since else ""
        return words + (f" until {self.until}" if self.until else "")


def parse_order(
    relation: str,
    *,
    columns: Sequence[str] = (),
    account: str | None = None,
    since: str | None = None,
    until: str | None = None,
    format_name: str = "csv",
) -> Order:
    """An order that the warehouse may be asked for.

    Args:
        relation: a table or view, or ``posts``.
        columns: all if none is named.
        account: a username, with or without @, or a search of the lake.
        since: first UTC day, like ``2026-11-01``.
        until: last UTC day.
        format_name: a key of ``FORMATS``.

    Raises:
        BadConfiguration: names what can't be, and what can.
    """
    found = relation_named(relation)
    if found is None:
        raise _unknown("table or view", relation, [POSTS, *RELATIONS])
    for number, name in enumerate(columns):
        if name not in found.columns:
            raise _unknown(f"column of {found.name}", name, [*found.columns])
        if name in columns[:number]:
            raise BadConfiguration(f"column '{name}' is asked for twice; name it once")
    if format_name not in FORMATS:
        raise _unknown("format", format_name, [*FORMATS])
    order = Order(
        relation=found,
        columns=tuple(columns) or tuple(found.columns),
        account=None if account is None else _parse_account(account),
        since=parse_day(since) if since else None,
        until=parse_day(until) if until else None,
        format=FORMATS[format_name],
    )
    if order.since and order.until and order.since > order.until:
        raise BadConfiguration(
            f"since {order.since} is after until {order.until}: no day is left; swap them"
        )
    if order.bounds and not found.on_days(order.bounds):
        raise BadConfiguration(f"{found.name} has no day; leave since and until out")
    if order.account and found.of_author() is None:
        raise BadConfiguration(f"{found.name} tells nothing of accounts; leave the account out")
    order.format.check()
    return order


def _parse_account(given: str) -> str:
    account = given.strip().removeprefix("@")
    if not account:
        raise BadConfiguration("the account is empty; name one, or leave it out for all")
    try:
        is_text = b"\0" not in account.encode()
    except UnicodeEncodeError:
        is_text = False
    if not is_text:
        raise BadConfiguration(f"no account can be called {account!r}: write a username in UTF-8")
    return account


def _unknown(what: str, name: str, known: list[str]) -> BadConfiguration:
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return BadConfiguration(f"there is no {what} '{name}'{hint} There are {', '.join(known)}")
