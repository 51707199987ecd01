"""A run made anew from what is stored: some of its accounts are validated, told of and shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache, lru_cache, partial

from include.data_docs.site import publish
from include.datasets import dataset_named
from include.interval import Interval
from include.lake import Lake, account_report_key, json_bytes, run_report_key
from include.quality import Quality
from include.quarantine import items
from include.report import AccountReport, RunReport
from include.run import likely_volumes
from include.settings import Settings
from include.validation import validate_batch


class Reruns:
    """Runs made anew, of which the oldest come first.

    Great Expectations is set up once for all of them, and what a run's volumes are compared with
    is read once for all of its accounts.

    ``airflow_url`` is where Airflow's UI is, for links in the pages.
    """

    def __init__(self, lake: Lake, settings: Settings, airflow_url: str | None = None) -> None:
        self._lake = lake
        self._settings = settings
        self._airflow_url = airflow_url
        self._quality: Callable[[str], Quality] = cache(lambda name: dataset_named(name).quality())
        # The accounts of a run come one after the other; years of runs would fill the memory.
        self._volumes = lru_cache(maxsize=1)(
            lambda dataset, interval: likely_volumes(lake, dataset, interval, settings)
        )

    def validate(
        self, lake: Lake, dataset: str, interval: Interval, accounts: Sequence[str]
    ) -> dict[str, AccountReport]:
        """Land what the stored pages of some accounts give; ``lake`` is where they are read.

        Raises:
            RawIncompleteError: pages of an account are not all there.
        """
        volumes = self._volumes(dataset, interval)
        return {
            account: validate_batch(
                lake,
                dataset_named(dataset),
                self._quality(dataset),
                interval=interval,
                account=account,
                volume=volumes[account],
                csv=self._settings.csv,
            )
            for account in accounts
        }

    def report(self, dataset: str, interval: Interval, accounts: Collection[str]) -> None:
        """Put the accounts' reports into the run's, and publish their pages anew.

        Others may do the same for accounts of the same run: whoever is last tells of all.
        """
        key = run_report_key(dataset, interval)
        if self._lake.find(key) is None:  # the run is not over, or never was
            return
        while True:
            body = self._lake.update(key, partial(self._told_anew, dataset, interval, accounts))
            run = RunReport.model_validate_json(body)
            # Among them are accounts of an earlier run of which the latest doesn't tell any more.
            own = self._own_reports(dataset, interval, accounts)
            items.record(self._lake, dataset, interval, own.values())
            publish(self._lake, run, changed=accounts, airflow_url=self._airflow_url)
            if self._lake.find(key) == body:
                return

    def _told_anew(
        self, dataset: str, interval: Interval, names: Collection[str], body: bytes | None
    ) -> bytes:
        """The run's report with what some accounts' own reports say now."""
        if body is None:
            raise FileNotFoundError("the run's report was deleted while it was made anew")
        run = RunReport.model_validate_json(body)
        new = self._own_reports(dataset, interval, names)
        accounts = [new.get(account.account, account) for account in run.accounts]
        return json_bytes(run.model_copy(update={"accounts": accounts}).model_dump(mode="json"))

    def _own_reports(
        self, dataset: str, interval: Interval, names: Collection[str]
    ) -> dict[str, AccountReport]:
        """The reports of those accounts that have one now."""
        found = {
            name: self._lake.find(account_report_key(dataset, interval, name)) for name in names
        }
        return {name: AccountReport.model_validate_json(own) for name, own in found.items() if own}
