"""What an earlier run of the same interval left of an account, and how it goes."""

from __future__ import annotations

import json
from datetime import timedelta

from include.catalogue.manifest import day_of, withdraw
from include.datasets.dataset import Dataset
from include.interval import Interval
from include.lake import Lake, account_report_key, batch_prefix, curated_key, results_prefix
from include.report import AccountReport


class Leftovers:
    """Objects of one account and interval that are there before it is validated.

    A first run finds out with one request that there are none: whatever a run lands, it writes a
    result before, and results go last. So who deletes results by hand has to delete what the batch
    has in ``curated/`` and ``quarantine/`` as well. Not found are rows on other days than the
    interval's, which only a suite without an eye on time lets land, if that run left no report.
    """

    def __init__(self, lake: Lake, dataset: Dataset, interval: Interval, account: str) -> None:
        self._lake = lake
        self._dataset = dataset
        self._interval = interval
        self._account = account
        self._results = results_prefix(dataset.name, interval, account)
        self._exist = next(lake.keys(self._results), None) is not None
        self._deleted: set[str] = set()

    def withdraw_report(self) -> None:
        """Delete an earlier run's report, so that nothing tells its outcome should this run fail.

        A suite without an expectation about time lets rows of any day land. Only the report knows
        where, so that they go before it.
        """
        if not self._exist:
            return
        key = account_report_key(self._dataset.name, self._interval, self._account)
        body = self._lake.find(key)
        if body is None:
            return
        of_other_days = set(json.loads(body)["curated_keys"]).difference(self._curated_keys)
        for stale in (*sorted(of_other_days), key):
            self._lake.delete(stale)
        self._deleted |= of_other_days

    def delete(self, report: AccountReport) -> None:
        """Delete what this run's report does not promise."""
        if not self._exist:
            return
        name = self._dataset.name
        prefixes = [
            *self._curated_keys,
            batch_prefix("quarantine", name, self._interval, self._account),
            self._results,
        ]
        there = {key for prefix in prefixes for key in self._lake.keys(prefix)}
        stale = there - set(report.keys)
        for key in sorted(stale, key=lambda key: (key.startswith(self._results), key)):
            self._lake.delete(key)

    def withdraw_days(self, report: AccountReport) -> None:
        """Send readers to the small objects of every day of which some were changed.

        A rerun can't tell what the one before it did last, and withdraws all of the interval's.
        """
        changed = {
            *report.curated_keys,
            *self._deleted,
            *(self._curated_keys if self._exist else ()),
        }
        withdraw(self._lake, self._dataset.name, map(day_of, changed))

    @property
    def _curated_keys(self) -> list[str]:
        """Where rows of the interval's days land."""
        first, end = self._interval.day, self._interval.end
        days = (end - timedelta(microseconds=1)).date() - first
        return [
            curated_key(
                self._dataset.name,
                self._interval,
                self._account,
                first + timedelta(days=number),
                suffix,
            )
            for number in range(days.days + 1)
            for suffix in ("parquet", "csv")
        ]
