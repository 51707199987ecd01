from __future__ import annotations

import pyarrow as pa

from include.duplicates import SeenIds


def new(seen: SeenIds, *ids: str | None) -> list[bool]:
    return seen.add(pa.chunked_array([pa.array(ids, pa.string())])).tolist()


def test_the_first_copy_is_kept() -> None:
    assert new(SeenIds(), "7", "5", "7", "5", "9") == [True, True, False, False, True]


def test_copies_are_found_in_later_chunks() -> None:
    seen = SeenIds()
    assert new(seen, "30", "10") == [True, True]
    assert new(seen, "20", "10") == [True, False]
    assert new(seen, "20", "30", "40") == [False, False, True]


def test_ids_of_19_digits_differ_in_their_last_one() -> None:
    assert new(SeenIds(), "9999999999999999999", "9999999999999999998") == [True, True]


def test_what_is_no_id_is_like_no_other() -> None:
    seen = SeenIds()
    assert new(seen, None, None, "", "", "x1", "x1", "007", "7", "-7", "1" * 20, "1" * 20) == (
        [True] * 11
    )
    assert new(seen, None, "x1", "007", "7") == [True, True, True, False]
