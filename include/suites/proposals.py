"""What a history has to say of a suite: other bounds, and bounds for what has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from include.data_docs.words import count_of
from include.suite import Rule, Suite
from include.suites.bounds import (
    LEAST_BATCHES,
    LEAST_VALUES,
    Bounds,
    lower,
    number,
    of_share,
    of_values,
    upper,
)
from include.suites.history import ROWS, History, length_of
from include.suites.measure import Seen, measure

_VALUES = {
    "expect_column_values_to_be_between",
    "expect_column_max_to_be_between",
    "expect_column_min_to_be_between",
    "expect_column_mean_to_be_between",
    "expect_column_median_to_be_between",
}
_LENGTHS = "expect_column_value_lengths_to_be_between"
_VOLUME = "expect_table_row_count_to_be_between"
_SHARES = {
    "expect_column_values_to_not_be_null": "mostly",
    "expect_column_proportion_of_non_null_values_to_be_between": "min_value",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Other bounds for an expectation, or a new expectation."""

    key: str
    bounds: Bounds
    saw: str
    """What was seen, and over how much."""
    entry: dict[str, Any] | None = None
    """The expectation, if it is new."""
    after: str | None = None
    """Key of the expectation below which a new one belongs; None for the last."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Everything that a history proposes."""

    found: list[Proposal]
    too_few: dict[str, int]
    """What has too few values for a proposal, and how many it has."""


def texts_of(suite: Suite) -> set[str]:
    """Text columns whose lengths the suite bounds."""
    return {rule.columns[0] for rule in suite.rules if rule.entry["type"] == _LENGTHS}


def propose(suite: Suite, history: History) -> Proposals:
    """Compare a suite's bounds with what was seen.

    What is critical is left alone: rows that failed it are not in ``curated/``, so the history
    can't say that it is wrong. So is what is no number (a parameter, a formula, a time), and what
    judges some rows only (``mostly``, ``row_condition``).
    """
    seen = measure(history.rows) | measure(history.volumes)
    enough = {name: each for name, each in seen.items() if _is_enough(name, each, history)}
    found = [*_changed(suite, enough, history), *_new(suite, enough, history)]
    return Proposals(found, {name: seen[name].values for name in seen if name not in enough})


def _is_enough(name: str, seen: Seen, history: History) -> bool:
    if name == ROWS:
        return seen.values >= LEAST_BATCHES
    return seen.values >= LEAST_VALUES and history.batches >= LEAST_BATCHES


def _measured(rule: Rule) -> str:
    """What a rule bounds, as the history calls it; empty if it is nothing that is measured."""
    kind = rule.entry["type"]
    if kind in _VALUES:
        return rule.columns[0]
    return length_of(rule.columns[0]) if kind == _LENGTHS else ROWS if kind == _VOLUME else ""


def _changed(suite: Suite, enough: Mapping[str, Seen], history: History) -> Iterator[Proposal]:
    """Other bounds for what is no more than a warning."""
    rules = [rule for rule in suite.rules if rule.severity != "critical"]
    of_shares = [rule for rule in rules if rule.entry["type"] in _SHARES]
    shares = measure(history.shares[list({rule.columns[0] for rule in of_shares})])
    for rule in rules:
        kwargs, name = rule.entry["kwargs"], _measured(rule)
        if "row_condition" in kwargs:
            continue
        if name in enough and "mostly" not in kwargs:
            if bounds := of_values(kwargs, enough[name]):
                yield Proposal(rule.key, bounds, _saw(name, enough[name], history))
        elif rule in of_shares and history.batches >= LEAST_BATCHES:
            seen = shares[rule.columns[0]]
            if bounds := of_share(kwargs, _SHARES[rule.entry["type"]], seen):
                yield Proposal(rule.key, bounds, _saw(f"share of {rule.columns[0]}", seen, history))


def _new(suite: Suite, enough: Mapping[str, Seen], history: History) -> Iterator[Proposal]:
    """Warnings for numbers that have no bound yet, on one side or on both."""
    keys = [rule.key for rule in suite.rules]
    for name, seen in enough.items():
        own = [rule for rule in suite.rules if _measured(rule) == name]
        has_least = any(rule.entry["kwargs"].get("min_value") is not None for rule in own)
        has_most = any(number(rule.entry["kwargs"], "max_value") is not None for rule in own)
        bounds: dict[str, float] = {}
        if not has_least and name != ROWS:  # how few rows are too few, the account's past says
            bounds["min_value"] = lower(seen)
        if not has_most:
            bounds["max_value"] = upper(seen)
        if bounds:
            column = {} if name == ROWS else {"column": name}
            key = _free("rows_as_usual" if name == ROWS else f"{name}_as_usual", keys)
            entry = {
                "type": _VOLUME if name == ROWS else "expect_column_values_to_be_between",
                "severity": "warning",
                "notes": _notes(name, bounds, history),
                "meta": {"key": key},
                "kwargs": column | bounds,
            }
            about = [rule.key for rule in own or suite.rules if rule in own or name in rule.columns]
            yield Proposal(
                key,
                {argument: (None, bound) for argument, bound in bounds.items()},
                _saw(name, seen, history),
                entry,
                about[-1] if about else None,
            )


def _free(key: str, taken: list[str]) -> str:
    numbered = (f"{key}_{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (key, *numbered) if name not in taken)


def _notes(name: str, bounds: Mapping[str, float], history: History) -> str:
    sides = {"min_value": "at least", "max_value": "at most"}
    said = " and ".join(f"{sides[side]} {bound:,}" for side, bound in bounds.items())
    return (
        f"The {name.replace('_', ' ')} is {said}: far beyond all that was seen from "
        f"{history.begin:%Y-%m-%d} to {history.end:%Y-%m-%d}."
    )


def _saw(name: str, seen: Seen, history: History) -> str:
    over = f"values in {history.batches:,} batches"
    if name == ROWS:
        over = "accounts and runs"
    elif name.startswith("share of "):
        over = "batches"
    return (
        f"{name} was {seen.least:,.6g} to {seen.most:,.6g}, median {seen.median:,.6g}, 99 % up to "
        f"{seen.p99:,.6g}; {seen.values:,} {over} on {count_of(history.days, 'day')}"
    )
