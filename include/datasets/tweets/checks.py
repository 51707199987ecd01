"""What the suite sees of a batch of tweets."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from include.datasets.frame import scalar_frame
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
    """The scalar columns of decoded rows, ``entity_problem`` and the columns of ``COUNTED``."""
    return scalar_frame(table, SCHEMA, extra=(ENTITY_PROBLEM,), counted=COUNTED)
