"""Charts as inline SVG: no script, no request, and the page's own colours and fonts.

Altair describes a chart and vl-convert draws it, without a browser. All are as wide as a telephone,
so that their words keep their size; on a desk several stand beside each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from unicodedata import east_asian_width

import altair as alt
import vl_convert
from markupsafe import Markup

WIDTH, HEIGHT = 360, 230
_ROW = 32
_ROOM = WIDTH - 70
"""Of a name in a row, beside its value."""
_LETTER, _WIDE_LETTER = 8.2, 13
"""About as wide as they are drawn."""
_COLOURS = [f"var(--plot-{place})" for place in range(1, 6)]
_LABELS = 3
_INWARDS = alt.expr(
    "datum.value === domain('x')[0] ? 'left'"
    " : datum.value === peek(domain('x')) ? 'right' : 'center'"
)
"""Which end of a day's label is at the day: none leads out of the picture."""
_FEW = 6
"""Days so wide that a label has room below each."""
_COUNT = "~s"
_LABEL = "datum.value ? replace(datum.label, 'G', 'B') : '0'"
"""Vega writes 0M where the others are millions, and G for billions."""
_SHORT = 10
"""Names of so few characters stand three in a row."""
_WITH_LABELS = alt.AutoSizeParams(type="fit", contains="padding")
_BARS_ALONE = alt.AutoSizeParams(type="none")
"""What the size of a chart is of: a long name is not to make its bars shorter."""
_VERSION = "_".join(alt.SCHEMA_VERSION.strip("v").split(".")[:2])
_SIZE = re.compile(r'<svg [^>]*viewBox="([0-9. ]+)">')

Point = Mapping[str, Any]


def bars(
    points: Sequence[Point],
    said: str,
    *,
    kinds: Sequence[str] = (),
    format: str = _COUNT,  # noqa: A002 - Vega's own name
) -> Markup:
    """Bars by day, one upon another where there are ``kinds``.

    Args:
        points: each with ``day`` and ``value``, and ``kind`` if there are any.
        said: the chart in words.
        kinds: in the order of their colours, five at most.
        format: of the values, as of d3-format, without a precision.
    """
    placed = [{**point, "place": list(kinds).index(point["kind"])} for point in points if kinds]
    chart = _of(placed or points).mark_bar(color=_COLOURS[0])
    encoded = chart.encode(x=_days(points), y=_values(format, zero=True))
    return _svg(encoded.encode(color=_kinds(kinds), order="place:Q") if kinds else encoded, said)


def lines(
    points: Sequence[Point],
    said: str,
    *,
    kinds: Sequence[str] = (),
    format: str = _COUNT,  # noqa: A002
) -> Markup:
    """Lines by day, with a dot for each value; arguments as of :func:`bars`."""
    chart = _of(points).mark_line(color=_COLOURS[0], point=alt.OverlayMarkDef(size=14))
    encoded = chart.encode(x=_days(points), y=_values(format, zero=False))
    return _svg(encoded.encode(color=_kinds(kinds)) if kinds else encoded, said)


def ranking(points: Sequence[Point], said: str) -> Markup:
    """A bar below each ``name``, from the first to the last; ``shown`` is its ``value`` in words.

    Names may be anything: they are cut where there is no more room.
    """
    rows = [
        {**point, "name": _cut(point["name"]), "row": place} for place, point in enumerate(points)
    ]
    base = _of(rows).encode(y=alt.Y("row:O", axis=None))
    marks = (
        base.mark_bar(height=5, yOffset=9, color=_COLOURS[0]).encode(x=alt.X("value:Q", axis=None)),
        base.mark_text(align="left", yOffset=-4).encode(x=alt.value(0), text="name:N"),
        base.mark_text(align="right", yOffset=-4).encode(x=alt.value("width"), text="shown:N"),
    )
    return _svg(alt.layer(*marks), said, height=_ROW * len(rows), autosize=_BARS_ALONE)


def spans(points: Sequence[Point], said: str, axis: str) -> Markup:
    """For each ``group`` a line from ``low`` to ``high`` and a dot at ``middle``."""
    groups = [point["group"] for point in points]
    x = alt.X("group:O", title=axis, sort=groups, axis=alt.Axis(labelAngle=-45, grid=False))
    base = _of(points).encode(x=x)
    marks = (
        base.mark_rule(strokeWidth=6, opacity=0.4, color=_COLOURS[0]).encode(
            y=_values(_COUNT, zero=True, field="low"), y2="high:Q"
        ),
        base.mark_point(filled=True, opacity=1, size=50, color=_COLOURS[0]).encode(y="middle:Q"),
    )
    return _svg(alt.layer(*marks), said)


def _of(points: Sequence[Point]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[{**point, "day": _iso(point)} for point in points]))


def _iso(point: Point) -> str | None:
    day: date | None = point.get("day")
    return None if day is None else day.isoformat()


def _days(points: Sequence[Point]) -> alt.X:
    """Every day between the first and the last, also those without a value."""
    found = [point["day"] for point in points]
    first, last = min(found), max(found)
    every = [
        (first + timedelta(days=after)).isoformat() for after in range((last - first).days + 1)
    ]
    steps = range(min(_LABELS, len(every)))
    named = [every[round(step * (len(every) - 1) / (max(steps) or 1))] for step in steps]
    align = _INWARDS if len(every) > _FEW else alt.Undefined
    axis = alt.Axis(values=named, labelAngle=0, labelAlign=align, labelOverlap=False, grid=False)
    return alt.X("day:O", title=None, scale=alt.Scale(domain=every), axis=axis)


def _values(format: str, *, zero: bool, field: str = "value") -> alt.Y:  # noqa: A002
    axis = alt.Axis(
        format=format,  # Vega adds the precision that tells the ticks apart
        labelExpr=_LABEL,
        tickCount=4,
        tickMinStep=1 if format == _COUNT else alt.Undefined,
        domain=False,
        ticks=False,
    )
    return alt.Y(f"{field}:Q", title=None, scale=alt.Scale(zero=zero), axis=axis)


def _kinds(kinds: Sequence[str]) -> alt.Color:
    scale = alt.Scale(domain=list(kinds), range=_COLOURS[: len(kinds)])
    columns = 3 if max(map(len, kinds)) <= _SHORT else 2
    legend = alt.Legend(
        orient="top",
        columns=columns,
        title=None,
        symbolType="square",
        symbolSize=80,
        labelLimit=0,
    )
    return alt.Color("kind:N", scale=scale, legend=legend)


def _cut(name: str) -> str:
    """A name as far as there is room; Vega would cut letters in two that are two in UTF-16."""
    right = 0.0
    for place, letter in enumerate(name):
        is_wide = letter in "mwMW@%" or east_asian_width(letter) in "WF"
        right += _WIDE_LETTER if is_wide else _LETTER
        if right > _ROOM:
            return f"{name[:place]}…"
    return name


def _svg(
    chart: alt.Chart | alt.LayerChart | alt.FacetChart,
    said: str,
    *,
    height: int = HEIGHT,
    autosize: alt.AutoSizeParams = _WITH_LABELS,
) -> Markup:
    """Draw it; what is in the drawing is escaped by Vega."""
    described = (
        chart.properties(width=WIDTH, height=height, padding=3, autosize=autosize)
        .configure(background="transparent", aria=False, font="inherit")
        .configure_mark(aria=False)
        .configure_text(color="currentColor", fontSize=13)
        .configure_axis(
            labelColor="currentColor", titleColor="currentColor", labelFontSize=12,
            titleFontSize=12, titleFontWeight="normal",
            gridColor="var(--line)", domainColor="var(--dim)", tickColor="var(--dim)",
        )
        .configure_legend(labelColor="currentColor", labelFontSize=12)
        .configure_view(stroke=None)
    )  # fmt: skip
    drawn = vl_convert.vegalite_to_svg(
        described.to_dict(), vl_version=_VERSION, allowed_base_urls=[]
    )
    head = _SIZE.match(drawn)
    if head is None:
        raise ValueError(f"vl-convert drew no SVG, but {drawn[:200]!r}")
    opening = Markup('<svg viewBox="{}" role="img" aria-label="{}">').format(head[1], said)
    return opening + Markup(drawn[head.end() :])  # noqa: S704 - Vega has escaped its texts
