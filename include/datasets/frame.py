"""What a suite sees of a batch: scalar columns only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.datasets.dataset import PROBLEM


def scalar_frame(
    table: pa.Table, schema: pa.Schema, *, extra: Sequence[str] = (), counted: Mapping[str, str]
) -> pd.DataFrame:
    """The scalar columns of decoded rows, for Great Expectations.

    Args:
        table: decoded rows.
        schema: the dataset's.
        extra: columns of ``table`` beyond it.
        counted: columns of the frame that count the items of a list column, which is the value.

    Returns:
        ``row`` (0 to n-1), the scalar columns of the schema, ``decode_problem``, ``extra`` and
        ``counted``. The types are those that Great Expectations compares at once and not value by
        value: pandas' own strings, and float64 for whole numbers that may be null, whose exact
        values stay in ``table``. Booleans are pandas' nullable ones.
    """
    scalars = [f.name for f in schema if not pa.types.is_list(f.type)]
    columns = {name: table[name] for name in (*scalars, PROBLEM, *extra)}
    columns |= {
        f.name: columns[f.name].cast(pa.float64(), safe=False)
        for f in schema
        if pa.types.is_integer(f.type) and f.nullable
    }
    columns |= {count: pc.list_value_length(table[name]) for count, name in counted.items()}
    # One piece a column: pandas takes rows from a column of many pieces far more slowly.
    whole = pa.table(columns).combine_chunks()
    frame = whole.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    frame.insert(0, "row", np.arange(len(frame)))
    counts: pd.DataFrame = frame.astype(dict.fromkeys(counted, "int64"))
    return counts
