"""Buckets behind the Airflow connection ``aws_default``, to write exports into."""

from __future__ import annotations

from include.connections import load_settings, open_lake
from include.errors import BadConfiguration
from include.lake import ZONES, Lake


def open_bucket(name: str, key: str) -> Lake:
    """A bucket in which an export may have that key, through the lake's client.

    Raises:
        BadConfiguration: the lake keeps its own objects there.
    """
    own = open_lake(load_settings())
    zone = key.partition("/")[0]
    if name == own.bucket and zone in ZONES:
        raise BadConfiguration(
            f"s3://{name}/{key} can't be written: in {zone}/ lies nothing but the lake's own; "
            f"choose another folder, such as s3://{name}/exports"
        )
    return Lake(own.client, name)
