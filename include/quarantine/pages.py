"""The quarantine in a browser: what lies there, and the rows of an item beside what they failed."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from urllib.parse import urlencode

from include.data_docs.keys import item_key, quarantine_key, run_page_key
from include.data_docs.pages import Pages, encode, templates
from include.datasets import dataset_names
from include.errors import BadConfiguration
from include.interval import Interval
from include.lake import Lake
from include.quarantine.decision import read_decisions
from include.quarantine.items import Item, State
from include.quarantine.rows import RowsGone, count_rows, read_rows
from include.quarantine.selection import Selection, parse_selection, select
from include.quarantine.words import item_in_words

ROWS_A_PAGE = 50
_NEIGHBOURS = 3
"""Parts on each side of the one that is shown to which its page leads."""
_MOST_ITEMS = 200
_ALL = "all"


def list_page(lake: Lake, **asked: str) -> bytes:
    """What lies in quarantine, by what a person asked for; what is open, if nothing was asked.

    What can't be meant is said on the page, above an empty list.
    """
    asked = {"state": str(State.OPEN), **{name: value for name, value in asked.items() if value}}
    items: Sequence[Item] = ()
    problem = ""
    try:
        items = select(lake, _selection(asked))
    except BadConfiguration as error:
        problem = str(error)
    return _render(
        lake,
        "quarantine.html",
        quarantine_key(),
        asked=asked,
        items=items[:_MOST_ITEMS],
        all_items=len(items),
        problem=problem,
        datasets=dataset_names(),
        states=[*map(str, State), _ALL],
    )


def item_page(lake: Lake, item: Item, start: int = 0, *, may_ask: bool = False) -> bytes:
    """Some rows of an item, each beside what it failed, what was decided, and what can be done.

    Args:
        lake: where it lies.
        item: what is to be shown.
        start: the first row to be shown, counted from 0.
        may_ask: whether there is somebody who carries out what the page's form asks for.
    """
    interval = Interval.parse(item.interval)
    rows, number, problem = [], 0, ""
    if item.rows:
        try:
            number = count_rows(lake, item)
            rows = read_rows(lake, item, start, ROWS_A_PAGE)
        except RowsGone as error:
            problem = str(error)
    return _render(
        lake,
        "quarantine_item.html",
        item_key(item.dataset, interval, item.account),
        item=item,
        interval=interval,
        rows=rows,
        start=start,
        parts=_parts(number, start),
        decisions=read_decisions(lake, item.dataset, interval, item.account).made[::-1],
        problem=problem,
        may_ask=may_ask,
        run_page=run_page_key(item.dataset, interval),
    )


def _parts(number: int, start: int) -> list[int | None]:
    """First rows of the first part, of those around ``start``, and of the last; None for a gap."""
    here, last = start // ROWS_A_PAGE, ceil(number / ROWS_A_PAGE) - 1
    near = range(max(here - _NEIGHBOURS, 0), min(here + _NEIGHBOURS, last) + 1)
    parts: list[int | None] = []
    for part in sorted({0, *near, last}) if last > 0 else []:
        first = part * ROWS_A_PAGE
        if parts and parts[-1] != first - ROWS_A_PAGE:
            parts.append(None)
        parts.append(first)
    return parts


def find_item(lake: Lake, dataset: str, interval: str, account: str) -> Item | None:
    """The item of that name; None if it never was in quarantine.

    Raises:
        BadConfiguration: there can be none of that name.
    """
    asked = parse_selection(dataset=dataset, interval=interval, account=account)
    return next(iter(select(lake, asked)), None)


def _selection(asked: dict[str, str]) -> Selection:
    given = {name: value for name, value in asked.items() if value != _ALL}
    return parse_selection(**given)


def _render(lake: Lake, template: str, page: str, **context: object) -> bytes:
    known = {
        **Pages(lake).context(page),
        "item_in_words": item_in_words,
        "query": urlencode,
    }
    return encode(templates().get_template(template).render(**known, **context))
