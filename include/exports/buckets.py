"""Buckets behind the Airflow connection ``aws_default``, other than the lake's own too."""

from __future__ import annotations

from include.connections import load_settings, open_lake
from include.lake import Lake


def open_bucket(name: str) -> Lake:
    """A bucket, through the lake's client."""
    return Lake(open_lake(load_settings()).client, name)
