"""Gaps for a person to read: runs of intervals in one line, accounts that share them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from include.data_docs.words import count_of, interval_in_words
from include.gaps import Gap, State
from include.interval import Interval

_NAMED = 3
"""So many accounts are named in a line; beyond them it says how many there are."""


def lines(gaps: Sequence[Gap]) -> Iterator[str]:
    """One line for each stretch of time, state and reason, oldest first."""
    stretches: dict[tuple[Interval, int, State, str], list[str]] = defaultdict(list)
    for account, own in groupby(gaps, key=lambda gap: gap.account):
        for stretch in _stretches(own):
            whole = Interval(stretch[0].interval.start, stretch[-1].interval.end)
            key = (whole, len(stretch), stretch[0].state, stretch[0].why)
            stretches[key].append(account)
    for (whole, number, state, why), accounts in sorted(
        stretches.items(), key=lambda item: (item[0][0], item[1])
    ):
        named = ", ".join(accounts[:_NAMED])
        more = len(accounts) - _NAMED
        who = f"{named} and {more} more" if more > 0 else named
        reason = f": {why}" if why else ""
        yield (
            f"{state:9} {interval_in_words(whole)} ({count_of(number, 'interval')})  {who}{reason}"
        )


def _stretches(gaps: Iterable[Gap]) -> Iterator[list[Gap]]:
    """Gaps of one account that follow each other and are of one kind."""
    stretch: list[Gap] = []
    for gap in gaps:
        if stretch and (
            (gap.state, gap.why) != (stretch[-1].state, stretch[-1].why)
            or gap.interval.start != stretch[-1].interval.end
        ):
            yield stretch
            stretch = []
        stretch.append(gap)
    if stretch:
        yield stretch
