"""Doing what a person approved: recorded first, then the runs are made anew by it."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

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


def carry_out(
    lake: Lake,
    settings: Settings,
    plan: Plan,
    *,
    by: str,
    at: datetime,
    airflow_url: str | None = None,
) -> list[Done]:
    """Record the decision and make the runs anew; doing it again does the same.

    Items that somebody else has decided on meanwhile stay as that person decided; the others are
    done all the same.

    Args:
        lake: where the items lie.
        settings: how runs are made anew.
        plan: what was approved.
        by: who approved it.
        at: when, with a time zone.
        airflow_url: where Airflow's UI is, for links in the pages.

    Raises:
        AlreadyDecided: names every item that somebody else has decided on, and how.
    """
    decision = Decision(name=plan.name, verdict=plan.verdict, by=by, at=at, why=plan.why)
    runs: dict[tuple[Interval, str], list[Planned]] = defaultdict(list)
    for planned in plan.items:
        runs[Interval.parse(planned.item.interval), planned.item.dataset].append(planned)
    reruns = Reruns(lake, settings, airflow_url)
    done: list[Done] = []
    decided: list[str] = []
    for (interval, dataset), items in sorted(runs.items(), key=lambda run: run[0]):
        accounts = []
        for planned in items:
            account, about = planned.item.account, {"grounds": planned.grounds}
            try:
                record(lake, dataset, interval, account, decision.model_copy(update=about))
            except AlreadyDecided as error:
                decided.append(str(error))
            else:
                accounts.append(account)
        new = reruns.validate(lake, dataset, interval, accounts)
        reruns.report(dataset, interval, new)
        for account, report in new.items():
            name = f"{dataset}/{interval}/{account}"
            log.info(
                "%s: %s, %d rows curated, %d open", name, plan.verdict, report.curated, report.open
            )
            done.append(Done(name, dataset, interval.name, report.curated, report.open))
    if decided:
        raise AlreadyDecided(
            f"{len(decided)} of {len(plan.items)} were decided on meanwhile and stay so: "
            + "; ".join(decided)
        )
    return done
