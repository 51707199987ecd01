from __future__ import annotations

import pytest

from include.data_docs.plot import dots, floor_of, line
from include.data_docs.words import percent


@pytest.mark.parametrize(
    ("shares", "floor"),
    [
        ([1.0, 1.0], 99),
        ([0.99, None], 99),
        ([0.982, 1.0], 95),
        ([None, 0.85], 80),
        ([0.5], 50),
        ([0.2, 1.0], 0),
    ],
)
def test_the_axis_begins_where_differences_are_seen(shares: list[float | None], floor: int) -> None:
    assert floor_of(shares) == floor


def test_a_line_breaks_where_a_day_has_nothing() -> None:
    assert line([1.0, 0.5, None, None, 0.75, 1.0], 50) == "M0 0L1 100M4 50L5 0"


def test_every_day_with_rows_is_a_dot() -> None:
    assert dots([None, 1.0, None, 0.9], 90) == "M1 0h0M3 100h0"


@pytest.mark.parametrize(
    ("share", "said"), [(1.0, "100 %"), (0.99996, "99.9 %"), (0.982, "98.2 %"), (0.0, "0 %")]
)
def test_only_what_is_whole_is_a_hundred_percent(share: float, said: str) -> None:
    assert percent(share) == said
