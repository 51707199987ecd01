"""Great Expectations' metrics over a history: what was seen of each column."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from dataclasses import dataclass
from typing import Any

import pandas as pd

from include.checkpoint import batch_of

# isort: split
# After the module above, which says what Great Expectations may load and tell.
from great_expectations.metrics.column.aggregate_non_null_count import ColumnAggregateNonNullCount
from great_expectations.metrics.column.column import ColumnMetric
from great_expectations.metrics.column.descriptive_stats import ColumnDescriptiveStats
from great_expectations.metrics.metric_results import MetricResult


@dataclass(frozen=True, slots=True)
class Seen:
    """One column over the whole history."""

    values: int
    """That are not null."""
    least: float
    median: float
    p99: float
    most: float


class _ColumnQuantiles(ColumnMetric[MetricResult[list[float]]]):
    """GX's own quantiles, for which its public metrics have no class yet."""

    name = "column.quantile_values"

    quantiles: tuple[float, ...] = (0.5, 0.99)
    allow_relative_error: str = "higher"
    """To pandas the interpolation: a value that was seen, not one between two."""


def measure(frame: pd.DataFrame) -> dict[str, Seen]:
    """Measure every column of numbers; one without values is left out."""
    columns = [str(name) for name in frame if frame[name].notna().any()]
    if not columns:
        return {}
    kinds = (ColumnAggregateNonNullCount, ColumnDescriptiveStats, _ColumnQuantiles)
    metrics: list[Any] = [kind(column=name) for name in columns for kind in kinds]
    with redirect_stderr(io.StringIO()):  # GX draws a progress bar, and has no switch for it here
        found = [result.value for result in batch_of(frame).compute_metrics(metrics)]
    return {
        column: Seen(
            values=int(count),
            least=float(stats.min),
            median=float(quantiles[0]),
            p99=float(quantiles[1]),
            most=float(stats.max),
        )
        for column, count, stats, quantiles in zip(
            columns, found[0::3], found[1::3], found[2::3], strict=True
        )
    }
