"""Finding rows that came before, without keeping them: eight bytes an id."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_ID = "^(0|[1-9][0-9]{0,18})$"


class SeenIds:
    """The ids of all rows so far."""

    def __init__(self) -> None:
        self._seen = np.empty(0, np.uint64)

    def add(self, ids: pa.ChunkedArray) -> np.ndarray:
        """Remember the ids of further rows.

        Args:
            ids: texts of 1 to 19 digits; anything else, null as well, is like no other.

        Returns:
            For each row whether its id is new: the first copy is, later ones are not.
        """
        valid = pc.fill_null(pc.match_substring_regex(ids, _ID), fill_value=False)
        numbers = ids.filter(valid).cast(pa.uint64()).to_numpy()
        unique, first = np.unique(numbers, return_index=True)
        unknown = ~np.isin(unique, self._seen, assume_unique=True, kind="sort")
        self._seen = np.union1d(self._seen, unique[unknown])
        new_numbers = np.zeros(len(numbers), np.bool_)
        new_numbers[first[unknown]] = True
        is_id = valid.to_numpy()
        new: np.ndarray = ~is_id
        new[is_id] = new_numbers
        return new
