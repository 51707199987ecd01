"""A lost host is replaced: `deploy/ec2/replace`, by bash and the AWS CLI against moto."""

from __future__ import annotations

import json

import pytest

from tests.deploy.ec2.conftest import REPOSITORY

KEY = "backups/metadata/20261121T031000Z.dump"
REPLACE = f"export AWS_DEFAULT_REGION=eu-central-1; {REPOSITORY}/deploy/ec2/replace"


@pytest.fixture
def made(cloud, ubuntu):
    """A stack whose host has made a backup; the outputs."""
    made = cloud.deploy(InstanceType="t3.large")
    s3, bucket = cloud.client("s3"), made["BucketOfTheLake"]
    s3.delete_bucket_policy(Bucket=bucket)  # moto speaks no TLS, which the policy asks for
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"a dump")
    return made


def outputs(cloud):
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName="tweet-lake")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def secret(cloud, name):
    return cloud.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]


def lost(cloud, host):
    cloud.client("ec2").terminate_instances(InstanceIds=[host])


def test_another_host_comes_with_the_address_and_all_that_lasts(cloud, made, shell, tmp_path):
    lost(cloud, made["HostId"])
    key = secret(cloud, "tweet-lake/airflow/fernet-key")
    signal = cloud.user_data(made["HostId"]).partition("signal-")[2].partition('"')[0]

    done = shell(f"{REPLACE} {made['HostId']}")

    assert done.returncode == 0, done.stderr
    now = outputs(cloud)
    assert now["HostId"] != made["HostId"]
    assert {**now, "HostId": made["HostId"]} == made
    assert secret(cloud, "tweet-lake/airflow/fernet-key") == key
    ec2 = cloud.client("ec2")
    (found,) = ec2.describe_instances(InstanceIds=[now["HostId"]])["Reservations"][0]["Instances"]
    assert found["InstanceType"] == "t3.large"
    (address,) = ec2.describe_addresses()["Addresses"]
    assert address["NetworkInterfaceId"] == found["NetworkInterfaces"][0]["NetworkInterfaceId"]
    assert address["PublicIp"] == made["AddressOfTheHost"]
    # It has somebody to tell: the address of the first one's signal ends with that stack's day.
    assert f"signal-{signal}" not in cloud.user_data(now["HostId"])
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {alarm["Dimensions"][0]["Value"] for alarm in alarms} == {now["HostId"]}
    assert now["HostId"] in done.stdout
    assert f"tweet-lake restore {KEY}\n" in done.stdout

    # Moto has no eye for the stack's policy.
    calls = [call.split("\0") for call in (tmp_path / "aws.log").read_text().split("\0\n\0")]
    policies = [
        json.loads(call[call.index("--stack-policy-during-update-body") + 1])
        for call in calls
        if "update-stack" in call
    ]
    kept = json.loads((REPOSITORY / "deploy" / "ec2" / "stack-policy.json").read_text())
    kept["Statement"][1]["Resource"].remove("LogicalResourceId/Host")
    assert policies == [kept, kept]


def test_a_host_goes_only_if_it_is_named(cloud, made, shell):
    done = shell(f"{REPLACE} i-0123456789abcdef0")
    assert done.returncode == 1
    assert f"The host of tweet-lake is {made['HostId']}" in done.stderr
    assert f"its newest backup is {KEY}" in done.stderr
    assert f"deploy/ec2/replace {made['HostId']}" in done.stderr
    assert outputs(cloud) == made


def test_it_goes_on_where_the_new_host_did_not_come(cloud, made, shell):
    without = cloud.deploy(InstanceType="t3.large", WithHost="no")
    assert "HostId" not in without
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    done = shell(REPLACE)
    assert done.returncode == 0, done.stderr
    assert outputs(cloud)["HostId"] in done.stdout


def test_without_a_stack_it_says_so(cloud, shell):
    done = shell(REPLACE)
    assert done.returncode == 1
    assert "There is no stack tweet-lake here" in done.stderr
