"""The commands of deploy/ec2/README.md, run in their order by bash and the AWS CLI against moto."""

from __future__ import annotations

import json
import re

import pytest
from moto.cloudformation.models import ChangeSet

from include.settings import parse_settings
from sandbox.smtp_sink import SmtpSink
from tests.deploy.ec2.conftest import REPOSITORY

README = (REPOSITORY / "deploy" / "ec2" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
TOKEN = "AAAA%3D$HOME`id`"
PASSWORD = """ a "quoted" \\word\\n of 'mine', $HOME $(id) {} % """
FORGET_THE_LOOK = "aws cloudformation delete-stack --stack-name tweet-lake"
"""Moto takes the change set after one that was only looked at for a second stack of that name."""


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
def run(shell):
    """Run blocks in one shell, as a reader does, who types secrets; what they print."""

    def run(*blocks: str) -> str:
        done = shell("\n".join(blocks), typed=f"{TOKEN}\n{PASSWORD}\n")
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
    assert re.search(r"^lake\.example\.org\. 300 IN A \d+\.\d+\.\d+\.\d+$", printed, re.MULTILINE)
    assert "https://lake.example.org, user admin, password:\n" in printed
    secrets = cloud.client("secretsmanager")

    def secret(name):
        return secrets.get_secret_value(SecretId=f"tweet-lake/{name}")["SecretString"]

    assert json.loads(secret("connections/x_api"))["password"] == TOKEN
    assert json.loads(secret("connections/smtp_default"))["password"] == PASSWORD
    assert secret("airflow/admin") in printed
    settings = parse_settings(secret("variables/tweet_lake"))
    assert settings.data_docs_url == "https://lake.example.org/data-docs"

    assert run(BLOCKS[0], next(b for b in BLOCKS if "head-bucket" in b)).startswith(
        f"s3://{settings.bucket} is there already"
    )

    run(BLOCKS[0], *BLOCKS[upto:])
    assert secrets.list_secrets()["SecretList"] == []
    assert settings.bucket in cloud.buckets()


def test_the_mail_to_try_is_sent_by_the_connection(tmp_path, monkeypatch):
    (code,) = re.findall(r"scheduler-1 python -c '(.+?)'\n", README, re.DOTALL)
    sink = SmtpSink(tmp_path / "mails")
    sink.start()
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "lake@example.org"}
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": sink.port, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
    exec(code, {})  # noqa: S102 - the page's own
    sink.stop()
    (mail,) = (tmp_path / "mails").iterdir()
    assert "data-team@example.org" in mail.read_text()


def test_what_was_not_run_is_marked():
    commands = re.findall(r"^```(\w+)\n(.+?)^```", README, re.MULTILINE | re.DOTALL)
    for kind, block in commands:
        lines = [line for line in block.splitlines() if not line.startswith(" ")]
        assert all(line.startswith("$ ") for line in lines) == (kind == "console")
