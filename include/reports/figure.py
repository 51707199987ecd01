"""A picture of a report, and what says the same in words and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup


@dataclass(frozen=True)
class Figure:
    """One picture with its caption, its alternative in words, and the table of its figures."""

    name: str
    """Its place on the page, a word without spaces."""
    title: str
    caption: str
    svg: Markup | None = None
    """None where there is nothing to show."""
    is_list: bool = False
    """As high as it is long; lists stand after the other pictures."""
    columns: Sequence[str] = ()
    """Heads of the table; the first column names the row, the others are numbers."""
    rows: Sequence[Sequence[str]] = field(default=())


def number(value: float | None) -> str:
    """``1,234``; a mean with one digit after the point; nothing where there is none."""
    if value is None:
        return ""
    return f"{value:,.1f}" if value % 1 else f"{value:,.0f}"


def share(part: float | None) -> str:
    """``1.25 %`` of a part of 1; nothing where there is none."""
    return "" if part is None else f"{part * 100:,.2f}".rstrip("0").rstrip(".") + " %"


def change(part: float | None) -> str:
    """``+1.25 %``, or ``-1.25 %``."""
    shown = None if part is None else round(part, 4) + 0.0  # no -0
    return f"{'+' if shown and shown > 0 else ''}{share(shown)}"
