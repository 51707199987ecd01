"""Lifecycle rules of a real S3 protocol."""

from __future__ import annotations

import io

import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError

from include import gaps_command, retention_command
from include.errors import BadConfiguration
from include.retention import apply, rules
from include.settings import Settings

THEIRS = {
    "ID": "logs",
    "Filter": {"Prefix": "logs/"},
    "Status": "Enabled",
    "Expiration": {"Days": 3},
}


def settings(**days):
    return Settings(
        bucket="tweet-lake", alert_to=("a@b",), data_docs_url="http://docs.example.org", **days
    )


def stored(lake):
    answer = lake.client.get_bucket_lifecycle_configuration(Bucket=lake.bucket)
    return {rule["ID"]: rule for rule in answer["Rules"]}


def test_what_expires_lies_below_a_dataset():
    wanted = rules(
        settings(raw_days=90, quarantine_days=30, validations_days=120, data_docs_days=400)
    )
    assert {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in wanted} == {
        f"{zone}/{dataset}/": days
        for zone, days in {
            "raw": 90, "quarantine": 30, "validations": 120, "data-docs": 400,
        }.items()
        for dataset in ("tweets", "users", "tweet_metrics")
    }  # fmt: skip


def test_old_versions_expire_where_runs_write_again():
    wanted = rules(settings(noncurrent_days=3))
    assert {rule["Filter"]["Prefix"] for rule in wanted} >= {"raw/", "curated/", "compacted/"}
    assert {rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in wanted} == {3}
    assert not any("Expiration" in rule for rule in wanted)


def test_by_default_nothing_expires_and_nothing_is_written(lake):
    assert rules(settings()) == []
    assert apply(lake, settings()) is False
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        stored(lake)


def test_rules_are_written_once_changed_and_taken_back(lake):
    lake.client.put_bucket_lifecycle_configuration(
        Bucket=lake.bucket, LifecycleConfiguration={"Rules": [THEIRS]}
    )
    assert apply(lake, settings(raw_days=90, quarantine_days=90, noncurrent_days=7)) is True
    assert stored(lake)["tweet-lake: raw/tweets/"]["Expiration"] == {"Days": 90}
    assert apply(lake, settings(raw_days=90, quarantine_days=90, noncurrent_days=7)) is False
    assert apply(lake, settings(raw_days=120, quarantine_days=90)) is True
    assert stored(lake)["tweet-lake: raw/tweets/"]["Expiration"] == {"Days": 120}
    assert not [rule for rule in stored(lake) if "old versions" in rule]
    assert stored(lake)["logs"] == THEIRS
    assert apply(lake, settings()) is True
    assert stored(lake) == {"logs": THEIRS}


def test_the_last_rule_of_all_can_be_taken_back(lake):
    apply(lake, settings(raw_days=90, quarantine_days=90))
    assert apply(lake, settings()) is True
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        stored(lake)


@pytest.fixture
def forbid(lake):
    """Let S3 refuse an operation, as IAM does."""
    events = lake.client.meta.events
    registered = []

    def forbid(operation):
        def refuse(request, **_):
            body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            return AWSResponse(request.url, 403, HeadersDict(), Body(body))

        registered.append((f"before-send.s3.{operation}", refuse))
        events.register(*registered[-1])

    yield forbid
    for each in registered:
        events.unregister(*each)


class Body(io.BytesIO):
    """As a connection gives it."""

    def stream(self, *_, **__):
        yield self.read()


def test_who_wants_no_rules_needs_no_permission_for_them(lake, forbid):
    forbid("GetBucketLifecycleConfiguration")
    assert apply(lake, settings()) is False
    with pytest.raises(BadConfiguration, match=r"aws_default.*s3:GetLifecycleConfiguration and"):
        apply(lake, settings(noncurrent_days=3))


def test_who_may_not_write_rules_is_told_what_is_missing(lake, forbid):
    forbid("PutBucketLifecycleConfiguration")
    with pytest.raises(BadConfiguration, match="s3:PutLifecycleConfiguration"):
        apply(lake, settings(noncurrent_days=3))


@pytest.fixture
def environment(world, monkeypatch):
    def environment(more=""):
        text = f'{{"bucket": "{world.bucket}", "alert_to": ["a@b"], "data_docs_url": "http://d"'
        monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", f"{text}{more}}}")
        monkeypatch.setenv("AIRFLOW_VAR_X_ACCOUNTS", '[{"username": "harbour_news"}]')
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)

    return environment


def test_the_command_writes_the_rules_and_says_which(environment, capsys):
    environment(', "raw_days": 90, "quarantine_days": 90, "noncurrent_days": 3')
    assert retention_command.main() == 0
    said = capsys.readouterr().out
    assert "written: s3://tweet-lake\n" in said
    assert "raw/tweets/  90 days" in said
    assert retention_command.main() == 0
    assert "unchanged" in capsys.readouterr().out
    environment(', "raw_days": 9')
    assert retention_command.main() == 2
    assert "keep it 31 days or longer" in capsys.readouterr().err


def test_gaps_begin_where_raw_does_and_say_so(environment, capsys):
    environment(', "raw_days": 40, "quarantine_days": 40')
    assert gaps_command.main(["--since", "2022-01-01"]) == 0
    said = capsys.readouterr().out
    assert "raw/ is kept for 40 days (raw_days)" in said
    assert "2022" not in said
    environment()
    assert gaps_command.main(["--since", "2022-01-01", "--until", "2022-01-03"]) == 0
    assert "2022" in capsys.readouterr().out
