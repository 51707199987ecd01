"""Lines for inline SVG: shares over days, drawn without a script.

A plot is as wide as its days and 100 high, and is stretched to its place on the page: the labels
stand beside it as text, so that they stay as large as the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_FLOORS = (99, 95, 90, 80, 50, 0)


def floor_of(shares: Iterable[float | None]) -> int:
    """Where the axis begins, in percent, so that what differs is seen to differ."""
    least = min((share for share in shares if share is not None), default=0.0)
    return next(floor for floor in _FLOORS if floor <= least * 100)


def line(shares: Sequence[float | None], floor: int) -> str:
    """Path data of the line; it breaks where a day has no share."""
    return "".join(
        f"{'M' if place == 0 or shares[place - 1] is None else 'L'}{place} {_height(share, floor)}"
        for place, share in enumerate(shares)
        if share is not None
    )


def dots(shares: Sequence[float | None], floor: int) -> str:
    """Path data of a dot for each day; a round cap makes the dot."""
    return "".join(
        f"M{place} {_height(share, floor)}h0"
        for place, share in enumerate(shares)
        if share is not None
    )


def _height(share: float, floor: int) -> str:
    return f"{(1 - share) * 100 / (100 - floor) * 100:.4g}"
