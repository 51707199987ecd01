"""The policy of the host's role, and IAM's judgement by it: moto's, of action and resource."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult

from tests.deploy.ec2.calls import ACCOUNT, Call
from tests.deploy.ec2.rules import TEMPLATE

BUCKET, REGION, GLUE = "tweet-lake", "us-east-1", "tweet_lake"
"""The names in the sandbox's world, by which calls are recorded."""
_VALUES = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "Bucket.Arn": f"arn:aws:s3:::{BUCKET}",
    "GlueDatabase": GLUE,
    "Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:tweet-lake",
}


@cache
def statements() -> list[dict[str, Any]]:
    """All that the role is allowed, as the template says it."""
    resources = TEMPLATE["Resources"]
    documents = [p["PolicyDocument"] for p in resources["Role"]["Properties"]["Policies"]]
    documents.append(resources["GluePolicy"]["Properties"]["PolicyDocument"])
    return [
        {**statement, "Resource": [_resolved(one) for one in statement["Resource"]]}
        for document in documents
        for statement in document["Statement"]
    ]


def refused(calls: Iterable[Call]) -> list[Call]:
    """The calls that the role may not make."""
    policy = IAMPolicy(json.dumps({"Version": "2012-10-17", "Statement": statements()}))
    return [
        call for call in sorted(calls)
        if policy.is_action_permitted(*call) is not PermissionResult.PERMITTED
    ]  # fmt: skip


def unused(calls: Iterable[Call]) -> Iterator[Call]:
    """What the role may and no call needs: each action with each of its statement's patterns."""
    made = list(calls)
    for statement in statements():
        for action in statement["Action"]:
            for pattern in statement["Resource"]:
                if not any(a == action and fnmatchcase(r, pattern) for a, r in made):
                    yield action, pattern


def _resolved(value: Any) -> str:
    if isinstance(value, str):
        return value
    ((function, of),) = value.items()
    if function == "Fn::Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda found: _VALUES[found[1]], of)
    return _VALUES[of if isinstance(of, str) else ".".join(of)]
