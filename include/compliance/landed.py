"""What a run that was made anew has landed, and whether somebody else has landed since."""

from __future__ import annotations

from collections.abc import Mapping

from include.interval import Interval
from include.lake import (
    Entry,
    Lake,
    account_report_key,
    batch_prefix,
    json_bytes,
    results_prefix,
)
from include.report import AccountReport


class Landed:
    """The objects of some accounts of a run, as they are now.

    Reports alone don't tell: a post that has only lost its place changes no count.

    Args:
        lake: where they lie.
        dataset: whose run it is.
        interval: what the run is about.
        reports: what was made anew, by account.
    """

    def __init__(
        self, lake: Lake, dataset: str, interval: Interval, reports: Mapping[str, AccountReport]
    ) -> None:
        self._lake = lake
        self._reports = {
            account_report_key(dataset, interval, account): json_bytes(
                report.model_dump(mode="json")
            )
            for account, report in reports.items()
        }
        self._prefixes = [
            prefix
            for account, report in reports.items()
            for prefix in (
                results_prefix(dataset, interval, account),
                batch_prefix("quarantine", dataset, interval, account),
                *report.curated_keys,
            )
        ]
        self._entries = self._listed()

    def is_overtaken(self) -> bool:
        """Whether the reports are others, or any object has been written again or deleted."""
        return self._listed() != self._entries or any(
            self._lake.find(key) != body for key, body in self._reports.items()
        )

    def _listed(self) -> list[Entry]:
        return [entry for prefix in self._prefixes for entry in self._lake.entries(prefix)]
