"""How far a bound lies from what was seen (docs/adr/0021): far beyond it, never within."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from include.suites.measure import Seen

HEADROOM = 3
"""A bound is so many times what was seen, and ``SPARE``: as for volumes in ``include/run.py``."""
SPARE = 10
LEAST_VALUES = 200
"""Fewer values of a column are no ground for a bound."""
LEAST_BATCHES = 12
"""Nor are fewer batches; of volumes, fewer accounts and runs."""

Bounds = dict[str, tuple[float | None, float]]
"""Argument → what it is, None if it is not there, and what it might be."""


def upper(seen: Seen) -> int:
    """Three times the furthest from 0 that was seen, and ten; rounded up to two digits."""
    exact = HEADROOM * max(abs(seen.least), abs(seen.most)) + SPARE
    step: int = 10 ** max(math.floor(math.log10(exact)) - 1, 0)
    return math.ceil(exact / step) * step


def lower(seen: Seen) -> int:
    """0 of what was never negative; else as far below 0 as :func:`upper` is above."""
    return 0 if seen.least >= 0 else -upper(seen)


def of_values(kwargs: Mapping[str, Any], seen: Seen) -> Bounds:
    """Bounds that something seen lies outside of, or so loose that they would notice nothing."""
    limit = upper(seen)
    least, most = number(kwargs, "min_value"), number(kwargs, "max_value")
    bounds: Bounds = {}
    if least is not None and (seen.least < least or least < -HEADROOM * limit):
        bounds["min_value"] = least, lower(seen)
    if most is not None and (seen.most > most or most > HEADROOM * limit):
        bounds["max_value"] = most, limit
    return bounds


def of_share(kwargs: Mapping[str, Any], argument: str, seen: Seen) -> Bounds:
    """The share that must be there: three times as much may be missing as ever was."""
    share = number(kwargs, argument)
    usual = min(0.99, 1 - HEADROOM * (1 - seen.least))
    limit = math.floor(round(usual * 100, 6)) / 100
    if share is None or limit <= 0:  # of some batch a third was missing: no share is usual
        return {}
    is_loose = 1 - share > HEADROOM * (1 - limit)
    return {argument: (share, limit)} if seen.least < share or is_loose else {}


def number(kwargs: Mapping[str, Any], argument: str) -> float | None:
    """An argument that is a number; None of a parameter, a formula, a time, or none at all."""
    value = kwargs.get(argument)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
