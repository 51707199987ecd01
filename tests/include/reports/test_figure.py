"""Figures in words."""

from __future__ import annotations

from include.reports.figure import change


def test_a_change_too_small_to_show_has_no_sign():
    found = [change(part) for part in (0.125, -0.0002, 0.00001, -0.00001, 0, None)]
    assert found == ["+12.5 %", "-0.02 %", "0 %", "0 %", "0 %", ""]
