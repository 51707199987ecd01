"""List columns without a loop over their rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def owners(lists: pa.Array) -> np.ndarray:
    """For each value of all lists the row that it belongs to, from 0.

    Arrow's own ``list_parent_indices`` counts from the start of what a slice was cut from.
    """
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    rows: np.ndarray = np.repeat(np.arange(len(lists)), lengths)
    return rows


def positions(lists: pa.Array) -> np.ndarray:
    """For each value of all lists its place in its own one, from 0."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    starts = np.cumsum(lengths) - lengths
    places: np.ndarray = np.arange(lengths.sum()) - np.repeat(starts, lengths)
    return places


def grouped(values: pa.Array, rows: np.ndarray, count: int) -> pa.ListArray:
    """A list for each of ``count`` rows, from values in the order of their rows."""
    ends = np.cumsum(np.bincount(rows, minlength=count))
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), values)


def first_of_each(*columns: np.ndarray) -> np.ndarray:
    """Where each different combination of whole numbers from 0 comes first, ascending."""
    combined = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        combined = combined * (column.max(initial=0) + 1) + column
    places: np.ndarray = np.sort(np.unique(combined, return_index=True)[1])
    return places
