"""Fields that X sends and nobody here knows of: kept in raw, counted, and told once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from include.lake import Lake
from include.raw import StoredPage
from include.x_api.known_fields import KNOWN, Known

TOLD_KEY = "raw/drift/told.json"
"""Every unknown field that was ever seen, and the run whose report tells of it."""
_INCLUDED = {
    "media": "media",
    "places": "place",
    "polls": "poll",
    "posts": "post",
    "tweets": "post",
    "users": "user",
}
_OF_A_MARK = {"forgotten", "id", "username"}
"""What the lake puts in the place of an item that had to go has no other members."""
_MOST_CHARACTERS = 60
_MOST_TOLD = 20


def unknown_fields(pages: Iterable[StoredPage], kind: Literal["posts", "users"]) -> dict[str, int]:
    """How many objects in the pages have which unknown field: ``{"post.geo.floor": 31}``.

    Every object is looked at, in data, includes and errors, with all that is nested in it; an
    answer itself is one, too. What is in an unknown field is not looked at.
    """
    counts: Counter[str] = Counter()
    for page in pages:
        for name, found in _objects(page.content, kind):
            counts.update({f"{name}.{field}" for field in _unknown(found, KNOWN[name])})
    return dict(sorted(counts.items()))


def remarks(lake: Lake, run: str, found: Mapping[str, int]) -> list[str]:
    """What the run's report has to say of fields that no run before it has met.

    The lake remembers by which run a field is told, so that the same run says the same again.
    """
    told = _parsed(lake.find(TOLD_KEY))
    if found.keys() - told.keys():

        def remembering(body: bytes | None) -> bytes:
            known = dict.fromkeys(found, run) | _parsed(body)
            return json.dumps(known, sort_keys=True, indent=1).encode()

        told = _parsed(lake.update(TOLD_KEY, remembering))
    new = [f"{field} in {count:,}" for field, count in sorted(found.items()) if told[field] == run]
    if not new:
        return []
    more = f" and {len(new) - _MOST_TOLD:,} more" if len(new) > _MOST_TOLD else ""
    remark = (
        f"X has sent fields that are not known here, and in how many objects: "
        f"{', '.join(new[:_MOST_TOLD])}{more}. They are kept in raw/, no column has them, and "
        "they are told this once."
    )
    return [remark]


def _objects(answer: dict[str, Any], kind: Literal["posts", "users"]) -> Iterator[tuple[str, Any]]:
    """Every object of an answer with its kind, the answer itself first."""
    yield "answer", answer
    groups = [(kind.removesuffix("s"), answer.get("data")), ("error", answer.get("errors"))]
    included = answer.get("includes", {})
    groups += [(name, included.get(section)) for section, name in _INCLUDED.items()]
    for name, found in groups:
        for item in found or ():
            if not _is_mark(item):
                yield name, item


def _is_mark(item: Any) -> bool:
    return isinstance(item, dict) and "forgotten" in item and item.keys() <= _OF_A_MARK


def _unknown(found: Any, known: Known, path: str = "") -> Iterator[str]:
    for item in found if isinstance(found, list) else [found]:
        for name, part in item.items() if isinstance(item, dict) else ():
            if name not in known:
                # A name can be anything, and has to be stored, shown and mailed.
                yield f"{path}{ascii(name)[1:-1][:_MOST_CHARACTERS]}"
            elif known[name]:
                yield from _unknown(part, known[name], f"{path}{name}.")


def _parsed(body: bytes | None) -> dict[str, str]:
    return {} if body is None else json.loads(body)
