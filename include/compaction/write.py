"""The rows of a day as few large Parquet files on this machine, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from include.catalogue.columns import compacted_schema
from include.catalogue.latest import in_order, latest
from include.catalogue.manifest import account_of
from include.compaction.sources import Sources
from include.datasets.dataset import Dataset
from include.lake import Entry, Lake

PART_BYTES = 256 * 2**20
"""A file ends with the row group that makes it so large."""
_ROW_GROUP = 50_000
_DUCKDB_MEMORY = "1GB"
"""Beyond it DuckDB sorts on disk."""
_REQUESTS_AT_ONCE = 8


def write(lake: Lake, sources: Sources, folder: Path) -> list[tuple[Path, int]]:
    """Write the day's files into a folder; equal sources make equal bytes.

    Returns:
        The files, and how many rows each holds.

    Raises:
        LakeChanged: an object is not there any more as it was listed.
    """
    small = folder / "small"
    small.mkdir()
    table = _dataset(sources, _fetched(lake, sources, small))
    with duckdb.connect(config={"memory_limit": _DUCKDB_MEMORY}) as connection:
        connection.execute(f"SET temp_directory = '{folder / 'spill'}'")
        connection.register("small", table)
        rows = connection.sql(
            f"SELECT * EXCLUDE (dt, place) FROM ({latest(sources.dataset, 'small')}) "  # noqa: S608 - names from the dataset
            f"ORDER BY {in_order(sources.dataset)}"
        )
        return _parts(rows.to_arrow_reader(_ROW_GROUP), sources.dataset, folder)


def _fetched(lake: Lake, sources: Sources, folder: Path) -> Iterator[tuple[Entry, Path]]:
    def fetch(numbered: tuple[int, Entry]) -> Path:
        number, entry = numbered
        path = folder / f"{number}.parquet"
        path.write_bytes(lake.get_listed(entry.key, entry.etag))
        return path

    with ThreadPoolExecutor(max_workers=_REQUESTS_AT_ONCE) as pool:
        yield from zip(sources.entries, pool.map(fetch, enumerate(sources.entries)), strict=True)


def _dataset(sources: Sources, files: Iterator[tuple[Entry, Path]]) -> ds.FileSystemDataset:
    """The small files with the columns of today; what an older one lacks is null."""
    schema = compacted_schema(sources.dataset).append(pa.field("dt", pa.date32()))
    kind, local = ds.ParquetFileFormat(), pa.fs.LocalFileSystem()
    of_day = ds.field("dt") == pa.scalar(sources.day, pa.date32())
    fragments = []
    for entry, path in files:
        account = account_of(entry.key)
        where = of_day if account is None else of_day & (ds.field("account") == account)
        fragments.append(kind.make_fragment(str(path), local, where))
    return ds.FileSystemDataset(fragments, schema, kind, local)


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
