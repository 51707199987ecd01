"""A suite that somebody has changed, checked as far as that is possible without data."""

from __future__ import annotations

from pathlib import Path

from include import checkpoint
from include.datasets.dataset import Dataset
from include.suite import Suite, load


def candidate(dataset: Dataset, file: Path) -> Suite:
    """Read a suite that is to judge the dataset.

    Raises:
        BadSuite: it can't be read, or has an expectation that GX can't use, that names a column
            the dataset hasn't, or that uses a parameter the pipeline doesn't supply.
    """
    suite = load(file, checkpoint.kind)
    suite.check(dataset.judged_columns)
    return suite
