"""One check of the warehouse: every relation of one moment, a suite over each, one report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from psycopg import Connection, OperationalError
from psycopg.errors import InsufficientPrivilege, LockNotAvailable
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError as EngineError

from include import checkpoint
from include.data_docs.keys import page_key
from include.data_docs.words import count_of
from include.errors import BadConfiguration, WarehouseBusy, WarehouseUnavailable
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
from include.warehouse.lock import ONE_AT_A_TIME

NAME = "warehouse"
"""What results, pages and mails call it where a dataset has its name."""
_PATIENCE = "30min"
"""How long a load is waited for, as PostgreSQL writes it: half of what a task may take."""
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
        BadConfiguration: the role may not make temporary tables.
        LakeUnavailable: S3 refused.
        WarehouseBusy: a load did not end.
        WarehouseUnavailable: it can't be reached, or was lost.
    """
    judged_by = suites()
    span = Span(
        since=interval.end - timedelta(days=settings.look_back_days),
        settled=interval.end - timedelta(minutes=settings.late_after_minutes),
        until=interval.end,
    )
    reports = []
    with _snapshot(lake, engine, span) as judge:
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
def _snapshot(lake: Lake, engine: Engine, span: Span) -> Iterator[Judge]:
    """A session with the relations as temporary tables, which the lake was compared with.

    Nothing is loaded from when the lake is listed until they are made: else the two would disagree.
    Each is computed once, however many expectations there are.
    """
    where = f"database '{engine.url.database}'"
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as pooled:
            connection = cast("Connection[Any]", pooled.connection.driver_connection)
            pooled.detach()  # its temporary tables go with it
            _wait_for_loads(connection)
            write_listing(connection, span, list_objects(lake, span))
            for name, query in RELATIONS.items():
                connection.execute(f"CREATE TEMP TABLE {name} AS {query}")
            connection.execute(f"SELECT pg_advisory_unlock({ONE_AT_A_TIME})")
            connection.commit()
            with Judge.on(connection) as judge:
                yield judge
    except LockNotAvailable as error:
        raise WarehouseBusy(where, _PATIENCE) from error
    except InsufficientPrivilege as error:
        raise BadConfiguration(
            f"{where}: {error.diag.message_primary}. Name the loader's role in the Airflow "
            "connection 'warehouse': a check makes temporary tables, which the reader's may not "
            "(docs/warehouse.md)"
        ) from error
    except OperationalError as error:
        raise WarehouseUnavailable(where, error) from error
    except EngineError as error:
        raise WarehouseUnavailable(where, error.orig or error) from error


def _wait_for_loads(connection: Connection[Any]) -> None:
    """Hold off loads until the lock is given back, or the session ends."""
    connection.execute(f"SET lock_timeout = '{_PATIENCE}'")
    connection.execute(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})")
    connection.execute("RESET lock_timeout")
    connection.commit()  # the lock is the session's; a snapshot from before it would be too old


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
