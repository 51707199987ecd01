"""A message by all channels, once, through failures and retries."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from include.errors import BadConfiguration, LakeUnavailable
from include.interval import Interval
from include.lake import Lake
from include.notify.errors import AlertNotSent, MailNotSent, MailPartlySent, SnsNotSent
from include.notify.message import compose
from include.notify.tell import recall, tell
from include.settings import Settings

KEY = "alerts/accounts/tweets.json"
DAY = timedelta(hours=24)
NOW = datetime(2026, 11, 20, 4, 5, tzinfo=UTC)
OVER = Interval(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, 4, tzinfo=UTC))


class FAILURE:
    name = "ingest_tweets.plan"
    interval = "2026-11-20 00:00–04:00 UTC"
    try_number, most_tries = 1, 1
    error_type = "BadToken"
    log_url = "http://airflow.example/log"


@pytest.fixture
def settings(topic):
    return Settings(
        bucket="tweet-lake",
        alert_by=("mail", "sns"),
        alert_to=("one@example.org", "two@example.org"),
        sns_topic_arn=topic.arn,
        data_docs_url="http://docs.example",
    )


@pytest.fixture
def say(lake, settings, sink, connect):
    """Tell that nasa is in trouble, as one task and its retries do; returns the subject."""
    connect(sink.port)

    def say(kind="suspended", occasion="the run", **changes):
        message = tell(
            lake,
            KEY,
            settings.model_copy(update=changes),
            judge=lambda known: known.judge({"nasa": kind}, interval=OVER, now=NOW, quiet=DAY),
            compose=lambda news: (
                compose(
                    "failure",
                    f"{', '.join(news.told)} in trouble",
                    settings.alert_to,
                    failure=FAILURE,
                    error_lines=list(news.told.values()),
                )
                if news.told
                else None
            ),
            occasion=occasion,
            interval=OVER,
            now=NOW,
        )
        return message and message["Subject"]

    return say


def test_both_channels_say_the_same(say, sink, topic):
    assert say() == "nasa in trouble"
    (mail,) = sink.mails
    (published,) = topic.messages
    assert mail["Subject"] == published["Subject"]
    assert mail.get_body(("plain",)).get_content().split() == published["Message"].split()


@pytest.mark.parametrize("quiet_hours", [24, 0])
def test_a_task_that_is_cleared_says_nothing_twice(say, sink, topic, quiet_hours):
    say(quiet_hours=quiet_hours)
    assert say(quiet_hours=quiet_hours) is None
    assert (len(sink.mails), len(topic.messages)) == (1, 1)


def test_a_retry_goes_to_the_channel_that_lacks_it_and_to_no_other(say, sink, topic):
    with pytest.raises(SnsNotSent, match=f"{topic.arn}x"):
        say(sns_topic_arn=f"{topic.arn}x")
    assert len(sink.mails) == 1
    say()
    say()
    assert len(sink.mails) == 1
    (published,) = topic.messages
    assert "suspended" in published["Message"]


def test_the_other_way_round(say, sink, topic):
    sink.stop()
    with pytest.raises(MailNotSent):
        say()
    assert len(topic.messages) == 1
    sink.start()
    say()
    assert len(sink.mails) == 1
    assert topic.messages == []


def test_one_channel_is_enough_for_the_next_run_to_be_quiet(say, sink, topic):
    with pytest.raises(SnsNotSent):
        say(sns_topic_arn=f"{topic.arn}x")
    assert say(occasion="the next run") is None


def test_where_nobody_was_told_the_next_run_tells(say, sink, topic):
    sink.stop()
    with pytest.raises(AlertNotSent, match=r"mail: .*'smtp_default'.*sns: .*sns:Publish"):
        say(sns_topic_arn=f"{topic.arn}x")
    sink.start()
    say(occasion="the next run")
    assert (len(sink.mails), len(topic.messages)) == (1, 1)


def test_recipients_who_have_it_do_not_get_it_again(say, sink, topic):
    sink.rejected_recipients = "two@"
    with pytest.raises(MailPartlySent, match=r"two@example\.org"):
        say()
    sink.rejected_recipients = None
    assert say() is None
    assert (len(sink.mails), len(topic.messages)) == (1, 1)


def test_a_connection_that_is_missing_does_not_keep_the_other_channel(say, topic, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    with pytest.raises(BadConfiguration, match="'smtp_default' is missing"):
        say()
    assert len(topic.messages) == 1


def test_two_runs_at_a_time_lose_nothing(lake, settings, say):
    def tell_of_esa_meanwhile(known):
        say(kind="suspended", occasion="another run")
        return known.judge({"esa": "deleted"}, interval=OVER, now=NOW, quiet=DAY)

    tell(
        lake,
        KEY,
        settings,
        judge=tell_of_esa_meanwhile,
        compose=lambda _: None,
        occasion="a run",
        interval=OVER,
        now=NOW,
    )
    assert recall(lake, KEY).open.keys() == {"nasa", "esa"}


def test_a_lake_that_can_not_be_read_sends_nothing(s3, settings, say, sink):
    with pytest.raises(LakeUnavailable):
        tell(
            Lake(s3, "not-there"),
            KEY,
            settings,
            judge=lambda _: pytest.fail("nothing can be judged"),
            compose=lambda _: None,
            occasion="a run",
            interval=OVER,
            now=NOW,
        )


def test_a_memory_that_is_damaged_is_named_with_the_remedy(lake, say):
    lake.put(KEY, json.dumps({"open": {"nasa": "?"}}).encode())
    with pytest.raises(BadConfiguration, match=rf"{KEY} .*Delete it"):
        say()
