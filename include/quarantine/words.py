"""Items and plans as a person reads them, on a page, in a form and in a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from include.data_docs.words import count_of, interval_in_words
from include.interval import Interval
from include.notify.message import one_line
from include.quarantine.items import Item
from include.quarantine.plan import Plan, Planned

_MOST_ITEMS = 50
_WHAT = {
    "replayed": "Replay: parse and validate again from raw, with today's code and suite.",
    "released": "Release: these rows land as they are, marked with who, when and why.",
    "discarded": "Discard: these rows are kept in quarantine and never land.",
}


def plan_in_words(plan: Plan) -> str:
    """A plan as Markdown: what it would do, item by item."""
    items = plan.items[:_MOST_ITEMS]
    rest = len(plan.items) - len(items)
    return "\n".join(
        [
            _WHAT[plan.verdict],
            "",
            f"**Why:** {_plain(plan.why)}",
            "",
            (
                f"**{count_of(len(plan.items), 'item')}**: {count_of(plan.lands, 'row')} would "
                f"land, {plan.stays:,} would stay open{_leaving(plan)}."
            ),
            "",
            "| item | open now | would land | stay open | taken out | failed |",
            "|---|---:|---:|---:|---:|---|",
            *(_line(planned) for planned in items),
            *([f"\nand {count_of(rest, 'more item')}"] if rest > 0 else []),
        ]
    )


def item_in_words(item: Item) -> str:
    """``tweets nasa, 2026-11-20 00:00–04:00 UTC``."""
    return f"{item.dataset} {item.account}, {interval_in_words(Interval.parse(item.interval))}"


def reasons_in_words(item: Item) -> str:
    """``like_count_not_negative (2), text_missing (1)``."""
    return ", ".join(f"{reason} ({rows:,})" for reason, rows in item.reasons.items())


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table for a terminal, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _leaving(plan: Plan) -> str:
    if not plan.leaves:
        return ""
    return f", {plan.leaves:,} would be taken out, as today's suite does not let them pass"


def _plain(text: str) -> str:
    """A person's words on one line, none of which is Markdown."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", one_line(text))


def _line(planned: Planned) -> str:
    item = planned.item
    lacking = f"; {planned.can_not_land:,} can't land" if planned.can_not_land else ""
    return (
        f"| {item_in_words(item)} | {item.open:,} | {planned.lands:,} | {planned.stays:,}{lacking} "
        f"| {planned.leaves:,} | {reasons_in_words(item)} |"
    )
