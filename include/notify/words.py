"""Names and troubles as messages say them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from include.data_docs.words import interval_in_words
from include.interval import Interval
from include.notify.alerts import Trouble

_MOST_NAMES = 3


def names_in_words(names: Collection[str]) -> str:
    """``nasa``; ``esa and nasa``; ``esa, nasa and 4 more``."""
    ordered = sorted(names)
    if len(ordered) > _MOST_NAMES:
        ordered = [*ordered[: _MOST_NAMES - 1], f"{len(ordered) - _MOST_NAMES + 1:,} more"]
    return " and ".join(filter(None, (", ".join(ordered[:-1]), ordered[-1])))


def known_troubles(subjects: Mapping[str, Trouble]) -> list[tuple[str, str]]:
    """Each name with its trouble, ``suspended since 2026-11-20 00:00–04:00 UTC``."""
    return [(name, _in_words(known)) for name, known in sorted(subjects.items())]


def _in_words(known: Trouble) -> str:
    if known.since is None:
        return known.kind
    return f"{known.kind} since {interval_in_words(Interval.parse(known.since))}"
