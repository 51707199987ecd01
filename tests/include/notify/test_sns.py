"""Alerts on a real SNS protocol, read from a queue that subscribes to the topic."""

from __future__ import annotations

import json

import pytest

from include.errors import BadConfiguration
from include.notify.errors import SnsNotSent
from include.notify.message import compose
from include.notify.sns import (
    LONGEST_SUBJECT,
    MOST_BYTES,
    check_credentials,
    publish,
    shortened,
    subject_line,
)


def a_message(subject="[tweet-lake] tweets 00:00–04:00: 1 account", error="an error"):
    return compose("failure", subject, [], failure=FAILURE, error_lines=[error])


class FAILURE:
    name = "ingest_tweets.plan"
    interval = "2026-11-20 00:00–04:00 UTC"
    try_number, most_tries = 1, 1
    error_type = "BadToken"
    log_url = "http://airflow.example/log"


def test_subscribers_get_the_plain_text_under_the_subject(topic):
    mail = a_message()
    publish(mail, topic.arn)
    (arrived,) = topic.messages
    assert arrived["Subject"] == "[tweet-lake] tweets 00:00-04:00: 1 account"
    assert arrived["Message"] == mail.get_body(("plain",)).get_content()


def test_braces_in_a_text_are_no_template(topic):
    publish(a_message(error="{{ 7 * 7 }} {% raw %}"), topic.arn)
    (arrived,) = topic.messages
    assert "{{ 7 * 7 }} {% raw %}" in arrived["Message"]


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        ("2026-11-20 00:00–04:00 UTC", "2026-11-20 00:00-04:00 UTC"),
        ("Grüße an ⏎ مرحبا", "Grusse an ? ?????"),
        ("x" * 120, "x" * (LONGEST_SUBJECT - 3) + "..."),
    ],
)
def test_a_subject_is_what_sns_takes(subject, line):
    assert subject_line(subject) == line.replace("Grusse", "Gru?e")


def test_a_text_that_is_too_long_is_cut_between_lines_and_says_so(topic):
    text = "the run: http://docs.example\n" + "Grüße 🚀\n" * 40_000
    short = shortened(text)
    assert len(json.dumps({"default": short})) <= MOST_BYTES
    first, *middle, last = short.splitlines()
    assert first == "the run: http://docs.example"
    assert set(middle) == {"Grüße 🚀"}
    assert "too long for SNS" in last
    message = a_message()
    message.get_body(("plain",)).set_content(text)
    publish(message, topic.arn)
    assert len(topic.messages) == 1


def test_a_text_of_the_right_length_is_left_alone():
    assert shortened("Grüße\n" * 100) == "Grüße\n" * 100


def test_a_topic_that_is_not_there_is_named_with_the_remedy(topic):
    with pytest.raises(SnsNotSent, match=f"{topic.arn}x: .*topic exists .*'aws_default' .*Publish"):
        publish(a_message(), f"{topic.arn}x")


def test_an_sns_that_is_not_there_is_named(topic, monkeypatch):
    connection = {
        "conn_type": "aws",
        "login": "test",
        "password": "test",
        "extra": {
            "endpoint_url": "http://127.0.0.1:9",
            "config_kwargs": {"retries": {"max_attempts": 0}},
        },
    }
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    with pytest.raises(SnsNotSent, match=r"127\.0\.0\.1:9"):
        publish(a_message(), topic.arn)


def test_the_early_look_sends_nothing(topic):
    check_credentials(topic.arn)
    assert topic.messages == []


def test_the_early_look_names_missing_credentials(topic, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps({"conn_type": "aws"}))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BadConfiguration, match=r"no credentials .*'aws_default'"):
        check_credentials(topic.arn)
