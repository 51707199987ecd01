"""A wrong parameter is refused with a sentence, before anything is made."""

from __future__ import annotations

import pytest

from tests.deploy.ec2.rules import TEMPLATE, refusals

GOOD = {
    "Image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/tweet-lake:1.0.0",
    "Accounts": "NASA,esa",
    "Domain": "lake.example.org",
    "AlertTo": "data-team@example.org",
    "HostImage": "ami-0123456789abcdef0",
    "VpcId": "vpc-1",
    "SubnetId": "subnet-0000000a",
}
KNOWN = {("SubnetId", "VpcId"): "vpc-1"}


def said(**changed: str) -> list[str]:
    return refusals({**GOOD, **changed}, KNOWN)


def test_a_good_deployment_is_taken():
    assert said() == []
    assert said(Image=f"{GOOD['Image'].partition(':')[0]}@sha256:{'0' * 64}") == []
    assert said(Tls="internal", Domain="", AlertBy="sns", AlertTo="") == []
    assert said(Database="rds", SecondSubnetId="subnet-0000000b", KeepDays="31") == []
    assert said(AlertTo="a@example.org,b@example.org", LakeFormation="on") == []


@pytest.mark.parametrize("name", ["Image", "Accounts", "HostImage", "VpcId", "SubnetId"])
def test_what_is_missing_is_named(name):
    given = {key: value for key, value in GOOD.items() if key != name}
    assert refusals(given, KNOWN) == [f"Parameters: [{name}] must have values"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Image", "tweet-lake:1.0.0"),
        ("Image", f"{GOOD['Image'].partition(':')[0]}:latest"),
        ("Image", GOOD["Image"].replace("tweet-lake", "other")),
        ("Accounts", "@NASA"),
        ("Accounts", "NASA, esa"),
        ("Accounts", ""),
        ("Domain", "https://lake.example.org"),
        ("Domain", "localhost"),
        ("Domain", "lake.example.org:8443"),
        ("Tls", "none"),
        ("AlertBy", "pager"),
        ("AlertTo", "data-team"),
        ("AlertTo", 'a"@example.org'),
        ("BucketName", "My_Lake"),
        ("BucketName", "my.lake"),
        ("KeepDays", "30"),
        ("KeepDays", "never"),
        ("NoncurrentDays", "0"),
        ("BackupDays", "1"),
        ("LogDays", "a week"),
        ("Database", "aurora"),
        ("DatabaseClass", "large"),
        ("InstanceType", "t3.micro"),
        ("WithHost", "two"),
        ("DiskSize", "8"),
        ("SecondSubnetId", "eu-central-1b"),
        ("GlueDatabase", "Tweet-Lake"),
        ("LakeFormation", "yes"),
    ],
)
def test_what_is_wrong_is_named_and_what_would_be_right(name, value):
    (sentence,) = said(**{name: value})
    assert sentence.startswith(f"{name} has to be ")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"Domain": ""}, ["Tls=acme", "Domain", "Tls=internal"]),
        ({"AlertTo": ""}, ["AlertTo", "AlertBy=sns"]),
        ({"AlertTo": "", "AlertBy": "both"}, ["AlertTo", "AlertBy=sns"]),
        ({"Database": "rds"}, ["SecondSubnetId", "Database=local"]),
        (
            {"Database": "rds", "SecondSubnetId": GOOD["SubnetId"]},
            ["SecondSubnetId", "Database=local"],
        ),
        ({"VpcId": "vpc-2"}, ["SubnetId", "VpcId"]),
        ({"LakeFormation": "on", "GlueDatabase": ""}, ["GlueDatabase", "LakeFormation=off"]),
    ],
)
def test_what_does_not_go_together_is_named_with_the_remedy(wrong, named):
    (sentence,) = said(**wrong)
    assert [name for name in named if name not in sentence] == []


def test_every_parameter_that_can_be_wrong_says_what_would_be_right():
    looked_up_by_aws = {"HostImage", "VpcId", "SubnetId"}
    for name, parameter in TEMPLATE["Parameters"].items():
        assert name in looked_up_by_aws or parameter["ConstraintDescription"].startswith(name)
