"""The columns of a compacted file."""

from __future__ import annotations

import pyarrow as pa

from include.datasets.dataset import Dataset

ACCOUNT = pa.field(
    "account",
    pa.string(),
    metadata={"description": "Account or search as in account=; null of datasets of all accounts."},
)


def compacted_schema(dataset: Dataset) -> pa.Schema:
    """Columns of a compacted file: the account, then the dataset's.

    All may be null: an older object lacks the columns that came since.
    """
    return pa.schema([ACCOUNT, *(field.with_nullable(True) for field in dataset.curated_schema)])
