"""What moto was asked for, as IAM calls it: pairs of an action and a resource's ARN.

``python -m tests.deploy.ec2.calls FILE`` runs the demo and writes the calls of all its processes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from moto.core.authorization import ActionAuthenticatorMixin

Call = tuple[str, str]
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([a-z0-9-]+)/([a-z0-9-]+)/")
ACCOUNT = "123456789012"


@contextmanager
def recorded(login: str = "sandbox") -> Iterator[set[Call]]:
    """Note each request where moto would judge it, if it were told to enforce IAM.

    Args:
        login: whose, by the id of the key that has signed them; `World.environment` names the
            pipeline's.
    """
    calls: set[Call] = set()

    def note(self: Any, _kind: type, resource: str = "*") -> None:
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        if scope is None or scope[1] != login:
            return
        _, region, service = scope.groups()
        if service == "s3":
            calls.add((f"s3:{self.data['Action']}", resource))
        elif service != "sts":  # who they are is told to all
            action = self._get_action()
            calls.update((f"{service}:{action}", arn) for arn in _arns(self, service, region))

    with mock.patch.object(ActionAuthenticatorMixin, "_authenticate_and_authorize_action", note):
        yield calls


def _arns(request: Any, service: str, region: str) -> list[str]:
    """What the request is about; the actions that IAM knows for everything only are about ``*``."""
    if service == "sns":
        (topic,) = request.querystring.get("TopicArn") or request.querystring["TargetArn"]
        return [topic]
    if service == "ecr":
        return ["*"]
    asked = json.loads(request.body)
    own = f"arn:aws:{service}:{region}:{ACCOUNT}"
    if service == "secretsmanager":
        return [f"{own}:secret:{asked['SecretId']}-AbCdEf"]
    if service == "ssm":
        return [f"{own}:parameter{asked['Name']}"]
    assert service == "glue", f"say in {__file__} what a call of {service} is about"
    database = asked.get("DatabaseName") or asked.get("Name") or asked["DatabaseInput"]["Name"]
    table = asked.get("TableName") or asked.get("TableInput", {}).get("Name")
    table = table or ("DatabaseName" in asked and asked.get("Name"))
    about = [f"{own}:catalog", f"{own}:database/{database}"]
    return [*about, f"{own}:table/{database}/{table}"] if table else about


if __name__ == "__main__":
    from sandbox.demo import main

    with recorded() as found:
        code = main()
    Path(sys.argv[1]).write_text(json.dumps(sorted(found)), encoding="utf-8")
    sys.exit(code)
