"""Which connections the chosen channels need."""

from __future__ import annotations

import pytest

from include.errors import BadConfiguration
from include.notify.channels import check
from include.settings import Settings


@pytest.fixture
def settings(topic):
    def settings(*channels):
        return Settings(
            bucket="tweet-lake",
            alert_by=channels,
            alert_to=("a@example.org",) if "mail" in channels else (),
            sns_topic_arn=topic.arn,
            data_docs_url="http://docs.example",
        )

    return settings


def test_what_is_not_chosen_is_not_looked_at(settings, sink, connect, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT", raising=False)
    check(settings("sns"))
    connect(sink.port)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "no connection")
    check(settings("mail"))


def test_each_that_is_chosen_is_looked_at_and_nothing_is_sent(
    settings, topic, sink, connect, monkeypatch
):
    connect(sink.port)
    check(settings("mail", "sns"))
    assert (sink.mails, topic.messages) == ([], [])
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    with pytest.raises(BadConfiguration, match="'smtp_default' is missing"):
        check(settings("sns", "mail"))
