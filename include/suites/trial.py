"""What another suite would do to one batch: validated above the lake, compared with the lake."""

from __future__ import annotations

import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import pyarrow.parquet as pq

from include.datasets.dataset import Dataset
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, Lake, account_report_key, day_prefix
from include.overlay import Overlay
from include.quality import Quality
from include.raw import complete_interval
from include.report import AccountReport, FailedExpectation, Severity
from include.run import likely_volumes
from include.settings import Settings
from include.validation import RawIncompleteError, validate_batch

_Row = tuple[str, int]
"""A row by the page that it came from and its position there: its id may be missing."""
_Ids = Counter[str | None]


@dataclass(frozen=True, slots=True)
class Batch:
    """One account's batch of one interval."""

    account: str
    interval: Interval
    volume: tuple[int, int]
    """Least and most rows that the recent past makes likely."""


@dataclass(frozen=True, slots=True)
class Change:
    """One expectation on one batch: what the lake says of it, what the suite would say."""

    key: str
    severity: Severity
    level: Literal["row", "batch"]
    failing: bool
    would_fail: bool
    rows_failing: int
    rows_would_fail: int
    rows_newly_failing: int
    rows_newly_passing: int
    failing_examples: tuple[str, ...]
    """Ids of rows that newly fail; what would be observed of a batch."""
    passing_examples: tuple[str, ...]
    """Ids of rows that newly pass; what was observed of a batch."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What the suite would change of one batch."""

    batch: Batch
    changes: tuple[Change, ...]
    """Every expectation that fails now or would fail."""
    to_quarantine: int
    """Rows that would go from ``curated/`` to ``quarantine/``."""
    to_curated: int


class LeftOut(StrEnum):
    """Why a batch can't be compared with what the lake says of it."""

    INCOMPLETE = "of which some raw pages have expired or were deleted"
    NOT_VALIDATED = "without a report, not validated yet"
    EXPIRED = "of which S3 has deleted quarantined rows or results as they were kept long enough"


class _ExpiredError(Exception):
    """The report names an object that is not there any more."""


def complete_batches(
    lake: Lake, dataset: str, begin: datetime, end: datetime, settings: Settings
) -> Iterator[Batch]:
    """Batches of the span whose fetch is complete, oldest first."""
    accounts: dict[Interval, list[str]] = defaultdict(list)
    for day in (begin.date() + timedelta(days=n) for n in range((end - begin).days + 2)):
        prefix = day_prefix("raw", dataset, day)
        for key in lake.keys(prefix):
            interval = complete_interval(key)
            if interval is not None and begin <= interval.start and interval.end <= end:
                folder, _, _ = key.removeprefix(prefix).rpartition(f"{interval.name}/")
                name = folder.removeprefix("account=").rstrip("/") or ALL_ACCOUNTS
                accounts[interval].append(name)
    for interval, names in sorted(accounts.items()):
        volumes = likely_volumes(lake, dataset, interval, settings)
        yield from (Batch(name, interval, volumes[name]) for name in names)


def try_batch(lake: Lake, dataset: Dataset, quality: Quality, batch: Batch) -> Tried | LeftOut:
    """Validate a batch without writing anything, if the lake can say what it is now.

    What it is compared with is what the lake holds, whichever suite made it: these are the rows
    that would move if the run's ``validate`` were cleared.

    Args:
        lake: nothing is written to it.
        dataset: how pages become rows.
        quality: the suite on trial.
        batch: its raw pages are complete.
    """
    body = lake.find(account_report_key(dataset.name, batch.interval, batch.account))
    if body is None:
        return LeftOut.NOT_VALIDATED
    now = AccountReport.model_validate_json(body)
    try:
        there, verdict = _quarantined(lake, now), _Verdict(lake, dataset, now)
    except _ExpiredError:
        return LeftOut.EXPIRED
    above = Overlay(lake)
    try:
        then = validate_batch(
            above,
            dataset,
            quality,
            interval=batch.interval,
            account=batch.account,
            volume=batch.volume,
            csv=False,
        )
    except RawIncompleteError:
        return LeftOut.INCOMPLETE
    would_be = _quarantined(above, then)
    return Tried(
        batch,
        tuple(_changes(verdict, _Verdict(above, dataset, then))),
        len(would_be - there),
        len(there - would_be),
    )


def _quarantined(lake: Lake, report: AccountReport) -> set[_Row]:
    if report.quarantine_prefix is None:
        return set()
    body = _found(lake, f"{report.quarantine_prefix}rows.parquet")
    table = pq.read_table(io.BytesIO(body), columns=["raw_key", "raw_position"])
    columns = (table[name].to_pylist() for name in ("raw_key", "raw_position"))
    return set(zip(*columns, strict=True))


def _found(lake: Lake, key: str) -> bytes:
    body = lake.find(key)
    if body is None:
        raise _ExpiredError(key)
    return body


class _Verdict:
    """What failed of a batch, and on which rows."""

    def __init__(self, lake: Lake, dataset: Dataset, report: AccountReport) -> None:
        self.failed = {failed.key: failed for failed in report.failed_expectations}
        self._ids: dict[str, _Ids] = defaultdict(Counter)
        if not any(failed.level == "row" for failed in report.failed_expectations):
            return
        for key in report.validation_keys:
            for entry in json.loads(_found(lake, key))["results"]:
                for row in entry["result"].get("unexpected_index_list", ()):
                    name = entry["expectation_config"]["meta"]["key"]
                    self._ids[name][row[dataset.id_column]] += 1

    def rows(self, key: str) -> tuple[int, _Ids]:
        """How many rows fail it, and their ids; of many, as many as GX's result lists."""
        failed = self.failed.get(key)
        if failed is None or failed.level == "batch":
            return 0, Counter()
        return failed.unexpected_count, self._ids[key]


def _changes(now: _Verdict, then: _Verdict) -> Iterator[Change]:
    for key, told in {**now.failed, **then.failed}.items():
        (before, gone), (after, came) = now.rows(key), then.rows(key)
        newly_failing, newly_passing = max(after - before, 0), max(before - after, 0)
        if gone.total() == before and came.total() == after:  # every row is known by name
            newly_failing, newly_passing = (came - gone).total(), (gone - came).total()
        is_row = told.level == "row"
        yield Change(
            key=key,
            severity=told.severity,
            level=told.level,
            failing=key in now.failed,
            would_fail=key in then.failed,
            rows_failing=before,
            rows_would_fail=after,
            rows_newly_failing=newly_failing,
            rows_newly_passing=newly_passing,
            failing_examples=_shown(came - gone if is_row else _observed(then.failed.get(key))),
            passing_examples=_shown(gone - came if is_row else _observed(now.failed.get(key))),
        )


def _observed(failed: FailedExpectation | None) -> list[str | None]:
    return [failed.observed] if failed is not None else []


def _shown(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Text of X's for a terminal: no control character of it may reach one."""
    return tuple("null" if text is None else ascii(text)[1:-1] for text in texts)
