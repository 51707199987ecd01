"""The commands of deploy/ec2/README.md, run in their order by bash and the AWS CLI against moto."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from moto.cloudformation.models import ChangeSet
from moto.ssm.models import Parameter, ssm_backends

from include.settings import parse_settings
from tests.deploy.ec2.conftest import REGION
from tests.host_tools import host_tool

REPOSITORY = Path(__file__).parents[3]
README = (REPOSITORY / "deploy" / "ec2" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
FORGET_THE_LOOK = "aws cloudformation delete-stack --stack-name tweet-lake"
"""Moto takes the change set after one that was only looked at for a second stack of that name."""


@pytest.fixture
def ubuntu(cloud):
    """What Canonical publishes in every region, and moto does not."""
    image = cloud.needed()["HostImage"]
    parameter = Parameter("123456789012", UBUNTU, image, "String", None, None, None, 0, 1, "text")
    ssm_backends["123456789012"][REGION]._parameters[UBUNTU].append(parameter)
    return image


@pytest.fixture
def outputs(monkeypatch):
    """Moto knows none of a stack that a change set made."""
    apply = ChangeSet.apply

    def applied(self):
        apply(self)
        self.stack.template_dict = self.template_dict
        self.stack.output_map = self.stack._create_output_map()

    monkeypatch.setattr(ChangeSet, "apply", applied)


@pytest.fixture
def run(cloud, tmp_path):
    """Run blocks in one shell, as a reader does; what they print."""
    aws = tmp_path / "aws"
    # Debian's is too old for AWS_ENDPOINT_URL.
    aws.write_text(f'#!/bin/sh\nexec {host_tool("aws")} --endpoint-url {cloud.url} "$@"\n')
    aws.chmod(0o755)

    def run(*blocks: str) -> str:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", "\n".join(blocks)],
            cwd=REPOSITORY,
            env={
                **kept,
                "PATH": f"{tmp_path}:{kept['PATH']}",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_CONFIG_FILE": str(tmp_path / "none"),
                "AWS_PAGER": "",
                "X_TOKEN": "the-token",
                "SMTP_PASSWORD": "the-password",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    return run


def test_every_command_that_needs_no_host_works_from_the_empty_account_to_the_empty_account(
    cloud, ubuntu, outputs, run
):
    upto = next(number for number, block in enumerate(BLOCKS) if "delete-stack" in block)
    look = next(number for number, block in enumerate(BLOCKS) if "--no-execute" in block)
    printed = run(*BLOCKS[: look + 1], FORGET_THE_LOOK, *BLOCKS[look + 1 : upto])
    assert "is there already" not in printed
    assert re.search(r"lake\.example\.org\. A \d+\.\d+\.\d+\.\d+", printed)
    secrets = cloud.client("secretsmanager")

    def secret(name):
        return secrets.get_secret_value(SecretId=f"tweet-lake/{name}")["SecretString"]

    assert json.loads(secret("connections/x_api"))["password"] == "the-token"
    assert json.loads(secret("connections/smtp_default"))["password"] == "the-password"
    assert secret("airflow/admin") in printed
    settings = parse_settings(secret("variables/tweet_lake"))
    assert settings.data_docs_url == "https://lake.example.org/data-docs"

    assert run(BLOCKS[0], next(b for b in BLOCKS if "head-bucket" in b)).startswith(
        f"s3://{settings.bucket} is there already"
    )

    run(BLOCKS[0], *BLOCKS[upto:])
    assert secrets.list_secrets()["SecretList"] == []
    assert settings.bucket in cloud.buckets()


def test_what_was_not_run_is_marked():
    commands = re.findall(r"^```(\w+)\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
    for kind, block in commands:
        lines = [line for line in block.splitlines() if not line.startswith(" ")]
        assert all(line.startswith("$ ") for line in lines) == (kind == "console")
