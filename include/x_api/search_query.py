"""X's search language, as far as a mistake in a query can be told without asking X.

Source: https://docs.x.com/x-api/posts/search/integrate/build-a-query and ``…/operators``.
"""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta

from include.interval import Interval

RECENT_SEARCH_DAYS = 7
LONGEST = 512
"""Characters of a recent search; the archive takes twice as many, but a run may need either."""

_STANDALONE = {
    "bounding_box",
    "context",
    "conversation_id",
    "entity",
    "from",
    "geo_bounding_box",
    "in_reply_to_status_id",
    "in_reply_to_tweet_id",
    "list",
    "place",
    "place_country",
    "point_radius",
    "quotes_of_status_id",
    "quotes_of_tweet_id",
    "retweets_of",
    "retweets_of_status_id",
    "retweets_of_tweet_id",
    "to",
    "url",
}
_IS = {"nullcast", "quote", "reply", "retweet", "verified"}
_HAS = {
    "cashtags",
    "geo",
    "hashtags",
    "images",
    "links",
    "media",
    "media_link",
    "mentions",
    "video_link",
    "videos",
}
_ONLY_WITH_OTHERS = {f"is:{kind}" for kind in _IS} | {f"has:{kind}" for kind in _HAS} | {"lang"}
_SCHEMES = {"http", "https"}
_OPERATORS = _STANDALONE | _ONLY_WITH_OTHERS

_PART = re.compile(
    r"""
      -?\( | \)              # a group
    | -?\w+:"[^"]*"          # an operator with a phrase
    | -?"[^"]*"              # a phrase
    | "                      # a quotation mark without its second
    | [^\s()"]+              # a word or an operator
    """,
    re.VERBOSE,
)
_END = ""
_OPERATOR = re.compile(r"([A-Za-z_]+):(.*)", re.DOTALL)


def check_query(query: str) -> None:
    """Find what X is known to refuse; an operator like no known one is left to X.

    Raises:
        ValueError: says what is wrong and what to write instead.
    """
    if len(query) > LONGEST:
        raise ValueError(f"the query is {len(query)} characters long, X takes {LONGEST}")
    open_groups: list[str] = []
    before, stands_alone = "(", False
    for part in [*_PART.findall(query), _END]:
        if part in {")", "OR", _END} and before in {"(", "-(", "OR"}:
            raise ValueError("a term is missing beside OR, or between parentheses")
        if (part == ")" and not open_groups) or (part == _END and open_groups):
            raise ValueError("opening and closing parentheses do not match")
        if part in {"(", "-("}:
            open_groups.append(part)
        elif part == ")":
            open_groups.pop()
        elif part not in {"OR", _END}:
            stands_alone |= _is_standalone(part) and "-(" not in open_groups
        before = part
    if not stands_alone:
        raise ValueError(
            "X wants at least one term that stands alone and is not negated: a word, a phrase, "
            "a hashtag, from: and the like; is:, has: and lang: only narrow it"
        )


def _is_standalone(part: str) -> bool:
    """Whether a sound term may be a query of its own."""
    if part == '"':
        raise ValueError("a quotation mark has no second one")
    term = part.removeprefix("-")
    if term.lower() in {"and", "or"}:
        raise ValueError(
            f"{term!r} is ambiguous to X: a space means AND, OR is written in capitals, and the "
            f'word itself is written "{term.lower()}"'
        )
    operator = None if term.startswith('"') else _OPERATOR.fullmatch(term)
    if operator is None:
        return part == term
    name, value = operator[1], operator[2].strip('"')
    if not value:
        raise ValueError(f"the operator {term!r} has no value")
    if name in {"is", "has"}:
        name = f"{name}:{value}"
    if name == "is:nullcast" and part == term:
        raise ValueError("X takes is:nullcast only as -is:nullcast")
    close = difflib.get_close_matches(name, _OPERATORS, n=1)
    if name not in _OPERATORS and (close or name in _SCHEMES):
        meant = f"; did you mean {close[0]!r}" if close else ""
        raise ValueError(
            f"X's search has no operator {name!r}{meant}? A text with a colon is written in "
            "quotation marks"
        )
    return part == term and name not in _ONLY_WITH_OTHERS


def needs_archive(interval: Interval) -> bool:
    """Whether a search over the interval must go to the full archive, which has no reposts."""
    # An hour's margin: the horizon moves while pages are fetched.
    horizon = datetime.now(UTC) - timedelta(days=RECENT_SEARCH_DAYS) + timedelta(hours=1)
    return interval.start < horizon
