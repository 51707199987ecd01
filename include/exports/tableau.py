"""Tableau's .hyper, by Tableau's own library: its engine reads the rows from a Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tableauhyperapi import (
    Connection,
    CreateMode,
    HyperException,
    HyperProcess,
    Telemetry,
    escape_string_literal,
)

from include.errors import BadConfiguration
from include.exports import parquet
from include.exports.temporary import temporary_folder

if TYPE_CHECKING:
    from pathlib import Path

    from include.exports.formats import Tell
    from include.exports.outgoing import Outgoing
    from include.exports.reading import Reading


def write(reading: Reading, out: Outgoing, tell: Tell) -> None:
    """Write ``"Extract"."Extract"``, as Tableau names it, to a temporary file and pass it on.

    Raises:
        BadConfiguration: there is no room for the temporary file, or the engine gives up.
    """
    with temporary_folder() as folder:
        rows, extract = folder / "rows.parquet", folder / "rows.hyper"
        with rows.open("wb") as file:
            parquet.write(reading, file, tell)
        try:
            _make(extract, rows, log_folder=folder)
        except HyperException as error:
            raise BadConfiguration(
                f"Tableau's engine could not make the file in {folder}: {error.main_message}. "
                "Nothing of it was kept; make room, name a larger folder as TMPDIR, or choose csv "
                "or parquet"
            ) from error
        out.copy(extract)


def _make(extract: Path, rows: Path, *, log_folder: Path) -> None:
    with (
        HyperProcess(
            Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters={"log_dir": str(log_folder)}
        ) as engine,
        Connection(engine.endpoint, database=extract, create_mode=CreateMode.CREATE) as connection,
    ):
        connection.catalog.create_schema("Extract")
        connection.execute_command(
            'CREATE TABLE "Extract"."Extract" AS '
            f"SELECT * FROM external({escape_string_literal(str(rows))}, FORMAT => 'parquet')"
        )
        # Writes what is left in memory: closing does too, but says nothing of a full disk.
        connection.catalog.detach_all_databases()
