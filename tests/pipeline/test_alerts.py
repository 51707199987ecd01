"""What people are told over several runs, and what by the DAG `watch_datasets`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.sns.models import sns_backends

from include.datasets import dataset_named, dataset_names
from include.gaps import intervals_between
from include.interval import Interval
from include.lake import run_report_key
from sandbox.world import World

SETTINGS = {
    "bucket": "tweet-lake",
    "alert_to": ["data-team@example.org"],
    "data_docs_url": "http://docs.example.org",
}


@pytest.fixture
def topic(world):
    """An SNS topic beside the world's S3; its messages are moto's own record."""
    client = boto3.client(
        "sns",
        endpoint_url=world.s3_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    arn = client.create_topic(Name="tweet-lake")["TopicArn"]
    yield sns_backends[arn.split(":")[4]]["us-east-1"].topics[arn]
    client.delete_topic(TopicArn=arn)


def test_trouble_is_told_once_and_its_end_once(world: World, ingest, interval, topic):
    told = []

    def run(number, **options):
        over = Interval(*(b + number * timedelta(hours=4) for b in (interval.start, interval.end)))
        world.travel(over.end + timedelta(minutes=1))
        ingest(
            "harbour_news",
            "rail_updates",
            over=over,
            alert_by=["mail", "sns"],
            sns_topic_arn=topic.arn,
            **options,
        )
        subjects = [str(mail["Subject"]) for mail in world.mails]
        new = [subject.removeprefix("[tweet-lake] ") for subject in subjects[len(told) :]]
        told.extend(new)
        return new

    world.fates.suspend("rail_updates")
    assert run(0) == ["tweets 2026-11-02 08:00–12:00 UTC: 1 account needs attention"]
    assert run(1) == []
    wrong = json.dumps({"conn_type": "http", "host": world.x_url, "password": "n0t-the-t0ken"})
    assert run(2, environment={"AIRFLOW_CONN_X_API": wrong}) == [
        "ingest_tweets.plan failed: 2026-11-02 16:00–20:00 UTC"
    ]
    world.fates.restore("rail_updates")
    assert run(3) == [
        "tweets 2026-11-02 20:00–24:00 UTC: rail_updates recovered",
        "ingest_tweets: plan recovered",
    ]
    published = [message for _, message, *_ in topic.sent_notifications]
    assert len(published) == len(told)


@pytest.fixture
def watch(airflow_database, world, monkeypatch):
    """Run the DAG; returns whether it succeeded."""
    from airflow.dag_processing.dagbag import DagBag

    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps(SETTINGS))
    dag = DagBag().dags["watch_datasets"]
    return lambda: dag.test().state == "success"


def test_the_watch_tells_of_a_dataset_that_is_late(world, world_lake, watch):
    now = datetime.now(UTC)
    for dataset in dataset_names():
        length = timedelta(hours=dataset_named(dataset).hours)
        # The newest runs, and one that may be due while this test runs; of profiles an old one.
        span = (-5, -2) if dataset == "users" else (-2, 2)
        for over in intervals_between(dataset, *(now + number * length for number in span)):
            world_lake.put_json(run_report_key(dataset, over), {})
    assert watch()
    (mail,) = world.mails
    assert mail["Subject"].startswith("[tweet-lake] users late since ")
    assert "/dags/ingest_users" in mail.get_body(("plain",)).get_content()
