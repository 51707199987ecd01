"""The rows of a day as few large Parquet files, on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from include.catalogue.columns import compacted_schema, landed_schema
from include.catalogue.lake_files import LakeFile, fetch
from include.catalogue.latest import latest, order
from include.compaction.sources import Sources
from include.datasets.dataset import Dataset
from include.errors import RowsUnreadable
from include.lake import Lake

PART_BYTES = 256 * 2**20
"""A file ends with the row group that makes it so large."""
_ROW_GROUP = 50_000
_TOGETHER = 20_000
_DUCKDB_MEMORY = "1GB"
"""Beyond it DuckDB sorts on disk."""


def write(lake: Lake, sources: Sources, folder: Path) -> list[tuple[Path, int]]:
    """Write the day's files into a folder; equal sources make equal bytes.

    Returns:
        The files, and how many rows each holds.

    Raises:
        LakeChanged: an object is not there any more as it was listed.
        RowsUnreadable: an object is no Parquet file.
    """
    small = folder / "small"
    small.mkdir()
    together = folder / "together.parquet"
    with pq.ParquetWriter(together, landed_schema(sources.dataset)) as writer:
        for table in _tables(sources.files, fetch(lake, sources.files, small), writer.schema):
            writer.write_table(table)
    with duckdb.connect(config={"memory_limit": _DUCKDB_MEMORY}) as connection:
        connection.execute(f"SET temp_directory = '{folder / 'spill'}'")
        connection.execute(
            "CREATE VIEW small AS "  # noqa: S608 - our own names
            f"SELECT *, DATE '{sources.day}' AS dt FROM read_parquet('{together}')"
        )
        rows = connection.sql(
            f"SELECT * EXCLUDE (dt, place) FROM ({latest(sources.dataset, 'small')}) "  # noqa: S608 - names from the dataset
            f"ORDER BY {', '.join(f'{name} NULLS FIRST' for name in order(sources.dataset))}"
        )
        return _parts(rows.to_arrow_reader(_ROW_GROUP), sources.dataset, folder)


def _tables(
    files: Sequence[LakeFile], paths: Sequence[Path], schema: pa.Schema
) -> Iterator[pa.Table]:
    """The objects' rows, thousands at a time.

    An engine that is given thousands of files keeps what it knows of each: that takes more memory
    than their rows.
    """
    waiting: list[pa.Table] = []
    for file, path in zip(files, paths, strict=True):
        try:
            found = pq.ParquetFile(path).read()
        except (pa.ArrowException, OSError) as error:
            raise RowsUnreadable(file.key, error) from error
        known = {name: found[name] for name in found.column_names}
        known["account"] = pa.repeat(pa.scalar(file.account, pa.string()), len(found))
        columns = [
            known[field.name].cast(field.type)
            if field.name in known
            else pa.nulls(len(found), field.type)
            for field in schema
        ]
        waiting.append(pa.Table.from_arrays(columns, schema=schema))
        if sum(map(len, waiting)) >= _TOGETHER:
            yield pa.concat_tables(waiting)
            waiting = []
    yield pa.concat_tables([*waiting, schema.empty_table()])


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
