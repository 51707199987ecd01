"""Whose fault it is that an object can't be loaded, and what is told of it."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from include.errors import RowsUnreadable
from include.warehouse import load as loading
from include.warehouse import staging
from include.warehouse.faults import is_of_the_object, said
from tests.include.warehouse.conftest import POSTED

SECRET = "a secret that X will want forgotten. SQLSTATE: no DETAIL: at all"


@pytest.fixture
def hole(house):
    """An account without a version at the time of its post, by somebody's hand."""
    house.land("users", 0, {"n": 12})
    house.land("tweets", 0, {"n": 1, "text": SECRET}, {"n": 2, "author_id": "99"})
    house.load()
    house.ask("UPDATE dim_user SET valid_from = '2026-11-02T10:00:00Z' WHERE user_id = 12")
    house.ask("UPDATE load_object SET etag = '' WHERE dataset = 'tweets'")
    return house


def test_a_fault_of_the_warehouse_takes_no_rows_out(hole):
    (loaded,) = hole.load("tweets")

    assert len(loaded.failed) == 1
    assert hole.ask("SELECT tweet_id % 10 FROM fact_tweet ORDER BY 1") == [1, 2]


def test_what_somebody_wrote_is_in_no_error(hole):
    (loaded,) = hole.load("tweets")

    (why,) = loaded.failed.values()
    assert "author_key" in why
    assert why.endswith("SQLSTATE: 23502")
    assert hole.ask("SELECT error FROM load_object WHERE state = 'failed'") == [why]
    assert "secret" not in why


def test_an_error_without_detail_is_told_whole():
    told = said(ValueError("INTERNAL: [libpq] ERROR:  could not extend file\n. SQLSTATE: 53100"))
    assert told == "INTERNAL: [libpq] ERROR: could not extend file . SQLSTATE: 53100"


def test_no_object_is_to_blame_for_a_lack_of_memory(house, monkeypatch):
    key = house.land("tweets", 0, {"n": 1})
    house.load("tweets")
    house.land("tweets", 0, {"n": 1}, {"n": 2})

    def lacking(*_args, **_kwargs):
        raise pa.ArrowMemoryError("malloc of size 40960000 failed")

    with monkeypatch.context() as patch:
        patch.setattr(staging.pq, "ParquetFile", lacking)
        (loaded,) = house.load("tweets")

    assert "malloc" in loaded.failed[key]
    assert house.ask("SELECT tweet_id % 10 FROM fact_tweet") == [1]
    assert not is_of_the_object(pa.ArrowMemoryError("malloc"))
    assert is_of_the_object(RowsUnreadable("curated/x", ValueError("no magic bytes")))


def test_a_row_that_is_in_an_object_twice_is_named_however_far_apart(house, monkeypatch):
    monkeypatch.setattr(staging, "_ROWS", 2)
    key = house.land("users", 0, {"n": 1}, {"n": 2}, {"n": 3}, {"n": 1})

    (loaded,) = house.load("users")

    assert "user_id is in its object twice, first in the row of 1" in loaded.failed[key]


def test_no_other_object_pays_for_a_fault_that_nobody_foresaw(house, monkeypatch):
    monkeypatch.setattr(loading, "_BATCH_OBJECTS", 1)
    for day in range(3):
        house.land("users", 6 * day, {"n": day, "observed_at": POSTED + timedelta(days=day)})
    wanted, to_staged = staging._STAGED["users"]
    asked = []

    def failing_once(rows):
        asked.append(rows)
        if len(asked) == 1:
            raise MemoryError("no more")
        return to_staged(rows)

    monkeypatch.setitem(staging._STAGED, "users", (wanted, failing_once))
    with pytest.raises(MemoryError):
        house.load("users")

    assert house.ask("SELECT count(*) FROM load_object WHERE state = 'failed'") == [0]
