"""What an earlier run of the same interval left of an account, and how it goes."""

from __future__ import annotations

import json
from datetime import timedelta

from include.catalogue.manifest import withdraw
from include.datasets.dataset import Dataset
from include.interval import Interval
from include.lake import Lake, account_report_key, batch_prefix, curated_key, day_of, results_prefix
from include.report import AccountReport


class Leftovers:
    """Objects of one account and interval that are there before it is validated.

    Any of them tells of an earlier run: results may have expired before the rest. A first run makes
    two requests more than a second one to find none, and another for each further day of its
    interval. Not found are rows on other days than the interval's, which only a suite without an
    eye on time lets land, if that run left no report.
    """

    def __init__(self, lake: Lake, dataset: Dataset, interval: Interval, account: str) -> None:
        self._lake = lake
        self._dataset = dataset
        self._interval = interval
        self._account = account
        self._results = results_prefix(dataset.name, interval, account)
        self._quarantine = batch_prefix("quarantine", dataset.name, interval, account)
        parquet = [key for key in self._curated_keys if key.endswith(".parquet")]
        prefixes = (self._results, self._quarantine, *parquet)
        self._exist = any(next(lake.keys(prefix), None) is not None for prefix in prefixes)

    def withdraw_report(self) -> None:
        """Delete an earlier run's report, so that nothing tells its outcome should this run fail.

        A suite without an expectation about time lets rows of any day land. Only the report knows
        where, so that they go before it, and with them what the catalogue has of these days.
        """
        if not self._exist:
            return
        key = account_report_key(self._dataset.name, self._interval, self._account)
        body = self._lake.find(key)
        if body is None:
            return
        of_other_days = set(json.loads(body)["curated_keys"]).difference(self._curated_keys)
        for stale in sorted(of_other_days):
            self._lake.delete(stale)
        withdraw(self._lake, self._dataset.name, map(day_of, of_other_days))
        self._lake.delete(key)

    def delete(self, report: AccountReport) -> None:
        """Delete what this run's report does not promise."""
        if not self._exist:
            return
        prefixes = [*self._curated_keys, self._quarantine, self._results]
        there = {key for prefix in prefixes for key in self._lake.keys(prefix)}
        stale = there - set(report.keys)
        if stale:
            # Whoever dies once all of it is gone has withdrawn its days before.
            withdraw(self._lake, self._dataset.name, map(day_of, self._curated_keys))
        # Whoever dies in between leaves something by which the next one knows: CSV tells nobody.
        for key in sorted(stale, key=lambda key: (not key.endswith(".csv"), key)):
            self._lake.delete(key)

    def withdraw_days(self, report: AccountReport) -> None:
        """Send readers to the small objects of every day of which some were changed.

        A rerun can't tell what the one before it did last, and withdraws all of the interval's.
        """
        changed = {*report.curated_keys, *(self._curated_keys if self._exist else ())}
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
