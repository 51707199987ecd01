"""Is it good data? One Great Expectations checkpoint per batch, by a suite of ``expectations/``."""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from include.collector import collector_at_rest
from include.report import FailedExpectation
from include.suite import BadSuite, Rule, Suite, load

if TYPE_CHECKING:
    import pandas as pd

    from include.checkpoint import Checkpoint, Finding

__all__ = ["BadSuite", "Quality", "Verdict"]

Level = Literal["all", "row", "batch"]

EXAMPLES = 5
"""Examples of each failed expectation in report and mail."""
LISTED = 20
"""Rows of each failed expectation in the result and in Data Docs."""
SHOWN_CHARACTERS = 120


@dataclass(frozen=True)
class Verdict:
    """What a suite says of one batch."""

    bad_rows: dict[int, list[str]]
    """Value of column ``row`` → keys of the critical row-level expectations that it failed."""
    batch_failed: bool
    """A critical batch-level expectation failed, or any could not be evaluated."""
    failed: list[FailedExpectation]
    """Every expectation that failed, of any severity, in the order of the suite."""
    result: dict[str, Any]
    """GX's result as JSON, equal for equal batches; its lists are cut to :data:`LISTED` rows."""


class Quality:
    """A suite, ready to check any number of batches; make one per process.

    Great Expectations is imported here and not with the module: its import costs seconds.

    Args:
        suite: JSON file of a GX suite, each expectation with severity, notes and meta.key.
        id_column: column that tells people which row is meant.

    Raises:
        BadSuite: it can't be read, or has an expectation that GX or this project can't use.
    """

    def __init__(self, suite: Path, id_column: str) -> None:
        _import_great_expectations()
        from include import checkpoint

        self._id_column = id_column
        self._suite = load(suite, checkpoint.kind)
        self._new_checkpoint = checkpoint.Checkpoint
        self._checkpoints: dict[tuple[str, ...], Checkpoint] = {}

    @property
    def suite(self) -> Suite:
        """The suite as it was read."""
        return self._suite

    @property
    def batch_columns(self) -> tuple[str, ...]:
        """Columns that ``level="batch"`` reads: all that is to be kept of a batch in parts."""
        rules = [rule for rule in self._suite.rules if not rule.of_each_part]
        return tuple(sorted({"row", *(column for rule in rules for column in rule.columns)}))

    def check(
        self,
        frame: pd.DataFrame,
        *,
        asset: str,
        run_name: str,
        run_time: datetime,
        parameters: Mapping[str, Any],
        level: Level = "all",
    ) -> Verdict:
        """Check one batch.

        Args:
            frame: scalar columns; ``row`` holds a number of its own for each row.
            asset: the batch's name in result and Data Docs, for example ``tweets/nasa``.
            run_name: the run's name, for example the interval's.
            run_time: the result's only time.
            parameters: a value for each ``{"$PARAMETER": name}``; the number of rows is there
                as ``rows``. Expectations that use one given as None are left out.
            level: ``row`` for a part of a batch that is too large for one frame, ``batch`` once
                for the whole of it; expectations about columns and types go with the parts.

        Raises:
            BadSuite: the suite uses a parameter that is not among ``parameters``.
        """
        given = self._suite.given({**parameters, "rows": len(frame)})
        rules = [
            rule
            for rule in self._suite.rules
            if all(given[name] is not None for name in rule.parameters)
            and (level == "all" or rule.of_each_part == (level == "row"))
        ]
        keys = tuple(rule.key for rule in rules)
        if keys not in self._checkpoints:
            self._checkpoints[keys] = self._new_checkpoint([rule.entry for rule in rules])
        frame = frame.reset_index(drop=True)
        run = self._checkpoints[keys].run(frame, given, run_name=run_name, run_time=run_time)
        failed: list[FailedExpectation] = []
        bad_rows: dict[int, list[str]] = {}
        for rule in rules:
            outcome = run.outcomes[rule.key]
            if outcome.success:
                continue
            listed = _examples(rule, outcome.positions[:LISTED], frame, self._id_column)
            failed.append(failed_expectation(rule, outcome, listed))
            run.show(rule.key, listed_rows(rule, listed, self._id_column))
            if (failed[-1].level, failed[-1].severity) == ("row", "critical"):
                for row in frame["row"].iloc[outcome.positions]:
                    bad_rows.setdefault(int(row), []).append(rule.key)
        return Verdict(
            bad_rows=dict(sorted(bad_rows.items())),
            batch_failed=any((f.level, f.severity) == ("batch", "critical") for f in failed),
            failed=failed,
            result=run.result(suite=self._suite.name, asset=asset),
        )


@cache
def _import_great_expectations() -> None:
    """Once for a process: what it makes stays for good, and collecting it costs each batch a tenth.

    So would anything stay that is to be collected, if it were frozen anew for each suite.
    """
    with collector_at_rest():
        import include.checkpoint  # noqa: F401
    gc.freeze()


def failed_expectation(
    rule: Rule, outcome: Finding, listed: Sequence[tuple[str | None, str]]
) -> FailedExpectation:
    """A failure as the report tells it; what could not be evaluated condemns the batch."""
    by_row = rule.level == "row" and outcome.exception is None
    return FailedExpectation(
        key=rule.key,
        severity=rule.severity if outcome.exception is None else "critical",
        level="row" if by_row else "batch",
        note=rule.notes,
        column=", ".join(rule.columns) or None,
        unexpected_count=outcome.unexpected_count if by_row else 0,
        observed=None if by_row else cell_text(outcome.exception or outcome.observed),
        examples=[{"id": row_id, "value": value} for row_id, value in listed[:EXAMPLES]],
    )


def listed_rows(
    rule: Rule, listed: Sequence[tuple[str | None, str]], id_column: str
) -> dict[str, Any]:
    """The first rows of a failure, as GX's result and its page name such lists."""
    if not listed:
        return {}
    values = [value for _, value in listed]
    return {
        "partial_unexpected_list": values,
        "partial_unexpected_counts": [
            {"value": value, "count": count} for value, count in Counter(values).items()
        ],
        "unexpected_index_column_names": [id_column],
        "unexpected_index_list": [
            {id_column: row_id, ", ".join(rule.columns): value} for row_id, value in listed
        ],
    }


def _examples(
    rule: Rule, positions: list[int], frame: pd.DataFrame, id_column: str
) -> list[tuple[str | None, str]]:
    """Id and value of some rows; the values of several columns stand side by side."""
    if not positions:
        return []
    rows = frame.iloc[positions]
    ids = [None if missing else str(i) for i, missing in _cells(rows[id_column])]
    columns = [
        ["null" if missing else cell_text(value) for value, missing in _cells(rows[name])]
        for name in rule.columns
    ]
    return [
        (i, " / ".join(values)) for i, values in zip(ids, zip(*columns, strict=True), strict=True)
    ]


def _cells(column: pd.Series[Any]) -> Iterator[tuple[Any, bool]]:
    """Each value, and whether it is missing."""
    return zip(column, column.isna(), strict=True)


def cell_text(value: Any, most: int = SHOWN_CHARACTERS) -> str:
    """A value for people to read: short, its control characters visible, its time UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, float):  # a share, or a count: it may be missing, which no int can be
        value = f"{value:.10g}" if value % 1 else int(value)
    text = re.sub(r"[\x00-\x1f\x7f]", lambda found: repr(found[0])[1:-1], str(value))
    return text if len(text) <= most else f"{text[: most - 1]}…"
