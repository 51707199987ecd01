"""Parquet: types as they are in the warehouse, each column's comment as its field's metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from include.exports.formats import Tell
    from include.exports.outgoing import Outgoing
    from include.exports.reading import Reading


def write(reading: Reading, out: Outgoing | BinaryIO, tell: Tell) -> None:
    """Write each batch that arrives as a row group: some 8 MB."""
    comments = {column.name: column.comment for column in reading.columns}
    with reading.batches() as batches:
        schema = pa.schema(
            [f.with_metadata({"description": comments[f.name]}) for f in batches.schema]
        )
        with pq.ParquetWriter(out, schema, compression="zstd") as file:
            for batch in batches:
                file.write_table(pa.Table.from_batches([batch]).cast(schema))
                tell(batch.num_rows)
