"""A suite's text with proposals in it, all else as people wrote it; and the difference."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from json.decoder import JSONDecoder

from include.suites.proposals import Proposal

_LIST = re.compile(r'"expectations"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def with_proposals(text: str, proposals: Sequence[Proposal]) -> str:
    """The suite's text with every proposal in its place; nothing else changes.

    Args:
        text: JSON of a suite that loads.
        proposals: of that suite.
    """
    entries = list(_entries(text))
    places = {json.loads(text[start:end])["meta"]["key"]: (start, end) for start, end in entries}
    changed = {each.key: each for each in proposals if each.entry is None}
    parts, at = [], 0
    for key, (start, end) in places.items():
        parts += [text[at:start], _changed(text[start:end], changed.get(key))]
        at = end
        last = key == list(places)[-1]
        for each in proposals:
            if each.entry is not None and (each.after == key or (last and each.after is None)):
                parts.append(f",\n{_shown(each.entry)}")
    return "".join([*parts, text[at:]])


def difference(name: str, old: str, new: str) -> str:
    """What ``git apply`` and ``patch -p1`` take; empty if there is none."""
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{name}", f"b/{name}")
    ended = (
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    return "".join(ended)


def _lines(text: str) -> list[str]:
    # Not splitlines(): a note may hold other characters that it takes for a line's end.
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _entries(text: str) -> Iterator[tuple[int, int]]:
    """Where each expectation begins and ends."""
    found = _LIST.search(text)
    if found is None:
        raise ValueError("a suite without a list of expectations can't have been loaded")
    at = _after_space(text, found.end())
    while text[at] == "{":
        _, end = JSONDecoder().raw_decode(text, at)
        yield at, end
        at = _after_space(text, end)


def _after_space(text: str, at: int) -> int:
    space = _BETWEEN.match(text, at)
    return at if space is None else space.end()


def _changed(entry: str, proposal: Proposal | None) -> str:
    for argument, (old, new) in proposal.bounds.items() if proposal else ():
        entry = re.sub(rf'("{argument}"\s*:\s*)[-+.\deE]+', rf"\g<1>{new}", entry, count=1)
        # The note says the bound as well: "at most 4,000 code points".
        said = (
            rf'("notes"\s*:\s*"(?:[^"\\]|\\.)*?)(?<![\d.,]){re.escape(f"{old:,}")}(?![\d]|[.,]\d)'
        )
        entry = re.sub(said, rf"\g<1>{new:,}", entry, count=1)
    return entry


def _shown(entry: dict[str, object]) -> str:
    """A new expectation as the suites are written: what is short in one line."""
    lines = json.dumps(entry, ensure_ascii=False, indent=2)
    short = re.sub(r'"meta": \{\s*("key": "\w+")\s*\}', r'"meta": {\1}', lines)
    return "\n".join(f"    {line}" for line in short.split("\n"))
