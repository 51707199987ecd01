"""What a release takes for granted of the host's stack."""

from __future__ import annotations

import re
from pathlib import Path

from cfnlint.decode.cfn_yaml import load

STACK = load(str(Path(__file__).parents[3] / "deploy" / "ec2" / "stack.yaml"))


def test_the_stack_takes_an_image_by_its_digest():
    pattern = STACK["Parameters"]["Image"]["AllowedPattern"]
    repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/tweet-lake"
    assert re.fullmatch(pattern, f"{repository}@sha256:{'0' * 64}")


def test_the_image_is_in_the_parameter_that_the_deploy_role_may_write():
    (parameter,) = [
        each["Properties"]
        for each in STACK["Resources"].values()
        if each["Type"] == "AWS::SSM::Parameter" and each["Properties"]["Name"].endswith("/image")
    ]
    assert parameter["Name"] == "/tweet-lake/image"
    assert parameter["Value"] == {"Ref": "Image"}


def test_nothing_else_of_the_stack_changes_with_the_image():
    asking = [name for name, each in STACK["Resources"].items() if "{'Ref': 'Image'}" in str(each)]
    assert asking == ["ImageParameter"]
    assert "${Image}" not in str(STACK["Resources"])


def test_the_stack_says_which_instance_is_to_be_upgraded():
    assert STACK["Outputs"]["HostId"]["Value"] == {"Ref": "Host"}
