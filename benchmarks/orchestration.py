"""What Airflow costs: the whole run over many accounts, beside a run that does nothing for them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.airflow_runs import AirflowRuns
from benchmarks.measure import FOLDER, REPOSITORY, in_turns
from include.interval import Interval
from include.lake import Lake, run_report_key
from include.outcomes import Outcome
from include.report import RunReport
from sandbox.airflow_home import AirflowHome
from sandbox.demo import demo_environment, s3_client
from sandbox.limits import RATE_LIMITS
from sandbox.world import World

DAG, FLOOR = "ingest_tweets", "nothing_mapped"
ACCOUNTS, MANY_ACCOUNTS = 300, 1_200
FIRST_INTERVAL_ENDS = datetime(2026, 10, 12, 4, tzinfo=UTC)
HOURS = timedelta(hours=4)
_DIRECTORY = FOLDER / "orchestration"
_LIMIT_FACTOR = 100


def measure(
    runs: int, accounts: int = ACCOUNTS, many_accounts: int = MANY_ACCOUNTS
) -> dict[str, Any]:
    """The ratio, and one run over more accounts than Airflow maps by default."""
    print(f"orchestration: {accounts} accounts, LocalExecutor with 4 slots")
    with _airflow(accounts, preload=True) as session:
        raw = session.in_turns(runs, accounts)
        state, seconds, landed = session.ingest(many_accounts)
        print(f"  {many_accounts} accounts: {state}, {seconds:.0f} s, {landed} landed")
    return {
        "orchestration_ratio": _ratio(raw),
        f"orchestration_{many_accounts}": {
            "seconds": seconds,
            "success": state == "success" and landed == many_accounts,
        },
        "raw": {"seconds": raw, "accounts": accounts},
    }


def measure_without_preload(runs: int, accounts: int = ACCOUNTS) -> dict[str, Any]:
    """The ratio where every task imports what it needs (docs/adr/0007)."""
    print(f"preload: {accounts} accounts, nothing imported in the scheduler")
    with _airflow(accounts, preload=False) as session:
        raw = session.in_turns(runs, accounts)
    return {
        "orchestration_ratio_without_preload": _ratio(raw),
        "raw": {"seconds": raw, "accounts": accounts},
    }


def _ratio(seconds: dict[str, list[float]]) -> float:
    return median(seconds[DAG]) / median(seconds[FLOOR])


class _Session:
    """One Airflow with its world; every run takes the next interval, so that each one fetches."""

    def __init__(self, world: World, home: AirflowHome) -> None:
        self._lake = Lake(s3_client(world), world.bucket)
        self._home = home
        self._runs = AirflowRuns(home)
        self._end = FIRST_INTERVAL_ENDS

    def warm_up(self) -> None:
        """Unpause both DAGs and wait out the run that the schedule brings at once."""
        self._set_accounts(1)
        for dag_id in (DAG, FLOOR):
            self._runs.unpause(dag_id)
        self._runs.settle(DAG)

    def in_turns(self, runs: int, accounts: int) -> dict[str, list[float]]:
        """Seconds of both DAGs, each run checked."""
        self._set_accounts(accounts)

        def ingest() -> float:
            state, seconds, landed = self.ingest(accounts)
            if (state, landed) != ("success", accounts):
                raise RuntimeError(f"the run ended {state}, {landed} of {accounts} landed")
            return seconds

        def nothing() -> float:
            state, seconds = self._runs.time_run(FLOOR, self._end)
            if state != "success":
                raise RuntimeError(f"{FLOOR} ended {state}")
            return seconds

        return in_turns(runs, {DAG: ingest, FLOOR: nothing})

    def ingest(self, accounts: int) -> tuple[str, float, int]:
        """State and seconds of a run over the next interval, and how many accounts landed."""
        self._set_accounts(accounts)
        # The schedule may have brought a run of its own meanwhile.
        self._runs.settle(DAG)
        interval = Interval(self._end - HOURS, self._end)
        self._end += HOURS
        state, seconds = self._runs.time_run(DAG, interval.end)
        body = self._lake.find(run_report_key("tweets", interval))
        reports = [] if body is None else RunReport.model_validate_json(body).accounts
        landed = [r for r in reports if r.outcome is Outcome.LANDED and r.curated == r.rows_in > 0]
        return state, seconds, len(landed)

    def _set_accounts(self, accounts: int) -> None:
        names = [{"username": f"load_{number:04d}"} for number in range(accounts)]
        self._home.command("variables", "set", "x_accounts", json.dumps(names))


@contextmanager
def _airflow(accounts: int, *, preload: bool) -> Iterator[_Session]:
    shutil.rmtree(_DIRECTORY, ignore_errors=True)
    limits = {endpoint: limit * _LIMIT_FACTOR for endpoint, limit in RATE_LIMITS.items()}
    with World(_DIRECTORY / "world", rate_limits=limits) as world:
        bundles = [
            {
                "name": folder,
                "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
                "kwargs": {"path": str(REPOSITORY / folder)},
            }
            for folder in ("dags", "benchmarks/dags")
        ]
        environment = {
            # Several runs on one day cost more than a day may by default.
            **demo_environment(world, usd_per_day=None, usd_per_month=None),
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
            "BENCH_ACCOUNTS": str(accounts),
        }
        del environment["AIRFLOW_VAR_X_ACCOUNTS"]  # it would hide the Variable
        home = AirflowHome(_DIRECTORY / "airflow", environment)
        if not preload:
            # config/ holds the only file that preloads.
            home.environment["PYTHONPATH"] = str(REPOSITORY)
        with home:
            session = _Session(world, home)
            session.warm_up()
            yield session
