"""How far a bound lies from what was seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.suites.bounds import lower, of_share, of_values, upper
from include.suites.measure import Seen, measure


def seen(least: float, most: float) -> Seen:
    return Seen(values=500, least=least, median=least, p99=most, most=most)


@pytest.mark.parametrize(
    ("least", "most", "bounds"),
    [
        (0, 0, (0, 10)),
        (0, 8, (0, 34)),
        (3, 280, (0, 850)),
        (0, 5_312, (0, 16_000)),
        (-7, 2, (-31, 31)),
        (-0.5, 0.25, (-12, 12)),
        (0, 2.5e9, (0, 7_600_000_000)),
    ],
)
def test_a_bound_is_three_times_what_was_seen_and_ten(least, most, bounds):
    assert (lower(seen(least, most)), upper(seen(least, most))) == bounds


def test_no_bound_is_ever_within_what_was_seen():
    dice = np.random.default_rng(4)
    for _ in range(500):
        least, most = sorted(dice.uniform(-1, 1) * 10.0 ** dice.integers(0, 12) for _ in range(2))
        assert lower(seen(least, most)) <= least
        assert most <= upper(seen(least, most))
        now = {"min_value": dice.uniform(-1e12, 1e12), "max_value": dice.uniform(-1e12, 1e12)}
        bounds = of_values(now, seen(least, most))
        assert bounds.get("min_value", (0, least))[1] <= least
        assert bounds.get("max_value", (0, most))[1] >= most


@pytest.mark.parametrize(
    ("kwargs", "bounds"),
    [
        ({"min_value": 0, "max_value": 102}, {}),  # no more than three times the proposal
        ({"min_value": 0, "max_value": 103}, {"max_value": (103, 34)}),
        ({"min_value": 0, "max_value": 7}, {"max_value": (7, 34)}),
        ({"min_value": 2, "max_value": 40}, {"min_value": (2, 0)}),
        ({"min_value": -180}, {"min_value": (-180, 0)}),
        ({"max_value": {"$PARAMETER": "volume_max"}}, {}),
        ({"min_value": "2006-03-21T00:00:00+00:00"}, {}),
    ],
)
def test_a_bound_changes_if_it_would_fail_the_past_or_tells_nothing(kwargs, bounds):
    assert of_values(kwargs, seen(1, 8)) == bounds


@pytest.mark.parametrize(
    ("share", "least", "bounds"),
    [
        (0.5, 1.0, {"mostly": (0.5, 0.99)}),
        (0.99, 0.95, {"mostly": (0.99, 0.85)}),
        (0.8, 0.95, {}),
        (0.9, 0.6, {}),  # of some batch more than a third was missing
    ],
)
def test_three_times_as_much_may_be_missing_as_ever_was(share, least, bounds):
    assert of_share({"mostly": share}, "mostly", seen(least, 1.0)) == bounds


def test_what_gx_measures_is_what_there_is(capsys):
    counts = pd.Series([5.0, np.nan, *range(100)])
    found = measure(pd.DataFrame({"likes": counts, "nothing": np.nan}))
    assert found == {"likes": Seen(values=101, least=0, median=49, p99=98, most=99)}
    assert measure(pd.DataFrame()) == {}
    assert capsys.readouterr() == ("", "")
