"""An AWS account of its own, in moto, and the stack in it."""

from __future__ import annotations

import logging
import os
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from moto.ssm.models import Parameter, ssm_backends

from tests.deploy.ec2 import moto_types, rules
from tests.host_tools import host_tool

REGION = "eu-central-1"
REPOSITORY = Path(__file__).parents[3]
TEMPLATE = (REPOSITORY / "deploy" / "ec2" / "stack.yaml").read_text("utf-8")
DEFAULTS = {
    name: str(about["Default"])
    for name, about in rules.TEMPLATE["Parameters"].items()
    if "Default" in about
}
"""Named all the same: moto knows no previous value of what was not."""
UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
REGISTRY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com"


@dataclass
class Cloud:
    """Clients of one account and region, and a network to put a stack into."""

    url: str

    def client(self, service: str) -> Any:
        return moto_types.client(service, REGION)

    def needed(self) -> dict[str, str]:
        """The parameters without a default, and what these defaults then ask for."""
        ec2 = self.client("ec2")
        subnet = ec2.describe_subnets()["Subnets"][0]
        image = ec2.describe_images(Filters=[{"Name": "name", "Values": ["*ubuntu*"]}])["Images"]
        return {
            "Image": f"{REGISTRY}/tweet-lake:1.0.0",
            "Accounts": "NASA,esa",
            "Domain": "lake.example.org",
            "AlertTo": "data-team@example.org",
            "HostImage": image[0]["ImageId"],
            "VpcId": subnet["VpcId"],
            "SubnetId": subnet["SubnetId"],
        }

    def buckets(self) -> set[str]:
        return {bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]}

    def second_subnet(self) -> str:
        return str(self.client("ec2").describe_subnets()["Subnets"][1]["SubnetId"])

    def deploy(self, **parameters: str) -> dict[str, str]:
        """Create the stack, or update it; its outputs."""
        stacks = self.client("cloudformation")
        there = stacks.list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])
        order = stacks.update_stack if there["StackSummaries"] else stacks.create_stack
        order(
            StackName="tweet-lake",
            TemplateBody=TEMPLATE,
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in {**DEFAULTS, **self.needed(), **parameters}.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        (stack,) = stacks.describe_stacks(StackName="tweet-lake")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def user_data(self, host: str) -> str:
        """What cloud-init is told on a host."""
        asked = {"InstanceId": host, "Attribute": "userData"}
        found = self.client("ec2").describe_instance_attribute(**asked)
        return b64decode(found["UserData"]["Value"]).decode()

    def delete(self) -> None:
        self.client("cloudformation").delete_stack(StackName="tweet-lake")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    moto_types.endpoint = f"http://{host}:{port}"
    with moto_types.known():
        yield moto_types.endpoint
    moto.stop()


@pytest.fixture
def cloud(server: str, empty_account: Callable[[], None]) -> Iterator[Cloud]:
    """An empty account but for the buckets of other tests."""
    empty_account()
    cloud = Cloud(server)
    before = cloud.buckets()
    yield cloud
    s3 = cloud.client("s3")
    for bucket in cloud.buckets() - before:
        held = s3.list_object_versions(Bucket=bucket)
        for version in (*held.get("Versions", ()), *held.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        s3.delete_bucket(Bucket=bucket)
    empty_account()


@pytest.fixture
def ubuntu(cloud: Cloud) -> str:
    """What Canonical publishes in every region, and moto does not."""
    image = cloud.needed()["HostImage"]
    parameter = Parameter("123456789012", UBUNTU, image, "String", None, None, None, 0, 1, "text")
    ssm_backends["123456789012"][REGION]._parameters[UBUNTU].append(parameter)
    return image


@pytest.fixture
def shell(cloud: Cloud, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Bash at the root of the repository, with the AWS CLI; each call of it is in ``aws.log``."""
    aws = tmp_path / "aws"
    # Debian's is too old for AWS_ENDPOINT_URL.
    aws.write_text(
        f'#!/bin/bash\nprintf "%s\\0" "$@" $\'\\n\' >> {tmp_path / "aws.log"}\n'
        f'exec {host_tool("aws")} --endpoint-url {cloud.url} "$@"\n'
    )
    aws.chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    environment = {
        **kept,
        "PATH": f"{tmp_path}:{kept['PATH']}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_PAGER": "",
    }

    def shell(script: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", script],
            cwd=REPOSITORY, env=environment, input=typed,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    return shell
