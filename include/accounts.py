"""The configured accounts and searches: what is fetched of whom."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from include.errors import BadConfiguration
from include.interval import Interval
from include.x_api.search_query import check_query

_PLAIN_WORD = re.compile(r"(?!(and|or)$)[#@$]?\w+", re.IGNORECASE)
"""What X takes for one word and not for a phrase or a part of its language."""
SEARCH_KIND = {"replies": "reply", "retweets": "retweet"}


class _Source(BaseModel):
    """Somewhere that posts come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    start_date: Annotated[date, Field(strict=False)] = date(2022, 1, 1)
    """UTC date before which nothing is fetched."""

    @property
    def start(self) -> datetime:
        """First instant that is fetched."""
        return datetime.combine(self.start_date, datetime.min.time(), UTC)


class Account(_Source):
    """One account to follow."""

    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,15}$")]
    """Handle without @."""
    exclude: tuple[Literal["replies", "retweets"], ...] = ()
    """Kinds of posts that X leaves out."""
    keywords: tuple[Annotated[str, StringConstraints(min_length=1, pattern=r'^[^"]+$')], ...] = ()
    """Only posts with one of these words or phrases; fetched through search."""

    @property
    def name(self) -> str:
        """The account's name in keys and reports: usernames differ in case only by display."""
        return self.username.lower()

    @property
    def query(self) -> str | None:
        """The search query for an account with keywords; None where the timeline is read."""
        if not self.keywords:
            return None
        words = " OR ".join(
            word if _PLAIN_WORD.fullmatch(word) else f'"{word}"' for word in self.keywords
        )
        return self._query(f"({words})")

    @property
    def all_posts_query(self) -> str:
        """The search query for what its timeline shows."""
        return self._query()

    def _query(self, *parts: str) -> str:
        left_out = [f"-is:{SEARCH_KIND[kind]}" for kind in self.exclude]
        return " ".join([f"from:{self.username}", *parts, *left_out])


class Search(_Source):
    """What a query finds, collected as if it were an account."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
    """Its name in keys, reports and mails."""
    query: str
    """In X's search language."""


def begun(accounts: Iterable[Account | Search], interval: Interval) -> list[Account | Search]:
    """The enabled ones that are to be fetched over the interval."""
    return [a for a in accounts if a.enabled and a.start < interval.end]


def load_json(text: str) -> Any:
    """JSON, where a key that stands twice in one object is a ValueError."""
    return json.loads(text, object_pairs_hook=_object)


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, times in Counter(name for name, _ in members).items():
        if times > 1:
            raise ValueError(f"the key {name!r} stands {times} times in one object")
    return dict(members)


class _StrictLoader(yaml.SafeLoader):
    """YAML, where a key that stands twice in one mapping is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        keys = Counter((key.tag, key.value) for key, _ in node.value)
        for (_, name), times in keys.items():
            if times > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} stands {times} times", node.start_mark
                )
        return mapping


def load_yaml(text: str) -> Any:
    """YAML of plain values, strict about keys as :func:`load_json` is."""
    return yaml.load(text, _StrictLoader)  # noqa: S506 - it is a SafeLoader


def parse_accounts(
    text: str, source: str, *, loads: Callable[[str], Any] = load_yaml
) -> list[Account | Search]:
    """Read accounts and searches: a list of objects, at least one of them enabled.

    Args:
        text: the file's or Variable's text.
        source: how the error calls it.
        loads: what reads the text; YAML takes most JSON, but no tabs.

    Raises:
        BadConfiguration: names the source, the entry and the field.
    """
    try:
        entries = loads(text)
    except (yaml.YAMLError, ValueError) as error:
        raise BadConfiguration(
            f"{source} can't be read as {'JSON' if loads is load_json else 'YAML'}: {error}"
        ) from error
    if not isinstance(entries, list) or not entries:
        raise BadConfiguration(
            f"{source} must be a list with at least one account, like [{{username: nasa}}]"
        )
    accounts = [_account(entry, number, source) for number, entry in enumerate(entries, start=1)]
    for name, times in Counter(account.name for account in accounts).items():
        if times > 1:
            raise BadConfiguration(
                f"{source}: {name!r} is listed {times} times; keep one entry "
                "(X does not tell upper from lower case)"
            )
    if not any(account.enabled for account in accounts):
        raise BadConfiguration(f"{source}: no account is enabled; enable at least one")
    return accounts


def _account(entry: Any, number: int, source: str) -> Account | Search:
    if not isinstance(entry, dict):
        raise BadConfiguration(
            f"{source}, entry {number} is {entry!r}; write an object like {{username: nasa}}"
        )
    kind = Search if "query" in entry else Account
    named = (
        f"{source}, entry {number} ({entry.get('username', entry.get('name', 'no username'))!r})"
    )
    try:
        account = kind.model_validate(entry)
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(str(part) for part in fault["loc"])
        remedy = (
            f" (known fields: {', '.join(kind.model_fields)})"
            if fault["type"] == "extra_forbidden"
            else ""
        )
        raise BadConfiguration(f"{named}, field {field!r}: {fault['msg']}{remedy}") from error
    if account.query is not None:
        try:
            check_query(account.query)
        except ValueError as error:
            field = "query" if kind is Search else "keywords"
            raise BadConfiguration(f"{named}, field {field!r}: {error}") from error
    return account
