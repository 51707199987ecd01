"""What is written beside the axis of a chart."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from include.reports.charts import bars, lines

DAYS = [date(2026, 11, 1) + timedelta(days=number) for number in range(5)]


def labels(drawing):
    found = re.findall(r"<text[^>]*>([^<]*)</text>", str(drawing))
    return [label for label in found if not label.startswith("2026-")]


@pytest.mark.parametrize(
    ("draw", "step", "format_", "wanted"),
    [
        (lines, 0.00008, "+~%", ["0", "+0.01%", "+0.02%", "+0.03%"]),
        (bars, 0.0001, "~%", ["0", "0.01%", "0.02%", "0.03%", "0.04%"]),
        (bars, 0.25, "~%", ["0", "20%", "40%", "60%", "80%", "100%"]),
        (bars, 1.5e9, "~s", ["0", "2B", "4B", "6B"]),
        (bars, 500, "~s", ["0", "0.5k", "1k", "1.5k", "2k"]),
        (bars, 5, "~s", ["0", "5", "10", "15", "20"]),
    ],
)
def test_values_can_be_told_apart_and_are_written_as_people_do(draw, step, format_, wanted):
    points = [{"day": day, "value": step * number} for number, day in enumerate(DAYS)]
    assert labels(draw(points, "a chart", format=format_)) == wanted
