"""The part of X's search language that the sandbox understands.

Words and "quoted phrases" beside each other are AND, OR is OR (binding weaker), parentheses group,
a minus negates; `from:`, `is:retweet`, `is:reply`, `is:quote`, `has:media`, `has:links`, `lang:`.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.posts import Post

Predicate = Callable[[Post], bool]
_TOKEN = re.compile(r'\s*(-?"[^"]*"|-?\(|\)|[^\s()"]+)')
_REFERENCES = {"retweet": "retweeted", "reply": "replied_to", "quote": "quoted"}
_WORD = re.compile(r"\w+")


class QueryError(ValueError):
    """A query that X would answer with 400; the message says why."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: which posts match, and whose they can be (usernames; None: anybody's)."""

    matches: Predicate
    usernames: frozenset[str] | None = None


@dataclass
class _Parser:
    terms_left: list[str]
    standalone: bool = False

    def any_of(self) -> Query:
        branches = [self.all_of()]
        while self.terms_left and self.terms_left[0] == "OR":
            self.terms_left.pop(0)
            branches.append(self.all_of())
        named = [branch.usernames for branch in branches if branch.usernames is not None]
        usernames = frozenset[str]().union(*named) if len(named) == len(branches) else None
        return Query(lambda post: any(branch.matches(post) for branch in branches), usernames)

    def all_of(self) -> Query:
        terms = []
        while self.terms_left and self.terms_left[0] not in {")", "OR"}:
            terms.append(self.term(self.terms_left.pop(0)))
        if not terms:
            msg = "a term is missing beside OR or between parentheses"
            raise QueryError(msg)
        named = [term.usernames for term in terms if term.usernames is not None]
        usernames = frozenset.intersection(*named) if named else None
        return Query(lambda post: all(term.matches(post) for term in terms), usernames)

    def term(self, text: str) -> Query:
        negated = text.startswith("-")
        text = text.removeprefix("-")
        if text == "(":
            positive = self.any_of()
            if not self.terms_left or self.terms_left.pop(0) != ")":
                msg = "a parenthesis is not closed"
                raise QueryError(msg)
        else:
            positive = self.atom(text, negated=negated)
        return Query(lambda post: not positive.matches(post)) if negated else positive

    def atom(self, text: str, *, negated: bool) -> Query:
        name, colon, value = text.partition(":")
        if not colon or text.startswith('"'):
            self.standalone |= not negated
            return Query(_phrase(text.strip('"')))
        predicate = _operator(name, value)
        if name != "from":
            return Query(predicate)
        self.standalone |= not negated
        return Query(predicate, frozenset({value.lower()}))


def _phrase(phrase: str) -> Predicate:
    wanted = _WORD.findall(phrase.lower())
    if not wanted:
        msg = f"nothing to look for in {phrase!r}"
        raise QueryError(msg)

    def matches(post: Post) -> bool:
        note = post.body.get("note_tweet", {})
        text = html.unescape(note.get("text") or post.body["text"]).lower()
        words = _WORD.findall(text)
        size = len(wanted)
        return any(words[i : i + size] == wanted for i in range(len(words) - size + 1))

    return matches


def _operator(name: str, value: str) -> Predicate:
    match name, value:
        case "from", username if username:
            return lambda post: post.account.username.lower() == username.lower()
        case "is", kind if kind in _REFERENCES:
            return lambda post: _REFERENCES[kind] in post.reference_kinds
        case "has", "media":
            return lambda post: "media_keys" in post.body.get("attachments", {})
        case "has", "links":
            return lambda post: "urls" in post.body.get("entities", {})
        case "lang", lang if lang:
            return lambda post: post.body.get("lang") == lang
    msg = f"Reference to invalid operator '{name}:{value}'"
    raise QueryError(msg)


def parse(query: str) -> Query:
    """Parse a query; raise QueryError where X would refuse it."""
    tokens, position = [], 0
    while query[position:].strip():
        match = _TOKEN.match(query, position)
        if match is None:
            msg = f"cannot read the query at position {position}: {query[position:]!r}"
            raise QueryError(msg)
        tokens.append(match[1])
        position = match.end()
    parser = _Parser(tokens)
    whole = parser.any_of()
    if parser.terms_left:
        msg = f"unexpected {parser.terms_left[0]!r}"
        raise QueryError(msg)
    if not parser.standalone:
        msg = "a query needs at least one standalone operator that is not negated"
        raise QueryError(msg)
    return whole
