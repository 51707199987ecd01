"""An AWS account of its own, in moto, and the stack in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

from tests.deploy.ec2 import moto_types

REGION = "eu-central-1"
TEMPLATE = (Path(__file__).parents[3] / "deploy" / "ec2" / "stack.yaml").read_text("utf-8")
SERVICES = (
    *("cloudformation", "cloudwatch", "ec2", "ecr", "glue", "iam", "lakeformation", "rds"),
    *("secretsmanager", "sns", "ssm"),
)
"""What a stack is made of; S3 has the lakes of other tests as well."""
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
                for name, value in {**self.needed(), **parameters}.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        (stack,) = stacks.describe_stacks(StackName="tweet-lake")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

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
def cloud(server: str) -> Iterator[Cloud]:
    """An empty account but for the buckets of other tests: moto has one for the whole process."""
    _reset()
    cloud = Cloud(server)
    before = cloud.buckets()
    yield cloud
    s3 = cloud.client("s3")
    for bucket in cloud.buckets() - before:
        held = s3.list_object_versions(Bucket=bucket)
        for version in (*held.get("Versions", ()), *held.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        s3.delete_bucket(Bucket=bucket)
    _reset()


def _reset() -> None:
    for service in SERVICES:
        get_backend(service).reset()
