"""``CREATE VIEW`` statements for a DuckDB of one's own, with its ``httpfs`` and ``s3://`` paths."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from include.catalogue.lake_files import LakeFile
from include.catalogue.latest import latest
from include.catalogue.reader import files
from include.datasets import dataset_named, dataset_names
from include.lake import Lake


def create_views(lake: Lake, since: date | None = None, until: date | None = None) -> str:
    """A view for each dataset of which anything is there, as the lake is now.

    Args:
        lake: what is looked at.
        since: first day; the first there is by default.
        until: the day after the last; all by default.
    """
    return "\n".join(
        statement
        for name in dataset_names()
        if (statement := _create_view(lake, name, since, until))
    )


def _create_view(lake: Lake, name: str, since: date | None, until: date | None) -> str:
    days = files(lake, name, since, until)
    large = [file for day in days if day.version is not None for file in day.files]
    small = [file for day in days if day.version is None for file in day.files]
    parts = []
    if large:
        parts.append(f"SELECT * FROM {_read(lake, large)}")  # noqa: S608 - our own names
    if small:
        account = "" if small[0].account else ", NULL::VARCHAR AS account"
        relation = f"(SELECT *{account} FROM {_read(lake, small)})"  # noqa: S608 - our own names
        newest = latest(dataset_named(name), relation)
        parts.append(f"SELECT * EXCLUDE (place) FROM ({newest})")  # noqa: S608 - our own names
    body = "\nUNION ALL BY NAME\n".join(parts)
    return f"CREATE OR REPLACE VIEW {name} AS\n{body};" if parts else ""


def _read(lake: Lake, wanted: Sequence[LakeFile]) -> str:
    paths = ",\n  ".join(
        "'" + f"s3://{lake.bucket}/{file.key}".replace("'", "''") + "'" for file in wanted
    )
    kinds = "'dt': DATE, 'account': VARCHAR" if wanted[0].account else "'dt': DATE"
    return (
        f"read_parquet([\n  {paths}\n], union_by_name = true, hive_partitioning = true, "
        f"hive_types = {{{kinds}}})"
    )
