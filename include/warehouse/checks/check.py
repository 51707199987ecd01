"""One check of the warehouse: every relation in one snapshot, a suite over each, one report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from psycopg import Connection, OperationalError
from sqlalchemy import Engine

from include import checkpoint
from include.data_docs.keys import page_key
from include.data_docs.words import count_of
from include.errors import WarehouseUnavailable
from include.interval import Interval
from include.lake import Lake, results_prefix, run_report_key
from include.outcomes import Outcome
from include.report import AccountReport, AirflowRun, FailedExpectation, RunReport
from include.settings import Settings
from include.spending.purse import Bill
from include.suite import Suite, load
from include.warehouse.checks.judge import Judge, Judgement
from include.warehouse.checks.listing import Span, list_objects, write_listing
from include.warehouse.checks.relations import RELATIONS

NAME = "warehouse"
"""What results, pages and mails call it where a dataset has its name."""
_SUITES = Path(__file__).parents[3] / "expectations"


def suites() -> dict[str, Suite]:
    """The suite of each relation.

    Raises:
        BadSuite: one of them can't be used.
    """
    return {name: load(_SUITES / f"{NAME}_{name}.json", checkpoint.kind) for name in RELATIONS}


def check(
    lake: Lake,
    engine: Engine,
    interval: Interval,
    settings: Settings,
    airflow_run: AirflowRun | None = None,
) -> str:
    """Judge the warehouse as it is, store results and report; returns the report's key.

    Args:
        lake: what the warehouse has to agree with, and where the results go.
        engine: the warehouse.
        interval: the run's; its end is the time of the check.
        settings: how far back is looked, and how long a load may take.
        airflow_run: which run of Airflow this is.

    Raises:
        BadSuite: a suite can't be used.
        LakeUnavailable: S3 refused.
        WarehouseUnavailable: it was lost.
    """
    judged_by = suites()
    span = Span(
        since=interval.end - timedelta(days=settings.look_back_days),
        settled=interval.end - timedelta(minutes=settings.late_after_minutes),
        until=interval.end,
    )
    reports = []
    with _snapshot(engine, span, list_objects(lake, span)) as judge:
        for name, suite in judged_by.items():
            found = judge.judge(name, suite, run_name=interval.name, run_time=interval.end)
            key = f"{results_prefix(NAME, interval, name)}.json"
            lake.put_json(key, found.result)
            reports.append(_report(name, found, key))
    report = RunReport(
        dataset=NAME,
        interval=interval.name,
        accounts=sorted(reports, key=lambda report: report.account),
        bill=Bill(),
        airflow_run=airflow_run,
    )
    report_key = run_report_key(NAME, interval)
    lake.put_json(report_key, report.model_dump(mode="json"))
    return report_key


@contextmanager
def _snapshot(engine: Engine, span: Span, objects: Sequence[tuple[Any, ...]]) -> Iterator[Judge]:
    """A session with the relations as temporary tables, all of the same moment.

    A load that goes on meanwhile can't make them disagree, and each is computed once, however many
    expectations there are.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as pooled:
        connection = cast("Connection[Any]", pooled.connection.driver_connection)
        pooled.detach()  # its temporary tables go with it
        try:
            write_listing(connection, span, objects)
            for name, query in RELATIONS.items():
                connection.execute(f"CREATE TEMP TABLE {name} AS {query}")
            connection.commit()
            with Judge.on(connection) as judge:
                yield judge
        except OperationalError as error:
            raise WarehouseUnavailable(f"database '{engine.url.database}'", error) from error


def _report(name: str, found: Judgement, key: str) -> AccountReport:
    """A suite in the place of an account, its expectations in the place of rows."""
    wrong = [failed for failed in found.failed if failed.severity == "critical"]
    total = found.met + len(found.failed)
    return AccountReport(
        account=name,
        outcome=Outcome.WRONG if wrong else Outcome.CHECKED,
        detail=_detail(found.failed, total),
        rows_in=total,
        curated=found.met,
        quarantined=len(found.failed),
        failed_expectations=found.failed,
        validation_keys=[key],
        data_docs_keys=[page_key(key)],
    )


def _detail(failed: Sequence[FailedExpectation], total: int) -> str:
    if not failed:
        return ""
    verb = "is" if len(failed) == 1 else "are"
    return (
        f"{len(failed)} of {count_of(total, 'expectation')} {verb} not met; docs/warehouse.md says "
        "what to do about each."
    )
