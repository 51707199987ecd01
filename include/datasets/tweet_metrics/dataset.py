"""The dataset ``tweet_metrics``."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from include.datasets.dataset import Dataset
from include.datasets.frame import scalar_frame
from include.datasets.tweet_metrics.decode import decode
from include.datasets.tweet_metrics.schema import SCHEMA
from include.datasets.tweet_metrics.source import Snapshots

DATASET = Dataset(
    name="tweet_metrics",
    schema=SCHEMA,
    decode=decode,
    check_frame=partial(scalar_frame, schema=SCHEMA, counted={}),
    id_column="tweet_id",
    grain=("tweet_id", "observed_at"),
    day_column="observed_at",
    suite=Path(__file__).parents[3] / "expectations" / "tweet_metrics.json",
    hours=2,
    source=Snapshots(),
)
