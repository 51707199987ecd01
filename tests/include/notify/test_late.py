"""The message about datasets that are late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.interval import Interval
from include.lake import run_report_key
from include.notify.late import tell_late
from include.settings import Settings

DAY = datetime(2026, 11, 20, tzinfo=UTC)


def run_of(dataset, hour, lake):
    length = {"tweets": 4, "users": 24, "tweet_metrics": 2}[dataset]
    start = DAY + timedelta(hours=hour)
    interval = Interval(start, start + timedelta(hours=length))
    lake.put_json(run_report_key(dataset, interval), {})


@pytest.fixture
def watch(lake, sink, connect):
    """Look at the lake some hours after midnight; returns the mails since the last look."""
    connect(sink.port)
    for dataset, hour in (("tweets", 0), ("users", -24), ("tweet_metrics", 2)):
        run_of(dataset, hour, lake)
    settings = Settings(
        bucket=lake.bucket, alert_to=("a@example.org",), data_docs_url="http://docs.example"
    )

    def watch(hours, again=False):
        before = len(sink.mails)
        for _ in range(1 + again):
            tell_late(
                lake,
                settings,
                occasion=f"the run at {hours}",
                now=DAY + timedelta(hours=hours),
                airflow_url="http://airflow.example",
            )
        return sink.mails[before:]

    return watch


def test_it_says_since_when_what_is_there_and_what_to_look_at(watch):
    assert watch(5) == []
    (mail,) = watch(9.5)
    assert mail["Subject"] == (
        "[tweet-lake] tweet_metrics and tweets late since 2026-11-20 06:00 UTC"
    )
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        for said in (
            "90 minutes",
            "2026-11-20 04:00–08:00 UTC",
            "2026-11-20 00:00–04:00 UTC",
            "http://airflow.example/dags/ingest_tweets",
            "paused",
            "scheduler",
        ):
            assert said in text


def test_it_is_told_once_and_its_end_once(watch, lake):
    run_of("tweet_metrics", 22, lake)
    assert len(watch(9.5, again=True)) == 1
    assert watch(10.5) == []
    run_of("tweets", 8, lake)
    (mail,) = watch(12.5, again=True)
    assert mail["Subject"] == "[tweet-lake] tweets on time again"
    assert watch(13.4) == []


def test_what_is_late_already_is_a_line_of_the_next_message(watch):
    assert len(watch(7.5)) == 1
    (mail,) = watch(9.5)
    assert mail["Subject"].startswith("[tweet-lake] tweets late")
    assert "told before: tweet_metrics" in mail.get_body(("plain",)).get_content()
