from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from include.interval import Interval

START, END = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, 4, tzinfo=UTC)


def test_name_reads_back():
    interval = Interval(START, END)
    assert interval.name == "20261120T0000Z_20261120T0400Z"
    assert Interval.parse(interval.name) == interval


def test_day_is_the_utc_date_of_the_start():
    cest = timezone(timedelta(hours=2))
    interval = Interval(datetime(2026, 7, 1, 1, tzinfo=cest), datetime(2026, 7, 1, 5, tzinfo=cest))
    assert interval.day == date(2026, 6, 30)
    assert interval.name == "20260630T2300Z_20260701T0300Z"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (START.replace(tzinfo=None), END, "no time zone"),
        (START, END.replace(second=1), "whole minute"),
        (END, END, "empty"),
        (END, START, "empty"),
    ],
)
def test_a_bad_bound_is_named(start, end, said):
    with pytest.raises(ValueError, match=said):
        Interval(start, end)


@pytest.mark.parametrize("name", ["", "20261120T0000Z", "today_tomorrow", "a_b_c"])
def test_a_name_that_is_none_is_quoted(name):
    with pytest.raises(ValueError, match="write 20261120T0000Z_20261120T0400Z"):
        Interval.parse(name)
