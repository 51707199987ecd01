"""Airflow on a host's metadata, for the drills: an order a line, an answer a line.

``begin`` makes the DAGs known. ``run INTERVAL`` is what the scheduler would have made of it, and
``die INTERVAL`` the same up to where everything is fetched and nothing has landed. ``schedule``
lets the real scheduler say what it would begin, ``fill`` runs the DAG `fill_gaps` and all that it
triggers, and ``password CONNECTION`` is what a task would log in with.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import cache
from unittest import mock

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models import DagModel, DagRun
from airflow.sdk import BaseHook
from airflow.utils.session import create_session
from airflow.utils.sqlalchemy import prohibit_commit

from include.interval import Interval

INGEST = "ingest_tweets"


@cache
def bag() -> BundleDagBag:
    """The project's DAGs, whose tasks are not tried again."""
    (bundle,) = DagBundlesManager().get_all_dag_bundles()
    found = BundleDagBag(bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
    for dag in found.dags.values():
        for task in dag.tasks:
            task.retries = 0
    return found


def begin() -> str:
    """What the DAG processor does on a new host, and a person: the DAGs are known, and go."""
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag(), bag().bundle_name, None)
    with create_session() as session:
        known = session.query(DagModel).all()
        paused = sum(dag.is_paused for dag in known)
        for dag in known:
            dag.is_paused = dag.dag_id not in {INGEST, "fill_gaps"}
    return f"{paused} of {len(known)} were paused"


def runs_of(*kinds: str) -> list[DagRun]:
    with create_session() as session:
        found = session.query(DagRun).filter(DagRun.dag_id == INGEST, DagRun.run_type.in_(kinds))
        return sorted(found, key=lambda run: run.data_interval_start)


def run(interval: Interval) -> str:
    finished = bag().dags[INGEST].test(run_after=interval.end, logical_date=interval.end)
    with create_session() as session:
        session.get(DagRun, finished.id).run_type = "scheduled"
    return str(finished.state)


def die(interval: Interval) -> None:
    kill = mock.Mock(side_effect=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with mock.patch("include.steps.validate", kill):
        run(interval)


def schedule() -> list[str]:
    """The intervals of the runs that the scheduler begins on this metadata, now."""
    before = {one.id for one in runs_of("scheduled")}
    scheduler = SchedulerJobRunner(Job(), num_runs=1)
    with create_session() as session, prohibit_commit(session) as guard:
        scheduler._create_dagruns_for_dags(guard, session)
    new = [one for one in runs_of("scheduled") if one.id not in before]
    return [Interval(one.data_interval_start, one.data_interval_end).name for one in new]


def fill() -> list[str]:
    filler = bag().dags["fill_gaps"]
    filler.get_task("fill").partial_kwargs |= {"wait_for_completion": False, "deferrable": False}
    assert filler.test().state == "success"
    told = []
    for one in runs_of("operator_triggered"):
        done = bag().dags[INGEST].test(run_after=one.run_after, logical_date=one.logical_date)
        told.append(f"{Interval(one.data_interval_start, one.data_interval_end).name}={done.state}")
    return told


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Airflow says is no answer
    for line in sys.stdin:
        match line.split():
            case ["begin"]:
                answer = begin()
            case ["run", name]:
                answer = run(Interval.parse(name))
            case ["die", name]:
                die(Interval.parse(name))
            case ["schedule"]:
                answer = " ".join(schedule())
            case ["fill"]:
                answer = " ".join(fill())
            case ["password", connection]:
                answer = BaseHook.get_connection(connection).password
        answers.write(f"{answer}\n")
        answers.flush()


if __name__ == "__main__":
    main()
