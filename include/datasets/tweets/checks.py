"""What the suite sees of a batch of tweets: scalar columns only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.datasets.dataset import PROBLEM
from include.datasets.tweets.columns import ENTITY_PROBLEM
from include.datasets.tweets.schema import SCHEMA

COUNTED = {
    "hashtag_count": "hashtags",
    "mention_count": "mentions",
    "url_count": "urls",
    "media_count": "media",
    "reference_count": "referenced_tweets",
    "edit_count": "edit_history_tweet_ids",
}
"""Columns of the frame that count the items of a list column."""


def check_frame(table: pa.Table) -> pd.DataFrame:
    """The scalar columns of decoded rows, for Great Expectations.

    Returns:
        ``row`` (0 to n-1), the scalar columns of the schema, ``decode_problem``,
        ``entity_problem`` and the columns of :data:`COUNTED`. The types are those that Great
        Expectations compares at once and not value by value: pandas' own strings, and float64 for
        whole numbers that may be null, whose exact values stay in ``table``. Booleans are
        pandas' nullable ones.
    """
    scalars = [f.name for f in SCHEMA if not pa.types.is_list(f.type)]
    columns = {name: table[name] for name in (*scalars, PROBLEM, ENTITY_PROBLEM)}
    columns |= {
        f.name: columns[f.name].cast(pa.float64(), safe=False)
        for f in SCHEMA
        if pa.types.is_integer(f.type) and f.nullable
    }
    columns |= {count: pc.list_value_length(table[name]) for count, name in COUNTED.items()}
    # One piece a column: pandas takes rows from a column of many pieces far more slowly.
    whole = pa.table(columns).combine_chunks()
    frame = whole.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)
    frame.insert(0, "row", np.arange(len(frame)))
    counts: pd.DataFrame = frame.astype(dict.fromkeys(COUNTED, "int64"))
    return counts
