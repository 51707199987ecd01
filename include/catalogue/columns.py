"""The columns of a compacted file."""

from __future__ import annotations

import pyarrow as pa

from include.datasets.dataset import Dataset

ACCOUNT = pa.field(
    "account",
    pa.string(),
    metadata={"description": "Account or search as in account=; null of datasets of all accounts."},
)
ACCOUNTS = pa.field(
    "accounts",
    pa.list_(pa.string()),
    metadata={
        "description": "Every account and search that brought it; `account` is one of these."
    },
)


def landed_schema(dataset: Dataset) -> pa.Schema:
    """Columns of a small object, and the account that only its key tells.

    All may be null: an older object lacks the columns that came since.
    """
    return pa.schema([ACCOUNT, *(field.with_nullable(True) for field in dataset.curated_schema)])


def compacted_schema(dataset: Dataset) -> pa.Schema:
    """Columns of a compacted file: the account, all accounts, then the dataset's."""
    return pa.schema([ACCOUNT, ACCOUNTS, *list(landed_schema(dataset))[1:]])
