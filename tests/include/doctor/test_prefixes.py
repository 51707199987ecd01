"""Permissions are tried for real, and nothing of it stays."""

from __future__ import annotations

import json

import pytest

from include.catalogue.manifest import catalogued
from include.catalogue.reader import files
from include.compliance.holdings import holdings
from include.data_docs.pages import read_history
from include.doctor import prefixes
from include.gaps import gaps
from include.lake import ZONES
from tests.include.doctor.conftest import Stub


def deny(lake, action, zone):
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": f"arn:aws:s3:::{lake.bucket}/{zone}/*",
    }
    lake.client.put_bucket_policy(
        Bucket=lake.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )


def test_a_lake_that_may_be_used_is_fine_and_empty_afterwards(look, our_lake):
    checks = (prefixes.conditions, prefixes.zones, prefixes.logs)
    assert [f.state for check in checks for f in look(check)] == ["ok"] * 3
    assert list(our_lake.keys("")) == []


@pytest.mark.parametrize(
    ("action", "zone"),
    [
        ("s3:PutObject", "curated"),
        ("s3:GetObject", "raw"),
        ("s3:DeleteObject", "data-docs"),
        ("s3:PutObject", "alerts"),
        ("s3:GetObject", "review"),
    ],
)
def test_what_is_not_allowed_is_named_with_its_place(look, our_lake, action, zone):
    deny(our_lake, action, zone)
    (found,) = look(prefixes.zones)
    assert found.state == "failed"
    assert found.text == f"the credentials lack {action} in s3://{our_lake.bucket}/{zone}/"
    assert "'aws_default'" in found.remedy
    assert list(our_lake.keys("")) == []


def test_who_may_not_delete_writes_nothing(look, our_lake):
    deny(our_lake, "s3:DeleteObject", "raw")
    assert [f.state for f in look(prefixes.conditions)] == ["not checked"]
    assert [f.state for f in look(prefixes.zones)] == ["failed"]
    assert list(our_lake.keys("")) == []


def test_where_no_run_deletes_it_need_not_be_allowed(look, our_lake):
    deny(our_lake, "s3:DeleteObject", "review")
    assert [f.state for f in look(prefixes.zones)] == ["ok"]
    assert list(our_lake.keys("")) == []


def test_a_key_of_kms_that_is_out_of_reach_is_named(look, our_lake, aws, stub: Stub):
    aws(stub.url)
    stub.refuse("AccessDenied")
    stub.body = stub.body.replace(b"no<", b"not authorized to perform: kms:GenerateDataKey on<")
    assert "kms:GenerateDataKey" in look(prefixes.zones)[0].text


def test_a_server_that_takes_no_heed_of_conditions_is_refused(look, our_lake, aws, stub: Stub):
    aws(stub.url)
    (found,) = look(prefixes.conditions)
    assert found.state == "failed"
    assert "takes no heed of IfNoneMatch and IfMatch" in found.text


def test_logs_are_tried_where_airflow_writes_them(look, our_lake, monkeypatch):
    folder = f"s3://{our_lake.bucket}/logs"
    monkeypatch.setenv("AIRFLOW__LOGGING__REMOTE_LOGGING", "True")
    monkeypatch.setenv("AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER", folder)
    assert [(f.state, f.text) for f in look(prefixes.logs)] == [("ok", folder)]
    deny(our_lake, "s3:PutObject", "logs")
    (found,) = look(prefixes.logs)
    assert found.text == f"the credentials lack s3:PutObject in {folder}/"


def test_no_reader_sees_a_probe_that_a_crash_left(lake, interval):
    for zone in ZONES:
        lake.put(f"{zone}/{prefixes.PROBE}0123", b"left")
    assert list(holdings(lake)) == []
    assert files(lake, "tweets") == []
    assert catalogued(lake, "tweets") == {}
    assert not gaps(lake, "tweets", [], interval.start, interval.end)
    assert "_doctor" not in repr(read_history(lake))
