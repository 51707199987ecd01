"""The data dictionary, from the schemas; ``python -m include.datasets.dictionary`` rewrites it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from include.datasets import dataset_named, dataset_names
from include.datasets.dataset import Dataset
from include.landing import quarantine_schema

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"

_HEAD = """\
# Data dictionary
Written from the schemas by `python -m include.datasets.dictionary`; do not edit. In Parquet each
column's description is its field's metadata, `description`.

Times are UTC with microseconds, ids are text: as numbers they lose their last digits in many
tools. In `curated/` a list is never null, only empty. The partitions `dt` and `account` are in the
key, not in the file.
"""


def page() -> str:
    """The text of ``docs/data-dictionary.md``."""
    return "\n".join([_HEAD, *(_section(dataset_named(name)) for name in dataset_names())])


def _section(dataset: Dataset) -> str:
    quarantine = quarantine_schema(dataset)
    extra = pa.schema([f for f in quarantine if f.name not in dataset.curated_schema.names])
    return "\n".join(
        [
            f"## curated/{dataset.name}",
            f"One row per `{dataset.id_column}`; `dt` is the UTC date of `{dataset.day_column}`.\n",
            *_table(dataset.curated_schema),
            "",
            f"## quarantine/{dataset.name}",
            "`rows.parquet` has the same columns, all of which may be null, and:\n",
            *_table(extra),
            "",
        ]
    )


def _table(schema: pa.Schema) -> list[str]:
    rows = [
        f"| `{f.name}` | {_type(f.type)} | {'yes' if f.nullable else 'never'} "
        f"| {f.metadata[b'description'].decode()} |"
        for f in schema
    ]
    return ["| column | type | null | meaning |", "|---|---|---|---|", *rows]


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "{" + ", ".join(f"{f.name}: {_type(f.type)}" for f in kind) + "}"
    return {"timestamp[us, tz=UTC]": "timestamp", "double": "float64"}.get(str(kind), str(kind))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
