"""What the DAG `fill_gaps` triggers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.gaps import intervals_between
from include.lake import account_report_key, batch_prefix, run_report_key
from include.lookup import known_key
from include.settings import Settings
from include.spending.ledger import run_name
from include.spending.purse import Purse, Spent

SETTINGS = {
    "bucket": "tweet-lake",
    "alert_to": ("data-team@example.org",),
    "data_docs_url": "http://docs.example.org",
}
MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
BEFORE, *MISSED, LAST = intervals_between(
    "tweets", MIDNIGHT - timedelta(hours=8), MIDNIGHT + timedelta(hours=8)
)


@pytest.fixture
def fill():
    """Run the DAG as it is, or with other options of the task that triggers."""
    from airflow.dag_processing.dagbag import DagBag

    def fill(**options):
        dag = DagBag().dags["fill_gaps"]
        dag.get_task("fill").partial_kwargs.update(options)
        return dag.test()

    return fill


@pytest.fixture
def triggered(world_lake, ingest, fill):
    """The spans of the runs that were triggered, once the first and the last run were there."""
    from airflow.models import DagRun
    from airflow.utils.session import create_session

    def spans():
        with create_session() as session:
            runs = session.query(DagRun).filter_by(
                dag_id="ingest_tweets", run_type="operator_triggered"
            )
            found = sorted((run.data_interval_start, run.data_interval_end) for run in runs)
            runs.delete()
        return found

    def triggered(*, times=1, **settings):
        ingest("harbour_news", over=LAST, **settings)  # lets Airflow's database know the DAG
        first_seen = {"user_id": "2014007919", "first_seen": BEFORE.name}
        world_lake.put_json(known_key("harbour_news"), first_seen)
        complete = batch_prefix("raw", "tweets", BEFORE, "harbour_news")
        world_lake.put_json(f"{complete}fetch.json", {})
        world_lake.put_json(account_report_key("tweets", BEFORE, "harbour_news"), {})
        world_lake.put_json(run_report_key("tweets", BEFORE), {})
        # Nothing runs here what is triggered.
        assert fill(wait_for_completion=False, deferrable=False).state == "success"
        for _ in range(1, times):
            assert fill().state == "success"
        return spans()

    return triggered


def test_each_missed_interval_is_run_again(triggered):
    assert triggered() == [(missed.start, missed.end) for missed in MISSED]


def test_what_was_triggered_within_the_hour_is_neither_triggered_nor_waited_for(triggered):
    assert triggered(times=2) == [(missed.start, missed.end) for missed in MISSED]


def test_nothing_is_run_without_a_budget(triggered):
    assert triggered(usd_per_day=0.02) == []


def test_a_run_that_has_spent_all_it_may_is_not_run_again(world_lake, triggered):
    settings = Settings(**SETTINGS, usd_per_run=0.5)
    spent = Purse(world_lake, settings, run_name("tweets", MISSED[0]), MISSED[0].end)
    spent.settle({MISSED[0].end.date(): Spent(posts=100)})
    rest = [(missed.start, missed.end) for missed in MISSED[1:]]
    assert triggered(usd_per_run=0.5) == rest


def test_nothing_is_run_while_x_refuses(world, triggered):
    world.faults.add("unauthorized", path="/usage/", after=1, times=None)
    assert triggered() == []
