"""The dataset ``tweets``."""

from __future__ import annotations

from pathlib import Path

from include.datasets.dataset import Dataset
from include.datasets.tweets.checks import check_frame
from include.datasets.tweets.decode import decode
from include.datasets.tweets.schema import SCHEMA
from include.datasets.tweets.source import Timelines

DATASET = Dataset(
    name="tweets",
    schema=SCHEMA,
    decode=decode,
    check_frame=check_frame,
    id_column="tweet_id",
    grain=("tweet_id",),
    day_column="created_at",
    suite=Path(__file__).parents[3] / "expectations" / "tweets.json",
    hours=4,
    source=Timelines(),
)
