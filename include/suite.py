"""A suite of ``expectations/``, read and checked as far as that is possible without data."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from include.errors import BadConfiguration
from include.report import Severity

Kind = Literal["row", "columns", "batch"]
"""What an expectation judges: each row, the columns and their types, the batch as a whole."""

PARAMETERS = (
    "interval_start",
    "interval_end",
    "author_id",
    "volume_min",
    "volume_max",
    "asked",
    "rows",
)
"""What validation gives every suite; each is explained in ``expectations/README.md``."""

_FIELDS = ("type", "severity", "notes", "meta", "kwargs")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_NAME = re.compile(r"[A-Za-z_]\w*")
_ARITHMETIC = {"abs", "round", "sgn", "trunc"}


class BadSuite(BadConfiguration):
    """A suite can't be used; the message names file, expectation and remedy."""

    def __init__(self, file: Path, where: str, problem: str) -> None:
        super().__init__(
            ": ".join(filter(None, [f"{file.parent.name}/{file.name}", where, problem]))
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One expectation of a suite."""

    key: str
    severity: Severity
    notes: str
    kind: Kind
    columns: tuple[str, ...]
    """Columns that it reads; none for an expectation about the whole table."""
    parameters: frozenset[str]
    entry: dict[str, Any]
    """The expectation as the suite has it and GX takes it."""

    @property
    def level(self) -> Literal["row", "batch"]:
        """Whether a failure is about rows or about the batch."""
        return "row" if self.kind == "row" else "batch"

    @property
    def of_each_part(self) -> bool:
        """Whether it holds for a batch when it holds for each part of it."""
        return self.kind != "batch"


@dataclass(frozen=True, slots=True)
class Suite:
    """The expectations of one dataset."""

    file: Path
    name: str
    rules: tuple[Rule, ...]

    def given(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters as GX takes them: what stands for a ``value_set`` becomes a list.

        Raises:
            BadSuite: one that the suite uses is not among them.
        """
        given = dict(parameters)
        for rule in self.rules:
            if missing := sorted(rule.parameters - parameters.keys()):
                raise BadSuite(
                    self.file,
                    rule.key,
                    f"it uses the parameter {missing[0]!r}, which the pipeline does not supply; "
                    f"there are {', '.join(sorted(parameters))}",
                )
            for name in _parameters(rule.entry["kwargs"].get("value_set")):
                value = parameters[name]
                given[name] = value if value is None or isinstance(value, list) else [value]
        return given

    def check(self, columns: Collection[str]) -> None:
        """Make sure that the pipeline has what the suite uses, before there is a batch to judge.

        Args:
            columns: those that the suite is shown of a batch.

        Raises:
            BadSuite: an expectation names another column, or a parameter that there is not.
        """
        self.given(dict.fromkeys(PARAMETERS))
        for rule in self.rules:
            named = {*rule.columns, *_condition_columns(rule.entry["kwargs"].get("row_condition"))}
            if unknown := sorted(named - set(columns)):
                close = difflib.get_close_matches(unknown[0], columns, n=1, cutoff=0)
                raise BadSuite(
                    self.file,
                    rule.key,
                    f"there is no column {unknown[0]!r}; did you mean {close[0]!r}?",
                )


def load(file: Path, kind: Callable[[str, dict[str, Any]], Kind]) -> Suite:
    """Read a suite; ``kind`` tells what an expectation judges, or raises ValueError.

    Raises:
        BadSuite: it can't be read, or one of its expectations can't be used.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=_each_once)
    except OSError as error:
        raise BadSuite(file, "", f"{error.strerror}; a dataset needs its suite") from error
    except ValueError as error:
        raise BadSuite(file, "", f"it is not JSON: {error}") from error
    name = content.get("name") if isinstance(content, dict) else None
    entries = content.get("expectations") if isinstance(content, dict) else None
    if not isinstance(name, str) or not isinstance(entries, list) or not entries:
        raise BadSuite(file, "", 'write {"name": "…", "expectations": […]} with at least one')
    rules: dict[str, Rule] = {}
    for number, entry in enumerate(entries, start=1):
        where = f"expectation {number}"
        try:
            where += f" ({_named(entry)})"
            rule = _rule(entry, kind)
            if rule.key in rules:
                raise ValueError(f"meta.key {rule.key!r} is taken; choose another")  # noqa: TRY301
        except ValueError as error:
            raise BadSuite(file, where, str(error)) from error
        rules[rule.key] = rule
    return Suite(file, name, tuple(rules.values()))


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless it says a name twice: JSON would take the last without a word."""
    names = [name for name, _ in pairs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"an object has {twice!r} twice; keep one of them")
    return dict(pairs)


def _named(entry: Any) -> str:
    if not isinstance(entry, dict):
        raise ValueError(f"write an object with {', '.join(_FIELDS)}")  # noqa: TRY004
    meta = entry.get("meta")
    key = meta.get("key") if isinstance(meta, dict) else None
    return str(key or entry.get("type"))


def _rule(entry: dict[str, Any], kind: Callable[[str, dict[str, Any]], Kind]) -> Rule:
    if missing := [field for field in _FIELDS if not entry.get(field)]:
        raise ValueError(f"{missing[0]} is missing; it takes {', '.join(_FIELDS)}")
    if unknown := sorted(entry.keys() - set(_FIELDS)):
        raise ValueError(f"unknown field {unknown[0]!r}; it takes {', '.join(_FIELDS)}")
    key = entry["meta"].get("key") if isinstance(entry["meta"], dict) else None
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError(
            f"meta.key is {key!r}; give it a lasting name in snake_case, for example "
            "like_count_not_negative"
        )
    if entry["severity"] not in get_args(Severity):
        raise ValueError(
            f"severity is {entry['severity']!r}; write {', '.join(get_args(Severity))}"
        )
    if not isinstance(entry["notes"], str) or not entry["notes"].strip():
        raise ValueError("notes is no text; say in a sentence what must hold and why")
    kwargs = entry["kwargs"]
    if not isinstance(kwargs, dict):
        raise ValueError("kwargs is no object; write the expectation's arguments by name")  # noqa: TRY004
    for name, value in kwargs.items():
        _check_argument(name, value)
    return Rule(
        key=key,
        severity=entry["severity"],
        notes=entry["notes"],
        kind=kind(entry["type"], kwargs),
        columns=tuple(_columns(kwargs)),
        parameters=frozenset(name for value in kwargs.values() for name in _parameters(value)),
        entry=entry,
    )


def _check_argument(name: str, value: Any) -> None:
    """Refuse what GX would take and then not do."""
    if not _is_parameter(value) and '"$PARAMETER"' in json.dumps(value):
        raise ValueError(f'{name}: {{"$PARAMETER": …}} has to be the whole value')
    patterns = value if isinstance(value, list) else [value]
    for pattern in patterns if name in {"regex", "regex_list"} else []:
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            raise ValueError(f"{name}: {pattern!r} is no regular expression: {error}") from error


def _is_parameter(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("$PARAMETER"), str)


def _parameters(value: Any) -> list[str]:
    """Names in ``{"$PARAMETER": "0.5 * sgn(rows)"}``."""
    names = _NAME.findall(value["$PARAMETER"]) if _is_parameter(value) else []
    return [name for name in names if name not in _ARITHMETIC]


def _columns(kwargs: Mapping[str, Any]) -> Iterator[str]:
    for name in ("column", "column_A", "column_B"):
        if name in kwargs:
            yield kwargs[name]
    yield from kwargs.get("column_list", ())


def _condition_columns(condition: Any) -> Iterator[str]:
    """Columns in ``{"type": "comparison", "column": {"name": …}, …}``, however deep."""
    if isinstance(condition, Mapping):
        column = condition.get("column")
        if isinstance(column, Mapping) and isinstance(column.get("name"), str):
            yield column["name"]
    if isinstance(condition, Mapping | list):
        inner = condition.values() if isinstance(condition, Mapping) else condition
        for part in inner:
            yield from _condition_columns(part)
