"""The lake as tables of DuckDB: a view for each dataset, whatever of it is compacted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import duckdb
import pyarrow as pa

from include.catalogue.columns import compacted_schema, landed_schema
from include.catalogue.lake_files import LakeFile, large_dataset, small_dataset
from include.catalogue.latest import latest
from include.catalogue.reader import DayFiles, files
from include.datasets import dataset_named, dataset_names
from include.errors import LakeChanged
from include.lake import Lake

_ATTEMPTS = 5

Result = TypeVar("Result")


@contextmanager
def connect(lake: Lake, found: dict[str, list[DayFiles]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with a view for each dataset.

    A view has the dataset's columns, ``dt`` (its partition) and ``account`` (null of a dataset of
    all accounts). Its rows are the same whether a day is compacted or not: of rows about the same
    thing only the latest is there.

    Args:
        lake: what is read.
        found: what :func:`include.catalogue.reader.files` says, by dataset.

    Raises:
        LakeChanged: a small object is not there any more as it was listed.
    """
    with TemporaryDirectory(prefix="tweet-lake-") as folder, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, days in found.items():
            own = Path(folder) / name
            own.mkdir()
            _add(connection, lake, name, days, own)
        yield connection


def _add(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    name: str,
    days: Sequence[DayFiles],
    folder: Path,
) -> None:
    dataset = dataset_named(name)
    day = pa.field("dt", pa.date32())
    schema = compacted_schema(dataset).append(day)
    large: list[LakeFile] = []
    small: list[LakeFile] = []
    for one in days:
        (small if one.version is None else large).extend(one.files)
    connection.register(f"{name}_large", large_dataset(lake, large, schema))
    connection.register(
        f"{name}_small", small_dataset(lake, small, landed_schema(dataset).append(day), folder)
    )
    columns = ", ".join(f'"{column}"' for column in schema.names)
    connection.execute(
        f"CREATE VIEW {name} AS SELECT {columns} FROM {name}_large UNION ALL "  # noqa: S608 - names from the dataset
        f"SELECT {columns} FROM ({latest(dataset, f'{name}_small')})"
    )


def ask(
    lake: Lake,
    question: Callable[[duckdb.DuckDBPyConnection], Result],
    since: date | None = None,
    until: date | None = None,
    datasets: Sequence[str] | None = None,
) -> Result:
    """Answer a question from each day as it was at one time.

    Args:
        lake: what is read.
        question: asks the connection of :func:`connect`, and fetches all of the answer.
        since: first day; the first there is by default.
        until: the day after the last; all by default.
        datasets: whose views are needed; all by default.

    Raises:
        LakeChanged: the lake changed under the question's hands, each time that it was asked.
    """

    def look() -> dict[str, list[DayFiles]]:
        names = dataset_names() if datasets is None else datasets
        return {name: files(lake, name, since, until) for name in names}

    found = look()
    for _ in range(_ATTEMPTS):
        try:
            with connect(lake, found) as connection:
                return question(connection)
        except (LakeChanged, duckdb.Error) as error:
            # Of a compacted file that is gone DuckDB tells in words of its own.
            earlier, found = found, look()
            if found == earlier:
                raise
            last = error
    raise last
