"""Doing what a person approved: recorded first, then the runs are made anew by it."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from include.data_docs.words import count_of
from include.errors import BadConfiguration
from include.failures import Failures
from include.interval import Interval
from include.lake import Lake
from include.quarantine.decision import AlreadyDecided, Decision, record
from include.quarantine.plan import Plan, Planned
from include.rerun import Reruns
from include.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one item."""

    name: str
    dataset: str
    interval: str
    curated: int
    """Rows of its account and interval in curated/."""
    open: int
    """Rows that are still open."""


@dataclass
class Carried:
    """What became of a plan."""

    done: list[Done] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Rows that somebody else has decided on meanwhile: they stay as that person decided."""
    failures: Failures = field(default_factory=Failures)
    """Why accounts could not be made anew, or runs not be told of; the rest is done."""

    def check(self) -> None:
        """Raise what went wrong, if anything did; the rest is done.

        Raises:
            AlreadyDecided: names rows that somebody else has decided on, and how.
            ExceptionGroup: several things went wrong; one alone raises its own error.
        """
        if self.refused:
            self.failures.add(
                AlreadyDecided(
                    f"decided on meanwhile: {count_of(len(self.refused), 'row')}, which stay as "
                    f"somebody else decided; {'; '.join(self.refused[:20])}"
                )
            )
        self.failures.tell()


def carry_out(
    lake: Lake,
    settings: Settings,
    plan: Plan,
    *,
    by: str,
    at: datetime,
    airflow_url: str | None = None,
) -> Carried:
    """Record the decision and make the runs anew; doing it again does the same.

    Args:
        lake: where the items lie.
        settings: how runs are made anew.
        plan: what was approved.
        by: who approved it.
        at: when, with a time zone.
        airflow_url: where Airflow's UI is, for links in the pages.

    Raises:
        BadConfiguration: nobody is named who approved it.
    """
    try:
        decision = Decision(name=plan.name, verdict=plan.verdict, by=by, at=at, why=plan.why)
    except ValidationError as error:
        raise BadConfiguration(f"{by!r} is nobody's name: say who decides") from error
    runs: dict[tuple[Interval, str], list[Planned]] = defaultdict(list)
    for planned in plan.items:
        runs[Interval.parse(planned.item.interval), planned.item.dataset].append(planned)
    reruns = Reruns(lake, settings, airflow_url)
    carried = Carried()
    for interval, dataset in sorted(runs):
        new = []
        for planned in runs[interval, dataset]:
            account, about = planned.item.account, {"grounds": planned.grounds}
            # The accounts after one that fails are made anew all the same.
            with carried.failures.kept(f"making {planned.item.name} anew"):
                carried.refused += record(
                    lake, dataset, interval, account, decision.model_copy(update=about)
                )
                report = reruns.validate(lake, dataset, interval, [account])[account]
                new.append(account)
                carried.done.append(
                    Done(planned.item.name, dataset, interval.name, report.curated, report.open)
                )
                log.info("%s: %s, %d rows open", planned.item.name, plan.verdict, report.open)
        with carried.failures.kept(f"telling what became of {dataset} {interval}"):
            reruns.report(dataset, interval, new)
    return carried
