"""Who lives in the sandbox: the accounts, and what is the matter with each of them."""

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an account's timeline looks like."""

    ORDINARY = "ordinary"
    LOAD = "load"
    POLYGLOT = "polyglot"
    LONGFORM = "longform"
    RELAY = "relay"
    WITHHELD = "withheld"
    FAULTY = "faulty"
    DRIFTING = "drifting"
    QUIET = "quiet"
    SUSPENDED = "suspended"
    PROTECTED = "protected"
    DELETED = "deleted"
    MISSPELT = "misspelt"


class Vocabulary(StrEnum):
    """The two vocabularies that X speaks: tweet/retweet or post/repost."""

    CLASSIC = "classic"
    NEW = "new"


class Standing(StrEnum):
    """What X shows of an account."""

    OPEN = "open"
    PROTECTED = "protected"
    SUSPENDED = "suspended"
    DELETED = "deleted"
    UNKNOWN = "unknown"


GONE = {Standing.SUSPENDED, Standing.DELETED, Standing.UNKNOWN}
_STANDINGS = {
    Kind.PROTECTED: Standing.PROTECTED,
    Kind.SUSPENDED: Standing.SUSPENDED,
    Kind.DELETED: Standing.DELETED,
    Kind.MISSPELT: Standing.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `code` is a number of at most 14 bits that its ids are made from."""

    username: str
    kind: Kind
    code: int
    posts_per_hour: float
    about: str
    vocabulary: Vocabulary = Vocabulary.CLASSIC
    topic: str = "harbour"
    lang: str = "en"

    @property
    def user_id(self) -> str:
        """Ten digits for odd codes, nineteen for even ones: both exist on X."""
        if self.code % 2:
            return str(_SHORT_BASE + self.code * _SHORT_STEP)
        return str(_LONG_BASE + self.code * _LONG_STEP)

    @property
    def standing(self) -> Standing:
        """How the account stands in a world to which nothing has happened (fates.py)."""
        return _STANDINGS.get(self.kind, Standing.OPEN)

    @property
    def name(self) -> str:
        """The display name, made from the username."""
        return self.username.replace("_", " ").title()


_SHORT_BASE, _SHORT_STEP = 2_014_000_000, 7_919
_LONG_BASE, _LONG_STEP = 1_204_000_000_000_000_000, 1_000_003_000_019
_LOAD_BASE, _EXTRA_BASE, _CODES = 64, 10_100, 1 << 14
_LOAD_NAME = re.compile(r"load_(\d{4})")
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")

_NEW = Vocabulary.NEW

CAST: tuple[Account, ...] = (
    Account("harbour_news", Kind.ORDINARY, 1, 12, "busy and in good order", topic="harbour"),
    Account("orbit_observer", Kind.ORDINARY, 2, 3, "in good order", _NEW, "orbit"),
    Account("city_weather", Kind.ORDINARY, 3, 6, "in good order", topic="weather"),
    Account("old_maps_daily", Kind.ORDINARY, 4, 0.5, "few posts, in good order", topic="maps"),
    Account("rail_updates", Kind.ORDINARY, 5, 8, "in good order", _NEW, "rail"),
    Account("open_data_desk", Kind.ORDINARY, 6, 2, "in good order", topic="data"),
    Account(
        "polyglot_feed",
        Kind.POLYGLOT,
        7,
        4,
        "good posts with nasty texts: line breaks, ZWJ emoji, right-to-left, bidi controls, "
        "formulas, markup, over 280 code points",
        topic="data",
    ),
    Account(
        "longform_notes",
        Kind.LONGFORM,
        8,
        2,
        "long posts with note_tweet, edit chains, an edit history of one empty string",
        _NEW,
        "maps",
    ),
    Account(
        "repost_relay",
        Kind.RELAY,
        9,
        6,
        "reposts cut at 140, quotes, replies, posts that are both, referenced posts missing",
    ),
    Account(
        "withheld_desk",
        Kind.WITHHELD,
        10,
        2,
        "every post carries the same replacement text; field authorization errors",
    ),
    Account("quiet_archive", Kind.QUIET, 11, 0, "exists and never posts"),
    Account("shuttered_shop", Kind.SUSPENDED, 12, 0, "suspended"),
    Account("members_circle", Kind.PROTECTED, 13, 3, "protected: the user is seen, posts are not"),
    Account("former_gazette", Kind.DELETED, 14, 0, "deleted"),
    Account("harbor_newz", Kind.MISSPELT, 15, 0, "never existed: a misspelt harbour_news"),
    Account(
        "faulty_feed",
        Kind.FAULTY,
        16,
        5,
        "20 posts in four hours, most of them malformed, each in its own way (malformed.py)",
        topic="rail",
    ),
    Account(
        "drifting_feed",
        Kind.DRIFTING,
        17,
        4,
        "no post has public_metrics or lang, as if the API had changed",
        topic="weather",
    ),
)


class Directory:
    """The accounts of one sandbox: the cast, `load_0000` to `load_9999`, and extra names."""

    def __init__(self, extra_usernames: Iterable[str] = ()) -> None:
        """Raise ValueError for an extra username that X would not allow."""
        self._by_code = {account.code: account for account in CAST}
        self._by_name = {account.username.lower(): account for account in CAST}
        for username in sorted(set(extra_usernames)):
            if self.by_username(username) is None:
                self._add(username)

    def _add(self, username: str) -> None:
        if not _USERNAME.fullmatch(username):
            msg = f"extra username {username!r}: 1 to 15 letters, digits or underscores, please"
            raise ValueError(msg)
        room = _CODES - _EXTRA_BASE
        start = zlib.crc32(username.lower().encode()) % room
        code = next(
            code
            for code in (_EXTRA_BASE + (start + step) % room for step in range(room))
            if code not in self._by_code
        )
        account = Account(username, Kind.ORDINARY, code, 2, "an extra account, in good order")
        self._by_code[code] = self._by_name[username.lower()] = account

    def searchable(self) -> list[Account]:
        """Return the cast and the extra accounts: a search without `from:` looks through these."""
        accounts = (self._by_code[code] for code in sorted(self._by_code))
        return [account for account in accounts if account.kind is not Kind.LOAD]

    def by_username(self, username: str) -> Account | None:
        """Look a username up as X does, in any case; None when nobody ever had it."""
        account = self._by_name.get(username.lower())
        if account is None and (match := _LOAD_NAME.fullmatch(username.lower())):
            account = self._load(int(match[1]))
        return account

    def by_code(self, code: int) -> Account | None:
        """Return the account whose ids carry this code."""
        account = self._by_code.get(code)
        if account is None and _LOAD_BASE <= code < _EXTRA_BASE:
            account = self._load(code - _LOAD_BASE)
        return account

    def by_id(self, user_id: str) -> Account | None:
        """Return the account that has, or had, this user id."""
        for base, step in ((_LONG_BASE, _LONG_STEP), (_SHORT_BASE, _SHORT_STEP)):
            code, rest = divmod(int(user_id) - base, step)
            if rest == 0 and 0 < code < _CODES:
                account = self.by_code(code)
                return account if account and account.user_id == user_id else None
        return None

    def _load(self, number: int) -> Account:
        code = _LOAD_BASE + number
        account = Account(f"load_{number:04d}", Kind.LOAD, code, 1.25, "five posts in four hours")
        self._by_code[code] = self._by_name[account.username] = account
        return account


def demo_accounts() -> list[dict[str, Any]]:
    """Return the accounts configuration of the demo: the whole cast, two of them filtered."""
    options: dict[str, dict[str, Any]] = {
        "repost_relay": {"exclude": ["replies", "retweets"]},
        "open_data_desk": {"keywords": ["dataset", "open licence"]},
    }
    return [{"username": a.username, **options.get(a.username, {})} for a in CAST]
