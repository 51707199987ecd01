"""The bucket, on a real S3 protocol; what moto does not refuse, a stand-in does."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from include.doctor import bucket, safekeeping
from include.retention import apply
from include.settings import Settings
from tests.include.doctor.conftest import Stub


def test_a_bucket_that_is_there_and_ours_is_fine(look, lake, settings, aws, patient):
    settings(bucket=lake.bucket)
    aws(lake.client.meta.endpoint_url)
    assert [(f.state, f.text) for f in (*look(bucket.there), *look(bucket.owner))] == [
        ("ok", f"s3://{lake.bucket} in us-east-1"),
        ("ok", "it belongs to 123456789012"),
    ]
    assert abs(patient.skews["S3"]) < timedelta(seconds=5)


def test_one_that_is_not_there(look, lake, settings, aws):
    settings(bucket="nobody-has-this")
    aws(lake.client.meta.endpoint_url)
    (found,) = look(bucket.there)
    assert (found.state, found.text) == ("failed", "there is no bucket nobody-has-this")
    assert "'bucket' in 'tweet_lake'" in found.remedy
    assert [f.state for f in look(safekeeping.versioning)] == ["not checked"]


def test_one_of_another_region(look, lake, settings, aws):
    settings(bucket=lake.bucket)
    aws(lake.client.meta.endpoint_url, region_name="eu-central-1")
    (found,) = look(bucket.there)
    assert found.state == "warning"
    assert "region_name us-east-1" in found.remedy


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDenied", "somebody else's"),
        ("InvalidAccessKeyId", "does not take the credentials"),
        ("ExpiredToken", "does not take the credentials"),
        ("RequestTimeTooSkewed", "this machine's clock"),
        ("SlowDown", "SlowDown"),
    ],
)
@pytest.mark.usefixtures("settings")
def test_what_s3_refuses_is_a_sentence(look, aws, stub: Stub, code, said):
    aws(stub.url)
    stub.refuse(code)
    (found,) = look(bucket.there)
    assert found.state == "failed"
    assert said in found.text
    assert found.remedy


def test_one_of_another_account(look, our_lake, aws, stub: Stub, patient):
    aws(stub.url, service_config={"sts": {"endpoint_url": our_lake.client.meta.endpoint_url}})
    stub.refuse("AccessDenied", only_with="x-amz-expected-bucket-owner")
    (found,) = look(bucket.owner)
    assert found.state == "failed"
    assert "belongs to another AWS account than the credentials (123456789012)" in found.text
    assert "a bucket of your own" in found.remedy


def test_nobody_answers(look, settings, aws):
    settings()
    aws("http://127.0.0.1:9")
    (found,) = look(bucket.there)
    assert found.state == "failed"
    assert "can't be reached" in found.text
    assert "endpoint_url" in found.remedy


def test_no_credentials(look, settings, connection, monkeypatch):
    settings()
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    connection("aws_default", conn_type="aws", extra={"endpoint_url": "http://127.0.0.1:9"})
    (found,) = look(bucket.there)
    assert "this machine a role" in found.remedy


PROPERTIES = (
    safekeeping.versioning,
    safekeeping.public_access,
    safekeeping.encryption,
    safekeeping.transport,
)


@pytest.mark.parametrize("check", PROPERTIES, ids=lambda check: check.__name__)
def test_a_bucket_as_it_was_made_is_warned_of(look, our_lake, check):
    (found,) = look(check)
    assert found.state == "warning"
    assert found.remedy


@pytest.mark.parametrize("check", PROPERTIES, ids=lambda check: check.__name__)
def test_what_may_not_be_looked_at_is_said_to_be_unknown(look, our_lake, aws, stub, check):
    aws(stub.url)
    stub.refuse("AccessDenied")
    (found,) = look(check)
    assert found.state == "not checked"
    assert "may not look (s3:Get" in found.text


def deny_plain(lake, **changed):
    """Let the bucket's policy deny everything without TLS, but for what is changed."""
    name = f"arn:aws:s3:::{lake.bucket}"
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [name, f"{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        **changed,
    }
    lake.client.put_bucket_policy(
        Bucket=lake.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"Principal": {"AWS": "*"}, "Action": ["s3:*"], "Resource": "*"}, "ok"),
        ({"Condition": {"BoolIfExists": {"aws:securetransport": ["false"]}}}, "ok"),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, "warning"),
        ({"Action": "s3:DeleteObject"}, "warning"),
        ({"Resource": "arn:aws:s3:::*/raw/*"}, "warning"),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, "warning"),
        (
            {
                "Condition": {
                    "Bool": {"aws:SecureTransport": "false"},
                    "IpAddress": {"aws:SourceIp": "198.51.100.0/24"},
                }
            },
            "warning",
        ),
    ],
)
def test_a_policy_has_to_deny_everybody_everything_without_tls(look, our_lake, changed, state):
    deny_plain(our_lake, **changed)
    assert [f.state for f in look(safekeeping.transport)] == [state]


def test_a_bucket_that_is_set_up_well_is_fine(look, our_lake, settings):
    client, name = our_lake.client, our_lake.bucket
    settings(bucket=name, noncurrent_days=30)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    client.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    by_kms = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [by_kms]})
    deny_plain(our_lake)
    assert [f.state for check in PROPERTIES for f in look(check)] == ["ok"] * 4


def test_versions_without_an_end_are_warned_of(look, our_lake):
    our_lake.client.put_bucket_versioning(
        Bucket=our_lake.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    (found,) = look(safekeeping.versioning)
    assert "noncurrent_days" in found.remedy


def test_lifecycle_rules_are_compared_and_not_written(look, our_lake, settings):
    assert [f.state for f in look(safekeeping.lifecycle)] == ["ok"]
    wanted = {"bucket": our_lake.bucket, "data_docs_days": 90}
    settings(**wanted)
    (found,) = look(safekeeping.lifecycle)
    assert found.state == "warning"
    assert "include.retention_command" in found.remedy
    least = {"alert_to": ("a@example.org",), "data_docs_url": "http://127.0.0.1/"}
    apply(our_lake, Settings(**wanted, **least))
    assert [f.state for f in look(safekeeping.lifecycle)] == ["ok"]
