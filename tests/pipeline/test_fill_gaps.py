"""What the DAG `fill_gaps` triggers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.gaps import intervals_between
from include.lake import batch_prefix
from include.lookup import known_key


@pytest.fixture
def last_intervals(world_lake):
    """The last four intervals of tweets: the first and the last of them are complete."""
    now = datetime.now(UTC)
    found = intervals_between("tweets", now - timedelta(hours=25), now - timedelta(hours=1))[-4:]
    world_lake.put_json(known_key("harbour_news"), {"user_id": "1", "first_seen": found[0].name})
    for complete in (found[0], found[-1]):
        prefix = batch_prefix("raw", "tweets", complete, "harbour_news")
        world_lake.put_json(f"{prefix}fetch.json", {})
    return found


def test_each_missed_interval_is_run_again(world, ingest, last_intervals):
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models import DagRun
    from airflow.utils.session import create_session

    ingest("harbour_news")  # lets Airflow's database know the DAG
    dag = DagBag().dags["fill_gaps"]
    # Nothing would run what is triggered.
    dag.get_task("fill").partial_kwargs.update(wait_for_completion=False, deferrable=False)
    assert dag.test().state == "success"
    with create_session() as session:
        triggered = session.query(DagRun).filter_by(
            dag_id="ingest_tweets", run_type="operator_triggered"
        )
        spans = [(run.data_interval_start, run.data_interval_end) for run in triggered]
    assert sorted(spans) == [(missed.start, missed.end) for missed in last_intervals[1:3]]
