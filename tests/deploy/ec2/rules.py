"""What CloudFormation asks of parameters before it makes anything; moto asks nothing.

Patterns are for the whole value (Java's ``matches``); of the functions of ``Rules`` those that the
template uses. ``Fn::ValueOfAll`` asks AWS about resources: ``known`` answers in its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

TEMPLATE: Any = cfn_yaml.load(str(Path(__file__).parents[3] / "deploy" / "ec2" / "stack.yaml"))


def refusals(
    given: Mapping[str, str], known: Mapping[tuple[str, str], str] | None = None
) -> list[str]:
    """The sentences by which CloudFormation refuses the parameters; none where it takes them."""
    said, values = [], {}
    for name, parameter in TEMPLATE["Parameters"].items():
        value = given.get(name, parameter.get("Default"))
        if value is None:
            said.append(f"Parameters: [{name}] must have values")
        elif not _takes(parameter, str(value)):
            said.append(parameter["ConstraintDescription"])
        values[name] = value
    if said:
        return said
    for rule in TEMPLATE["Rules"].values():
        if not _holds(rule.get("RuleCondition", {"Fn::Equals": ["", ""]}), values, known or {}):
            continue
        said += [
            assertion["AssertDescription"]
            for assertion in rule["Assertions"]
            if not _holds(assertion["Assert"], values, known or {})
        ]
    return said


def _takes(parameter: Mapping[str, Any], value: str) -> bool:
    if "AllowedValues" in parameter:
        return value in parameter["AllowedValues"]
    if parameter["Type"] == "Number":
        return value.isdigit() and parameter["MinValue"] <= int(value) <= parameter["MaxValue"]
    return re.fullmatch(parameter.get("AllowedPattern", ".*"), value) is not None


def _holds(condition: Any, values: Mapping[str, Any], known: Mapping[tuple[str, str], str]) -> bool:
    ((function, of),) = condition.items()
    if function == "Fn::Not":
        return not _holds(of[0], values, known)
    if function == "Fn::And":
        return all(_holds(one, values, known) for one in of)
    first, second = (_value(one, values, known) for one in of)
    if function == "Fn::EachMemberEquals":
        return all(one == second for one in first)
    assert function == "Fn::Equals"
    return bool(first == second)


def _value(of: Any, values: Mapping[str, Any], known: Mapping[tuple[str, str], str]) -> Any:
    if isinstance(of, list):
        return [_value(one, values, known) for one in of]
    if isinstance(of, dict):
        ((function, what),) = of.items()
        if function == "Ref":
            return values[what]
        assert function == "Fn::ValueOfAll"
        kind, attribute = what
        named = [name for name, about in TEMPLATE["Parameters"].items() if about["Type"] == kind]
        return [known[name, attribute] for name in named]
    return of
