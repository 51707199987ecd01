from __future__ import annotations

import gzip
from pathlib import Path
from threading import Barrier

import pytest

from benchmarks.directory_lake import DirectoryLake
from include.page_reader import read_pages


class MeetingLake(DirectoryLake):
    """Answers once as many ask at the same time as are expected."""

    def __init__(self, folder: Path, expected: int) -> None:
        super().__init__(folder)
        self._barrier = Barrier(expected)

    def get(self, key: str) -> bytes:
        self._barrier.wait(timeout=30)
        return super().get(key)


@pytest.mark.parametrize("pages", [0, 1, 2, 7, 28, 61])
def test_pages_come_in_order(tmp_path: Path, pages: int) -> None:
    lake = DirectoryLake(tmp_path)
    keys = [f"page-{number:04d}.json.gz" for number in range(pages)]
    for key in keys:
        lake.put(key, gzip.compress(key.encode()))
    found = list(read_pages(lake, keys))
    assert [(page.key, page.body.decode()) for page in found] == list(zip(keys, keys, strict=True))


@pytest.mark.parametrize("pages", [4, 8, 28])
def test_four_requests_are_under_way_at_once(tmp_path: Path, pages: int) -> None:
    lake = MeetingLake(tmp_path, 4)
    keys = [f"page-{number:04d}.json.gz" for number in range(pages)]
    for key in keys:
        lake.put(key, gzip.compress(b"{}"))
    assert len(list(read_pages(lake, keys))) == pages
