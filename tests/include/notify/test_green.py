"""The end of a failure that was told."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from include.interval import Interval
from include.notify.alerts import Alerts, Trouble, tasks_key
from include.notify.errors import MailPartlySent, SnsNotSent
from include.notify.green import tell_green
from include.settings import Settings

DAY = datetime(2026, 11, 20, tzinfo=UTC)
BEFORE, FAILED, AFTER = (
    Interval(DAY + timedelta(hours=4 * n), DAY + timedelta(hours=4 * n + 4)) for n in range(3)
)


@pytest.fixture
def green(lake, sink, connect):
    """A run over an interval goes through, after `plan` had failed."""
    connect(sink.port)
    told = Trouble(kind="BadToken", since=FAILED.name, told=FAILED.end)
    alerts = Alerts(newest=FAILED.name, open={"plan": told})
    lake.put(tasks_key("ingest_tweets"), alerts.model_dump_json().encode())
    settings = Settings(
        bucket=lake.bucket, alert_to=("a@example.org",), data_docs_url="http://docs.example"
    )

    def green(over, now=AFTER.end, **changes):
        tell_green(
            lake,
            settings.model_copy(update=changes),
            "ingest_tweets",
            over,
            now=now,
            airflow_url="http://airflow.example/",
        )

    return green


@pytest.mark.parametrize("over", [FAILED, AFTER], ids=["the same run", "a later one"])
def test_it_is_told_once(green, sink, over):
    for _ in range(2):
        green(over)
    (mail,) = sink.mails
    assert mail["Subject"] == "[tweet-lake] ingest_tweets: plan recovered"
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        assert "BadToken since 2026-11-20 04:00–08:00 UTC" in text
        assert "http://airflow.example/dags/ingest_tweets" in text


def test_an_older_run_proves_nothing(green, sink):
    green(BEFORE)
    assert sink.mails == []
    green(AFTER)
    assert len(sink.mails) == 1


def test_a_dag_that_never_failed_leaves_no_object(green, lake):
    lake.delete(tasks_key("ingest_tweets"))
    green(AFTER)
    assert list(lake.keys("alerts/")) == []


@pytest.mark.parametrize("refused", [None, "two@"], ids=["all got it", "one did not"])
def test_a_run_that_is_cleared_and_fails_again_is_told_again(green, lake, sink, refused):
    key = tasks_key("ingest_tweets")
    failed = Alerts.model_validate_json(lake.get(key)).open
    sink.rejected_recipients = refused
    with pytest.raises(MailPartlySent) if refused else nullcontext():
        green(AFTER, alert_to=("a@example.org", "two@example.org"))
    after = Alerts.model_validate_json(lake.get(key))
    lake.put(key, after.model_copy(update={"open": failed}).model_dump_json().encode())
    green(AFTER, now=AFTER.end + timedelta(hours=24))
    assert len(sink.mails) == 2


def test_a_retry_goes_to_the_channel_that_lacks_it(green, sink, topic):
    both = {"alert_by": ("mail", "sns")}
    with pytest.raises(SnsNotSent):
        green(AFTER, **both, sns_topic_arn=f"{topic.arn}x")
    for minutes in (5, 10):
        now = AFTER.end + timedelta(minutes=minutes)
        green(AFTER, now=now, **both, sns_topic_arn=topic.arn)
    assert (len(sink.mails), len(topic.messages)) == (1, 1)
