"""Rows as a reviewer sees them: each beside what it failed."""

from __future__ import annotations

import pytest

from include.quarantine.rows import RowsGone, count_rows, read_rows
from tests.include.quarantine.conftest import BAD, FIRST
from tests.include.quarantine.test_carry_out import do, plan_of


def test_a_row_stands_beside_what_it_failed_and_what_it_has_there(reviewed):
    reviewed.run(nasa=[reviewed.post(1), reviewed.post(2, **BAD)])
    (item,) = reviewed.items()

    (row,) = read_rows(reviewed.lake, item)

    assert row.row_id == str(FIRST + 2)
    (failure,) = row.failures
    assert failure.key == "like_count_not_negative"
    assert "like" in failure.note.lower()
    assert failure.values == {"like_count": "-7"}
    assert row.cells["text"] == "Post 2"
    assert row.cells["created_at"] == "2026-11-02T08:02:00Z"
    assert "hashtags" not in row.cells


def test_what_could_not_be_decoded_is_shown_as_x_sent_it(reviewed):
    reviewed.run(nasa=[reviewed.post(2, public_metrics={"like_count": "12"})])
    (item,) = reviewed.items()

    (row,) = read_rows(reviewed.lake, item)

    assert row.raw is not None
    assert '"like_count":"12"' in row.raw.replace(" ", "")
    assert any("like_count" in failure.note + str(failure.values) for failure in row.failures)


def test_a_batch_shows_what_was_observed(reviewed):
    reviewed.run(nasa=[reviewed.post(n, public_metrics={"reply_count": 1}) for n in range(1, 7)])
    (item,) = reviewed.items()

    rows = read_rows(reviewed.lake, item)

    assert {failure.key for row in rows for failure in row.failures} == {"like_count_reported"}
    assert rows[0].failures[0].values == {"observed": "0"}


def test_many_rows_are_read_in_parts(reviewed):
    reviewed.run(nasa=[reviewed.post(n, **BAD) for n in range(1, 8)])
    (item,) = reviewed.items()

    assert count_rows(reviewed.lake, item) == 7
    parts = [read_rows(reviewed.lake, item, start, 3) for start in (0, 3, 6)]
    assert [len(part) for part in parts] == [3, 3, 1]
    assert len({row.row_id for part in parts for row in part}) == 7


def test_a_discarded_row_says_who_discarded_it(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    do(reviewed, plan_of(reviewed, "discarded"))
    (item,) = reviewed.items()
    (row,) = read_rows(reviewed.lake, item)
    assert row.discarded == "discarded by ada at 2026-11-03 09:30 UTC: looked at it"


def test_rows_that_expired_are_told_and_not_taken_for_none(reviewed):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    (item,) = reviewed.items()
    for key in list(reviewed.lake.keys("quarantine/")):
        reviewed.lake.delete(key)
    with pytest.raises(RowsGone, match=r"rows.parquet is not there.*replay"):
        read_rows(reviewed.lake, item)
