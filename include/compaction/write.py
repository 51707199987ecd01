"""The rows of a day as few large Parquet files, on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from include.catalogue.columns import compacted_schema, landed_schema
from include.catalogue.lake_files import small_dataset
from include.catalogue.latest import latest, order
from include.compaction.sources import Sources
from include.datasets.dataset import Dataset
from include.lake import Lake

PART_BYTES = 256 * 2**20
"""A file ends with the row group that makes it so large."""
_ROW_GROUP = 50_000
_DUCKDB_MEMORY = "1GB"
"""Beyond it DuckDB sorts on disk."""


def write(lake: Lake, sources: Sources, folder: Path) -> list[tuple[Path, int]]:
    """Write the day's files into a folder; equal sources make equal bytes.

    Returns:
        The files, and how many rows each holds.

    Raises:
        LakeChanged: an object is not there any more as it was listed.
    """
    small = folder / "small"
    small.mkdir()
    schema = landed_schema(sources.dataset).append(pa.field("dt", pa.date32()))
    table = small_dataset(lake, sources.files, schema, small)
    with duckdb.connect(config={"memory_limit": _DUCKDB_MEMORY}) as connection:
        connection.execute(f"SET temp_directory = '{folder / 'spill'}'")
        connection.register("small", table)
        rows = connection.sql(
            f"SELECT * EXCLUDE (dt, place) FROM ({latest(sources.dataset, 'small')}) "  # noqa: S608 - names from the dataset
            f"ORDER BY {', '.join(f'{name} NULLS FIRST' for name in order(sources.dataset))}"
        )
        return _parts(rows.to_arrow_reader(_ROW_GROUP), sources.dataset, folder)


def _parts(rows: pa.RecordBatchReader, dataset: Dataset, folder: Path) -> list[tuple[Path, int]]:
    schema = compacted_schema(dataset)
    parts: list[tuple[Path, int]] = []
    writer: pq.ParquetWriter | None = None
    for group in _row_groups(rows):
        if writer is None:
            path = folder / f"part-{len(parts):04d}.parquet"
            parts.append((path, 0))
            writer = pq.ParquetWriter(path, schema, compression="zstd", write_statistics=True)
        writer.write_table(group.select(schema.names).cast(schema), row_group_size=_ROW_GROUP)
        path, so_far = parts[-1]
        parts[-1] = (path, so_far + len(group))
        if path.stat().st_size >= PART_BYTES:
            writer.close()
            writer = None
    if writer is not None:
        writer.close()
    return parts


def _row_groups(rows: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Tables of exactly so many rows, however they come."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in rows:
        waiting.append(batch)
        count += len(batch)
        while count >= _ROW_GROUP:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, _ROW_GROUP)
            waiting = table.slice(_ROW_GROUP).to_batches()
            count -= _ROW_GROUP
    if count:
        yield pa.Table.from_batches(waiting)
