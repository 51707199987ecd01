"""What is tested of every suite: a clean batch meets it, an example breaks each expectation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from include.datasets import dataset_named
from include.datasets.dataset import RawPage
from include.quality import Quality, Verdict

ROOM = Path(__file__).parents[2] / "expectations"
ROWS = 24
"""Rows of a clean batch."""
ROW = 3
"""The row that the examples break."""
AT = datetime(2026, 11, 20, 12, 0, 41, tzinfo=UTC)
"""When X answered."""


@cache
def quality_of(dataset: str) -> Quality:
    return dataset_named(dataset).quality()


class SuiteTests:
    """The tests of one suite; a class of its own names the dataset and brings the examples."""

    dataset: str
    parameters: Mapping[str, Any]
    """What a run gives its expectations."""
    bad_cells: Mapping[str, Mapping[str, Any]]
    """Row-level expectations: the cells of one row that break each."""
    bad_batches: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]]
    """The others: what to do to a clean batch to break each."""
    of_rows: frozenset[str] = frozenset()
    """Which of ``bad_batches`` judge rows all the same: it takes several rows to break them."""

    @staticmethod
    def item(number: int, **fields: Any) -> dict[str, Any]:
        """One good item as X sends it."""
        raise NotImplementedError

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """An example after the other."""
        for name, examples in {"bad_row": self.bad_cells, "bad_batch": self.bad_batches}.items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, examples)

    @pytest.fixture
    def clean(self) -> pd.DataFrame:
        return self.frame_of(*map(self.item, range(ROWS)))

    def frame_of(self, *items: Any, errors: Any = (), at: datetime | None = AT) -> pd.DataFrame:
        """What Great Expectations sees of these items of a page, and of its errors."""
        target = dataset_named(self.dataset)
        body = json.dumps({"data": items, "errors": errors}).encode()
        return target.check_frame(target.decode([RawPage("page-0000.json.gz", body, at)]))

    def check(self, frame: pd.DataFrame, *, level: Any = "all", **parameters: Any) -> Verdict:
        return quality_of(self.dataset).check(
            frame,
            asset=f"{self.dataset}/nasa",
            run_name="20261120T0800Z_20261120T1200Z",
            run_time=datetime(2026, 11, 20, 12, tzinfo=UTC),
            parameters={**self.parameters, **parameters},
            level=level,
        )

    @property
    def entries(self) -> dict[str, dict[str, Any]]:
        suite = json.loads((ROOM / f"{self.dataset}.json").read_text())
        return {entry["meta"]["key"]: entry for entry in suite["expectations"]}

    def test_every_expectation_has_an_example_that_breaks_it(self) -> None:
        assert self.bad_cells.keys() | self.bad_batches.keys() == self.entries.keys()
        assert not self.bad_cells.keys() & self.bad_batches.keys()
        assert self.of_rows <= self.bad_batches.keys()

    def test_clean_batch_meets_every_expectation(self, clean: pd.DataFrame) -> None:
        verdict = self.check(clean)

        assert verdict.failed == []
        assert verdict.bad_rows == {}
        assert not verdict.batch_failed
        assert len(verdict.result["results"]) == len(self.entries)

    def test_one_bad_row_fails_alone(self, clean: pd.DataFrame, bad_row: str) -> None:
        types = clean.dtypes
        for column, value in self.bad_cells[bad_row].items():
            cells = enumerate(clean[column])
            clean[column] = [value if row == ROW else cell for row, cell in cells]
        clean = clean.astype(types)

        verdict = self.check(clean)

        found = {each.key: each for each in verdict.failed}[bad_row]
        assert (found.level, found.unexpected_count) == ("row", 1)
        assert found.severity == self.entries[bad_row]["severity"]
        row_id = clean[dataset_named(self.dataset).id_column][ROW]
        assert found.examples[0]["id"] == (None if pd.isna(row_id) else row_id)
        quarantined = {ROW} if found.severity == "critical" else set()
        assert {row for row, keys in verdict.bad_rows.items() if bad_row in keys} == quarantined
        assert set(verdict.bad_rows) <= {ROW}
        assert strangers(verdict, bad_row) == set()
        assert not verdict.batch_failed, "one bad row is no reason to hold back the others"

    def test_bad_batch_fails(self, clean: pd.DataFrame, bad_batch: str) -> None:
        verdict = self.check(self.bad_batches[bad_batch](clean))

        found = {each.key: each for each in verdict.failed}[bad_batch]
        assert found.level == ("row" if bad_batch in self.of_rows else "batch")
        assert found.severity == self.entries[bad_batch]["severity"]
        assert strangers(verdict, bad_batch) == set()
        if found.level == "batch" and found.severity == "critical":
            assert verdict.batch_failed

    def test_an_item_of_nothing_but_nulls_takes_no_other_down(self) -> None:
        others = [[], [self.item(1)], [self.item(number) for number in range(1, ROWS)]]
        for good in others:
            verdict = self.check(self.frame_of("nothing", *good))

            assert set(verdict.bad_rows) == {0}
            assert not verdict.batch_failed

    def test_the_readme_explains_the_suite_as_it_is(self) -> None:
        title = self.dataset.replace("_", " ").capitalize()
        section = (ROOM / "README.md").read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
        table = re.findall(
            r"^\| `(\w+)` \| (row|batch) \| (\w+) \| (.+) \|$", section, re.MULTILINE
        )
        by_row = self.bad_cells.keys() | self.of_rows

        assert table == [
            (key, "row" if key in by_row else "batch", entry["severity"], entry["notes"])
            for key, entry in self.entries.items()
        ]

    def test_the_readme_names_every_parameter(self) -> None:
        about = (ROOM / "README.md").read_text().split("\n## Tweets\n")[0]

        for name in self.parameters:
            assert f"`{name}`" in about


def failed(verdict: Verdict) -> set[str]:
    return {each.key for each in verdict.failed}


def strangers(verdict: Verdict, key: str) -> set[str]:
    """Expectations that failed together with this one and share no column with it."""
    columns = {each.key: set((each.column or "").split(", ")) - {""} for each in verdict.failed}
    return {other for other in columns if other != key and not columns[other] & columns[key]}
