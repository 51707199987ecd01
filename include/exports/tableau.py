"""Tableau's .hyper, by Tableau's own library: its engine reads the rows from a Parquet file."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tableauhyperapi import (
    Connection,
    CreateMode,
    HyperProcess,
    Telemetry,
    escape_string_literal,
)

from include.exports import parquet

if TYPE_CHECKING:
    from include.exports.formats import Tell
    from include.exports.outgoing import Outgoing
    from include.exports.reading import Reading


def write(reading: Reading, out: Outgoing, tell: Tell) -> None:
    """Write ``"Extract"."Extract"``, as Tableau names it, to a temporary file and pass it on."""
    with TemporaryDirectory() as folder:
        rows, extract = Path(folder) / "rows.parquet", Path(folder) / "rows.hyper"
        with rows.open("wb") as file:
            parquet.write(reading, file, tell)
        with (
            HyperProcess(
                Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters={"log_dir": folder}
            ) as engine,
            Connection(
                engine.endpoint, database=extract, create_mode=CreateMode.CREATE
            ) as connection,
        ):
            connection.catalog.create_schema("Extract")
            connection.execute_command(
                'CREATE TABLE "Extract"."Extract" AS '
                f"SELECT * FROM external({escape_string_literal(str(rows))}, FORMAT => 'parquet')"
            )
        out.copy(extract)
