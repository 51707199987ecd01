"""Great Expectations' side of :mod:`include.quality`: the only module that imports it to check."""

from __future__ import annotations

import difflib
import logging
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, cast

from include.later import as_if_missing, import_later

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read by GX on import: it must never call home
import_later("altair", "scipy.stats")

# Nothing here needs them; both are optional to GX.
with as_if_missing("boto3", "pyspark"):
    import great_expectations as gx
import numpy as np
import pandas as pd
from great_expectations.core.freshness_diagnostics import (
    CheckpointFreshnessDiagnostics,
    ValidationDefinitionFreshnessDiagnostics,
)
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.store.validation_results_store import ValidationResultsStore
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.execution_engine import pandas_execution_engine as engine
from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    Expectation,
    MulticolumnMapExpectation,
)
from great_expectations.expectations.registry import (
    get_expectation_impl,
    list_registered_expectation_implementations,
)
from pydantic.v1 import ValidationError

from include.suite import Kind

# It tells each parameter that it reads; a task's log is for what became of the data.
logging.getLogger("great_expectations").setLevel(logging.WARNING)

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.data_context.data_context.abstract_data_context import (
        AbstractDataContext,
    )
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

ONE_AT_A_TIME = Lock()
"""GX, and what is changed of it during a run, is one for all threads."""
_BY_ROW = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
_ABOUT_COLUMNS = {
    "expect_column_to_exist",
    "expect_column_type_to_be",
    "expect_column_values_to_be_in_type_list",
    "expect_column_values_to_be_of_type",
    "expect_table_column_count_to_be_between",
    "expect_table_column_count_to_equal",
    "expect_table_columns_to_match_ordered_list",
    "expect_table_columns_to_match_set",
}
_COUNTS = {"result_format": "BASIC"}
_ROWS = {"result_format": "COMPLETE", "exclude_unexpected_values": True}
_PAIRS_WITHOUT: dict[str, Literal["any", "all"]] = {
    "either_value_is_missing": "any",
    "both_values_are_missing": "all",
}
_LISTS = ("partial_unexpected", "unexpected_index", "unexpected_list")


def kind(name: str, kwargs: dict[str, Any]) -> Kind:
    """What the expectation ``name`` judges.

    Raises:
        ValueError: GX has no such expectation, or it does not take these arguments.
    """
    known = list_registered_expectation_implementations()
    if name not in known:
        close = difflib.get_close_matches(str(name), known, n=1, cutoff=0)
        raise ValueError(f"GX has no expectation {name!r}; did you mean {close[0]}?")
    implementation = get_expectation_impl(name)
    try:
        implementation(**kwargs)
    except ValidationError as error:
        problems = (
            ": ".join([*(str(part) for part in e["loc"] if part != "__root__"), e["msg"]])
            for e in error.errors()
        )
        raise ValueError(
            f"{name} refuses its arguments: {'; '.join(problems)}; "
            f"https://greatexpectations.io/expectations/{name} lists them"
        ) from error
    if name in _ABOUT_COLUMNS:
        return "columns"
    return "row" if issubclass(implementation, _BY_ROW) else "batch"


@dataclass(frozen=True, slots=True)
class Finding:
    """What GX found for one expectation."""

    success: bool
    positions: list[Any]
    """Positions in the frame of the rows that failed it; of a database's, their first rows."""
    unexpected_count: int
    observed: Any
    exception: str | None
    """Why it could not be evaluated."""


class Run:
    """One checkpoint's result: read it by key, then make it JSON."""

    def __init__(self, result: ExpectationSuiteValidationResult) -> None:
        self._result = result
        self._shown: dict[str, dict[str, Any]] = {}
        self.outcomes = {_key(found): _outcome(found) for found in result.results}

    def show(self, key: str, lists: dict[str, Any]) -> None:
        """Put these lists in the place of GX's own, which name every row."""
        self._shown[key] = lists

    def result(self, *, suite: str, asset: str) -> dict[str, Any]:
        """The result as JSON, without what changes from process to process."""
        meta = self._result.meta
        time = meta["run_id"].run_time.astimezone(UTC).isoformat()
        entries = {_key(found): _entry(found) for found in self._result.results}
        for key, lists in self._shown.items():
            entries[key]["result"].update(lists)
        result = {
            "success": self._result.success,
            "suite_name": suite,
            "results": list(entries.values()),
            "statistics": self._result.statistics,
            "suite_parameters": {},
            "meta": {
                "great_expectations_version": meta["great_expectations_version"],
                "active_batch_definition": {
                    "datasource_name": asset.partition("/")[0],
                    "data_connector_name": "fluent",
                    "data_asset_name": asset,
                    "batch_identifiers": {},
                },
                "run_id": {"run_name": meta["run_id"].run_name, "run_time": time},
                "validation_time": time,
            },
        }
        return cast("dict[str, Any]", _json(result))


class Checkpoint:
    """A GX checkpoint over some expectations, run once for each batch."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self._entries = {entry["meta"]["key"]: entry for entry in entries}
        with ONE_AT_A_TIME:
            self._checkpoint = checkpoint_over(_batches(), entries, _COUNTS)

    def run(
        self, frame: pd.DataFrame, parameters: dict[str, Any], *, run_name: str, run_time: datetime
    ) -> Run:
        """Check one batch; ``frame`` counts its rows from 0.

        Listing the rows of every expectation costs as much again as counting them, so only
        those are asked for their rows that failed.
        """
        run_id = RunIdentifier(run_name=run_name, run_time=run_time)
        with ONE_AT_A_TIME, _built_once(), _one_column_at_a_time(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # GX's own use of pandas
            result = run_once(self._checkpoint, {"dataframe": frame}, parameters, run_id)
            failed = [_key(found) for found in result.results if not found.success]
            if failed:
                again_for = [self._entries[key] for key in failed]
                checkpoint = checkpoint_over(_batches(), again_for, _ROWS)
                rows = run_once(checkpoint, {"dataframe": frame}, parameters, run_id)
                again = {_key(found): found for found in rows.results}
                result.results = [again.get(_key(found), found) for found in result.results]
        return Run(result)


class _NoResults(ValidationResultsStore):
    """Keeps nothing: each verdict carries its result, and GX's copies would only pile up."""

    def store_validation_results(self, *_: Any, **__: Any) -> bool:
        return True


class _Validation(gx.ValidationDefinition):
    """Never stale: its suite is made here from a file, and nobody else has it."""

    def is_fresh(self) -> ValidationDefinitionFreshnessDiagnostics:
        return ValidationDefinitionFreshnessDiagnostics(errors=[])


class _Checkpoint(gx.Checkpoint):
    """Never stale, as its validation."""

    def is_fresh(self) -> CheckpointFreshnessDiagnostics:
        return CheckpointFreshnessDiagnostics(errors=[])


def checkpoint_over(
    data: BatchDefinition[Any], entries: list[dict[str, Any]], result_format: dict[str, Any]
) -> gx.Checkpoint:
    """A checkpoint of these expectations; whoever makes or runs one holds ``ONE_AT_A_TIME``."""
    suite = gx.ExpectationSuite(name="suite", expectations=entries)
    validation = _Validation(name="validation", data=data, suite=suite)
    return _Checkpoint(
        name="checkpoint", validation_definitions=[validation], result_format=result_format
    )


def run_once(
    checkpoint: gx.Checkpoint,
    batch: dict[str, Any] | None,
    parameters: dict[str, Any],
    run_id: RunIdentifier,
) -> ExpectationSuiteValidationResult:
    """The result of its only validation; ``batch`` is what the batch definition asks for."""
    found = checkpoint.run(batch_parameters=batch, expectation_parameters=parameters, run_id=run_id)
    (result,) = found.run_results.values()
    return result


@contextmanager
def _built_once() -> Iterator[None]:
    """Build each expectation's configuration once a run, and not a hundred times.

    GX derives it anew whenever an expectation is asked for one of its arguments: a third of a
    small batch's time. It holds the run's parameters, so nothing is kept beyond the run.
    """
    derived = Expectation.configuration
    kept: dict[int, tuple[Expectation, ExpectationConfiguration]] = {}

    def configuration(self: Expectation) -> ExpectationConfiguration:
        if id(self) not in kept:
            kept[id(self)] = self, derived.__get__(self)
        return kept[id(self)][1]

    Expectation.configuration = property(configuration)  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        Expectation.configuration = derived  # type: ignore[method-assign]


@contextmanager
def _one_column_at_a_time() -> Iterator[None]:
    """Give an expectation about a column or two just these, and fingerprint no frame.

    GX drops the rows that are null in one column from all forty, once for each expectation, and
    hashes every cell for a mark that nobody reads: together half of a large batch's time.
    """
    pandas_engine = engine.PandasExecutionEngine
    records, fingerprint = pandas_engine.get_domain_records, engine.hash_pandas_dataframe

    def get_domain_records(self: Any, domain_kwargs: dict[str, Any]) -> pd.DataFrame:
        pair = [domain_kwargs.get("column_A"), domain_kwargs.get("column_B")]
        missing = _PAIRS_WITHOUT.get(domain_kwargs.get("ignore_row_if", ""))
        if None not in pair and missing is not None:
            given = {k: v for k, v in domain_kwargs.items() if k != "ignore_row_if"}
            return records(self, given)[pair].dropna(how=missing)
        frame = records(self, domain_kwargs)
        column = domain_kwargs.get("column")
        return frame[[column]] if column in frame.columns else frame

    pandas_engine.get_domain_records = get_domain_records  # type: ignore[method-assign]
    engine.hash_pandas_dataframe = lambda _: ""
    try:
        yield
    finally:
        pandas_engine.get_domain_records = records  # type: ignore[method-assign]
        engine.hash_pandas_dataframe = fingerprint


def batch_of(frame: pd.DataFrame) -> Batch:
    """The frame as GX's batch, to ask it for metrics."""
    return _batches().get_batch({"dataframe": frame})


@cache
def context() -> AbstractDataContext:
    """The process's only context: in memory, without progress bars."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    context.stores[context.validation_results_store_name] = _NoResults()
    return context


@cache
def _batches() -> BatchDefinition[Any]:
    """The batch definition of every batch: GX keeps the last frame of each it knows."""
    asset = context().data_sources.add_pandas("batches").add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("batch")


def _configuration(found: ExpectationValidationResult) -> ExpectationConfiguration:
    if found.expectation_config is None:  # GX's type allows it, its validator always sets it
        raise TypeError(f"Great Expectations returned a result without its expectation: {found}")
    return found.expectation_config


def _key(found: ExpectationValidationResult) -> str:
    return str(_configuration(found).meta["key"])


def _outcome(found: ExpectationValidationResult) -> Finding:
    listed = [] if found.success else found.result.get("unexpected_index_list") or []
    return Finding(
        success=bool(found.success),
        positions=listed,
        unexpected_count=found.result.get("unexpected_count") or 0,
        observed=_observed(found.result),
        exception=_exception(found.exception_info or {}),
    )


def _observed(result: Mapping[str, Any]) -> Any:
    """What was seen instead, for an expectation about the batch."""
    mismatched = (result.get("details") or {}).get("mismatched")
    if mismatched:
        return "; ".join(f"{how}: {', '.join(names)}" for how, names in mismatched.items())
    seen = result.get("observed_value")
    if seen is None or seen is pd.NaT:
        return "null"
    return ", ".join(map(str, seen)) if isinstance(seen, list | set) else seen


def _exception(info: Mapping[str, Any]) -> str | None:
    """Why an expectation could not be evaluated; GX says it at one of two depths."""
    for cause in (info, *(cause for cause in info.values() if isinstance(cause, Mapping))):
        if cause.get("raised_exception"):
            return str(cause.get("exception_message") or "it could not be evaluated")
    return None


def _entry(found: ExpectationValidationResult) -> dict[str, Any]:
    """One expectation's result; no traceback of its exception, which would name local paths."""
    configuration = _configuration(found)
    exception = _exception(found.exception_info or {})
    return {
        "success": bool(found.success),
        "expectation_config": {
            "type": configuration.type,
            "kwargs": {k: v for k, v in configuration.kwargs.items() if k != "batch_id"},
            "meta": configuration.meta,
            "notes": configuration.notes,
            "severity": configuration.severity,
        },
        "result": {k: v for k, v in found.result.items() if not k.startswith(_LISTS)},
        "meta": {},
        "exception_info": {
            "raised_exception": exception is not None,
            "exception_message": exception,
            "exception_traceback": "",
        },
    }


def _json(value: Any) -> Any:
    """The same in JSON's types; NaN and infinity, which it lacks, become null."""
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NaT:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)
