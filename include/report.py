"""What one run did, account by account: the JSON that mail, Data Docs and the demo read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from include.interval import Interval
from include.lake import Lake, day_prefix
from include.outcomes import Outcome
from include.spending.purse import Bill

Severity = Literal["critical", "warning", "info"]


class FailedExpectation(BaseModel):
    """One expectation that did not hold, with at most five examples."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    """Stable name in the suite, for example ``like_count_not_negative``."""
    severity: Severity
    level: Literal["row", "batch"]
    note: str
    """The expectation in plain words."""
    column: str | None
    unexpected_count: int
    """Rows that failed it; 0 on a batch-level expectation."""
    observed: str | None
    """The observed value of a batch-level expectation, as text."""
    examples: list[dict[str, Any]]
    """``{"id": …, "value": …}``: the row's id, values as text of at most 120 characters."""


class AccountReport(BaseModel):
    """One account in one interval; ``rows_in = curated + quarantined + duplicates`` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str
    outcome: Outcome
    detail: str
    """One sentence for a person: why, and where to look; may be empty when it landed."""
    rows_in: int = 0
    curated: int = 0
    quarantined: int = 0
    duplicates: int = 0
    released: int = 0
    """How many of the curated rows failed a check and were released by a person."""
    discarded: int = 0
    """How many of the quarantined rows were discarded by a person."""
    reasons: dict[str, int] = {}
    """How many quarantined rows each reason holds."""
    posts_returned: int = 0
    """Post resources that X returned (data and includes): what X may charge."""
    users_returned: int = 0
    requests: int = 0
    unknown_fields: dict[str, int] = {}
    """In how many objects X sent which field that nobody here knows."""
    failed_expectations: list[FailedExpectation] = []
    curated_keys: list[str] = []
    quarantine_prefix: str | None = None
    """``quarantine/<dataset>/dt=…/account=…/<interval>/``: rows.parquet and report.json."""
    validation_keys: list[str] = []
    """GX result JSON objects of this account, usually one."""
    data_docs_keys: list[str] = []
    """The Data Docs page of each of ``validation_keys``, same order."""

    @property
    def open(self) -> int:
        """Quarantined rows about which nobody has decided yet."""
        return self.quarantined - self.discarded

    @property
    def keys(self) -> list[str]:
        """Every object that this report says is in the lake."""
        quarantine = ("rows.parquet", "report.json") if self.quarantine_prefix else ()
        return [
            *self.curated_keys,
            *(f"{self.quarantine_prefix}{name}" for name in quarantine),
            *self.validation_keys,
            *self.data_docs_keys,
        ]


class AirflowRun(BaseModel):
    """The run of a DAG, as Airflow names it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dag_id: str
    run_id: str


class RunReport(BaseModel):
    """One run of one dataset over one interval."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    interval: str
    accounts: list[AccountReport]
    """Sorted by account."""
    bill: Bill
    """What X returned, and what it costs."""
    remarks: list[str] = []
    """What somebody should know beyond the accounts, a sentence or two each."""
    airflow_run: AirflowRun | None = None
    """Which run of Airflow wrote it."""


def reported_runs(lake: Lake, dataset: str, last: date, days: int) -> dict[Interval, str]:
    """Runs of the last day and the ``days`` before it that left a report, with its key."""
    return {
        Interval.parse(key.rpartition("/")[2].removesuffix(".json")): key
        for age in range(days + 1)
        for key in lake.keys(
            f"{day_prefix('validations', dataset, last - timedelta(days=age))}run/"
        )
    }
