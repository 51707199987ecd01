"""The runs of a month in one small object: what the month's page and the home page list."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from include.data_docs.keys import month_prefix
from include.data_docs.words import to_review
from include.errors import TweetLakeError
from include.lake import Lake
from include.outcomes import Outcome
from include.report import AirflowRun, RunReport


class HistoryUnreadable(TweetLakeError):
    """The month's list of runs is not what this module wrote."""


class RunSummary(BaseModel):
    """One line of the lists: a run and how it went."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval: str
    airflow_run: AirflowRun | None = None
    accounts: int
    attention: int
    """Accounts that a reviewer has to look at."""
    failed: int
    """Accounts of which the outcome is unexpected trouble."""
    rows_in: int
    curated: int
    quarantined: int
    duplicates: int

    @classmethod
    def of(cls, report: RunReport) -> RunSummary:
        """Add up a run's report."""
        return cls(
            interval=report.interval,
            airflow_run=report.airflow_run,
            accounts=len(report.accounts),
            attention=len(to_review(report)),
            failed=sum(account.outcome is Outcome.FAILED for account in report.accounts),
            rows_in=sum(account.rows_in for account in report.accounts),
            curated=sum(account.curated for account in report.accounts),
            quarantined=sum(account.quarantined for account in report.accounts),
            duplicates=sum(account.duplicates for account in report.accounts),
        )


class Month(BaseModel):
    """A month's runs, newest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: list[RunSummary]

    def with_run(self, run: RunSummary) -> Month:
        """The month with ``run`` in the place of an earlier run over the same interval."""
        others = [other for other in self.runs if other.interval != run.interval]
        return Month(runs=sorted([*others, run], key=lambda r: r.interval, reverse=True))

    def to_bytes(self) -> bytes:
        """The object's body."""
        return self.model_dump_json(indent=1).encode()


def month_key(dataset: str, month: str) -> str:
    """``data-docs/tweets/2026-11/runs.json``."""
    return f"{month_prefix(dataset, month)}runs.json"


def read_month(lake: Lake, dataset: str, month: str) -> Month:
    """The runs of one month, none if none was published.

    Raises:
        HistoryUnreadable: the object is not what this module wrote.
    """
    key = month_key(dataset, month)
    return _parse(lake, key, lake.find(key))


def record(lake: Lake, dataset: str, month: str, run: RunSummary) -> None:
    """Put ``run`` into its month's list, also while other runs do the same.

    Raises:
        HistoryUnreadable: the object is not what this module wrote.
        LakeBusy: others were faster every time.
        LakeUnavailable: S3 refused.
    """
    key = month_key(dataset, month)
    lake.update(key, lambda body: _parse(lake, key, body).with_run(run).to_bytes())


def _parse(lake: Lake, key: str, body: bytes | None) -> Month:
    if body is None:
        return Month(runs=[])
    try:
        return Month.model_validate_json(body)
    except ValidationError as error:
        raise HistoryUnreadable(
            f"s3://{lake.bucket}/{key} is not a list of runs; restore an earlier version of it, or "
            "delete it and clear 'publish_data_docs' of the runs that it should list"
        ) from error
