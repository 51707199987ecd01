"""The overlay: what was done to it can be read from it, and is not in the lake."""

from __future__ import annotations

import io

import pytest

from include.errors import LakeUnavailable
from include.lake import Lake
from include.overlay import Overlay


@pytest.fixture
def overlay(lake: Lake) -> Overlay:
    lake.put("raw/a", b"below")
    lake.put("raw/c", b"below")
    return Overlay(lake, {"raw/c": b"instead"})


def test_reads_what_is_below_unless_something_stands_in_its_place(overlay):
    assert (overlay.get("raw/a"), overlay.find("raw/c")) == (b"below", b"instead")


def test_what_is_written_is_found_and_the_lake_stays_as_it_was(overlay, lake):
    overlay.put("raw/b", io.BytesIO(b"new"))
    overlay.put_json("raw/d", {"a": 1})
    overlay.update("raw/a", lambda body: body + b", changed")
    overlay.delete("raw/c")

    assert (overlay.get("raw/b"), overlay.get_json("raw/d")) == (b"new", {"a": 1})
    assert overlay.get("raw/a") == b"below, changed"
    assert list(overlay.keys("raw/")) == ["raw/a", "raw/b", "raw/d"]
    assert [entry.size for entry in overlay.entries("raw/")] == [14, 3, 11]
    assert {key: lake.get(key) for key in lake.keys("")} == {"raw/a": b"below", "raw/c": b"below"}


def test_what_was_deleted_is_not_there(overlay):
    overlay.delete("raw/a")

    assert overlay.find("raw/a") is None
    with pytest.raises(LakeUnavailable, match="raw/a"):
        overlay.get("raw/a")
