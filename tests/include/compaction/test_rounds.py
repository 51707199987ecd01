"""Which days a run compacts, and what it deletes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from include.catalogue.manifest import read_manifest, withdraw
from include.compaction import rounds
from include.compaction.compact import compact, versions
from include.compaction.rounds import days_to_compact, delete_superseded
from tests.include.landed_rows import interval, land, row

FIRST = date(2026, 11, 2)
TODAY = date(2026, 11, 5)
LATER = datetime.now(UTC) + timedelta(days=10)
"""Long after whatever a test writes, by S3's clock."""


def landed(lake, day, *numbers, account="nasa"):
    """Posts on one of the days, from 0 on."""
    over = interval(6 * day)
    rows = [row("tweets", number, over, account) for number in numbers]
    return land(lake, "tweets", over, account, rows)


def due(lake, look_back_days=1, now=LATER, shown=()):
    return days_to_compact(lake, "tweets", TODAY, look_back_days, now, shown=shown)


def day(number):
    return FIRST + timedelta(days=number)


def test_every_day_before_today_that_is_not_in_the_catalogue_the_newest_first(lake, monkeypatch):
    for number in range(4):
        landed(lake, number, 1)
    assert due(lake) == [day(2), day(1), day(0)]
    compact(lake, "tweets", day(1), LATER)
    assert due(lake) == [day(2), day(0)]
    monkeypatch.setattr(rounds, "DAYS_A_RUN", 1)
    assert due(lake) == [day(2)]


def test_days_that_glue_shows_come_first(lake, monkeypatch):
    for number in range(3):
        landed(lake, number, 1)
    monkeypatch.setattr(rounds, "DAYS_A_RUN", 2)
    assert due(lake, shown={day(0)}) == [day(0), day(2)]


def test_an_empty_lake_has_nothing_to_do(lake):
    assert due(lake) == []
    assert delete_superseded(lake, "tweets", LATER) == []


def test_an_entry_that_nobody_withdrew_is_found_within_the_look_back(lake):
    for number in range(3):
        landed(lake, number, 1)
        compact(lake, "tweets", day(number), LATER)
    assert due(lake) == []
    for number in (0, 2):
        landed(lake, number, 1, 2)  # and the run died before it withdrew the day
    assert due(lake) == [day(2)]
    assert read_manifest(lake, "tweets", day(2)) is None
    assert due(lake, look_back_days=3) == [day(2), day(0)]


def test_an_entry_that_was_just_written_is_looked_at_however_old_its_day(lake):
    landed(lake, 0, 1)
    compact(lake, "tweets", day(0), LATER)
    landed(lake, 0, 1, 2)
    assert due(lake) == []
    assert due(lake, now=datetime.now(UTC)) == [day(0)]


def test_an_entry_whose_file_is_gone_is_made_anew(lake):
    landed(lake, 2, 1)
    (file,) = compact(lake, "tweets", day(2), LATER).files
    lake.delete(file.key)
    assert due(lake) == [day(2)]


def test_an_entry_that_is_damaged_is_made_anew(lake):
    landed(lake, 1, 1)
    landed(lake, 2, 1)
    key = compact(lake, "tweets", day(2), LATER).key
    lake.put(key, b"{}")
    assert due(lake) == [day(2), day(1)]
    assert lake.find(key) is None


def test_superseded_versions_go_after_a_day(lake):
    landed(lake, 0, 1)
    old = compact(lake, "tweets", FIRST, LATER)
    landed(lake, 0, 2)
    new = compact(lake, "tweets", FIRST, LATER)
    assert delete_superseded(lake, "tweets", LATER + timedelta(hours=23)) == []
    assert delete_superseded(lake, "tweets", LATER + timedelta(hours=24)) == [old.prefix]
    assert versions(lake, "tweets", FIRST) == [new.version]
    assert due(lake) == []


def test_of_a_withdrawn_day_all_versions_stay_until_it_is_compacted_again(lake):
    key = landed(lake, 0, 1)
    old = compact(lake, "tweets", FIRST, LATER)
    lake.delete(key)
    withdraw(lake, "tweets", [FIRST])
    assert delete_superseded(lake, "tweets", LATER + timedelta(days=9)) == []
    assert due(lake) == [FIRST]  # it has nothing left, but its files have to go
    compact(lake, "tweets", FIRST, LATER)
    assert delete_superseded(lake, "tweets", LATER + timedelta(days=1)) == [old.prefix]
    assert due(lake) == []


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=2)])
def test_what_a_compaction_left_that_died_goes_a_day_after_it_was_written(lake, age):
    landed(lake, 0, 1)
    compact(lake, "tweets", FIRST, LATER)
    stray = "compacted/tweets/dt=2026-11-02/0123456789abcdef/"
    lake.put(f"{stray}part-0000.parquet", b"half a file")
    assert delete_superseded(lake, "tweets", datetime.now(UTC) + age) == [stray] * bool(age)
