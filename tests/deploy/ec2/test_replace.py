"""A lost host is replaced: `deploy/ec2/replace`, by bash and the AWS CLI against moto."""

from __future__ import annotations

import json
import re

import pytest

from tests.deploy.ec2.conftest import REPOSITORY

KEY = "backups/metadata/20261121T031000Z.dump"
ASIDE = "backups/metadata/aside/20261121T090000Z.dump"
REPLACE = f"export AWS_DEFAULT_REGION=eu-central-1; {REPOSITORY}/deploy/ec2/replace"


@pytest.fixture
def made(cloud, ubuntu):
    """A stack whose host has made a backup; the outputs."""
    made = cloud.deploy(InstanceType="t3.large")
    s3, bucket = cloud.client("s3"), made["BucketOfTheLake"]
    s3.delete_bucket_policy(Bucket=bucket)  # moto speaks no TLS, which the policy asks for
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"a dump")
    # What a restore has put aside, or a move that was cut short has left; and a note of somebody's.
    for key in (ASIDE, "backups/metadata/note.txt"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"of no use")
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
    assert f"{ASIDE} is newer: it was put aside" in done.stdout

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
    done = shell(REPLACE)
    assert done.returncode == 1
    assert f"The host of tweet-lake is {made['HostId']}" in done.stderr
    assert f"its newest backup is {KEY}" in done.stderr
    assert done.stderr.endswith(
        f"Then: deploy/ec2/replace {made['HostId']}\n".replace("deploy", f"{REPOSITORY}/deploy")
    )
    assert outputs(cloud) == made


def test_said_again_after_its_end_it_names_no_new_host_to_delete(cloud, made, shell):
    done = shell(f"{REPLACE} i-0123456789abcdef0")
    assert done.returncode == 1
    assert "i-0123456789abcdef0 is gone, or never was the host of tweet-lake" in done.stderr
    assert f"that is {made['HostId']}, and nothing was changed" in done.stderr
    assert "tweet-lake restore\n" in done.stderr
    assert "Then:" not in done.stderr
    assert outputs(cloud) == made


def test_the_new_host_may_be_another_one(cloud, made, shell):
    done = shell(f"{REPLACE} {made['HostId']} DiskSize=60 SubnetId={cloud.second_subnet()}")
    assert done.returncode == 0, done.stderr
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName="tweet-lake")["Stacks"]
    now = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert (now["DiskSize"], now["SubnetId"]) == ("60", cloud.second_subnet())
    assert (now["WithHost"], now["InstanceType"]) == ("yes", "t3.large")
    done = shell(f"{REPLACE} {outputs(cloud)['HostId']} Disk=90")
    assert "The stack has no parameter like in 'Disk=90'" in done.stderr


def test_metadata_in_rds_are_not_to_be_replaced_by_those_of_last_night(cloud, ubuntu, shell):
    made = cloud.deploy(Database="rds", SecondSubnetId=cloud.second_subnet())
    cloud.client("s3").delete_bucket_policy(Bucket=made["BucketOfTheLake"])
    done = shell(REPLACE)
    assert "its newest backup is none" in done.stderr
    assert "goes with the host's disk" not in done.stderr
    done = shell(f"{REPLACE} {made['HostId']}")
    assert done.returncode == 0, done.stderr
    assert "Its metadata are in RDS, as they were" in done.stdout
    assert "tweet-lake restore" not in done.stdout


def test_it_goes_on_where_the_new_host_did_not_come_nor_was_a_backup_made(cloud, made, shell):
    cloud.client("s3").delete_object(Bucket=made["BucketOfTheLake"], Key=KEY)
    without = cloud.deploy(InstanceType="t3.large", WithHost="no")
    assert "HostId" not in without
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    done = shell(REPLACE)
    assert done.returncode == 0, done.stderr
    assert outputs(cloud)["HostId"] in done.stdout
    assert "there is no backup" in done.stdout
    assert "tweet-lake restore" not in done.stdout


def test_without_a_stack_it_says_so(cloud, shell):
    done = shell(REPLACE)
    assert done.returncode == 1
    assert "There is no stack tweet-lake here" in done.stderr


@pytest.mark.parametrize("name", ["release", "replace"])
def test_the_bash_of_macos_can_run_it(name):
    """It is 3.2, to which an array without members is unset: an error here."""
    script = (REPOSITORY / "deploy" / "ec2" / name).read_text()
    assert "set -euo pipefail" in script
    maybe_empty = re.findall(r'(\w+)=\((?:\)|"\$\{@)', script)
    assert [a for a in maybe_empty if re.search(rf"\$\{{{a}\[[@*]", script)] == []
    later = r"mapfile|readarray|(?:declare|local) -[An]|\|&|&>>|-v \w+ \]|\$\{\w+(?:[,^]|@[A-Za-z])"
    assert re.findall(later, script) == []
