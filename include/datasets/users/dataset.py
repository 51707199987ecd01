"""The dataset ``users``."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from include.datasets.dataset import Dataset
from include.datasets.frame import scalar_frame
from include.datasets.users.decode import decode
from include.datasets.users.schema import SCHEMA
from include.datasets.users.source import Profiles

DATASET = Dataset(
    name="users",
    schema=SCHEMA,
    decode=decode,
    check_frame=partial(scalar_frame, schema=SCHEMA, counted={}),
    id_column="user_id",
    grain=("user_id", "observed_at"),
    day_column="observed_at",
    suite=Path(__file__).parents[3] / "expectations" / "users.json",
    hours=24,
    source=Profiles(),
)
