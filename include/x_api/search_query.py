"""X's search language, as far as a mistake in a query can be told before X is asked.

Source: https://docs.x.com/x-api/posts/search/integrate/build-a-query and ``…/operators``.
"""

from __future__ import annotations

import difflib
import re

LONGEST = 512
"""Characters of a recent search; the archive takes twice as many, but a run may need either."""

_STANDALONE = {
    "bounding_box",
    "context",
    "conversation_id",
    "entity",
    "from",
    "in_reply_to_tweet_id",
    "list",
    "place",
    "place_country",
    "point_radius",
    "quotes_of_tweet_id",
    "retweets_of",
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
    "mentions",
    "video_link",
    "videos",
}
_ONLY_WITH_OTHERS = {f"is:{kind}" for kind in _IS} | {f"has:{kind}" for kind in _HAS} | {"lang"}
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
    """Find what X would refuse.

    Raises:
        ValueError: says what is wrong and what to write instead.
    """
    if len(query) > LONGEST:
        raise ValueError(f"the query is {len(query)} characters long, X takes {LONGEST}")
    depth, before, stands_alone = 0, "(", False
    for part in [*_PART.findall(query), _END]:
        if part in {")", "OR", _END} and before in {"(", "-(", "OR"}:
            raise ValueError("a term is missing beside OR, or between parentheses")
        if part in {"(", "-("}:
            depth += 1
        elif part == ")":
            depth -= 1
        elif part not in {"OR", _END}:
            stands_alone |= _is_standalone(part)
        if depth < 0 or (part == _END and depth):
            raise ValueError("opening and closing parentheses do not match")
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
    name = operator[1] if operator[1] not in {"is", "has"} else term
    if name not in _OPERATORS:
        close = difflib.get_close_matches(name, _OPERATORS, n=1)
        meant = f"; did you mean {close[0]!r}?" if close else "."
        raise ValueError(
            f'X\'s search has no operator {name!r}{meant} A text with a colon is written "{term}"'
        )
    if not operator[2].strip('"'):
        raise ValueError(f"the operator {term!r} has no value")
    return part == term and name in _STANDALONE
