"""The lake as tables of DuckDB: a view for each dataset, whatever of it is compacted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

import duckdb
import pyarrow as pa

from include.catalogue.columns import compacted_schema
from include.catalogue.lake_files import LakeFiles
from include.catalogue.latest import latest
from include.catalogue.reader import DayFiles, files
from include.datasets import dataset_named, dataset_names
from include.datasets.dataset import Dataset
from include.errors import LakeChanged
from include.lake import Lake

_ATTEMPTS = 5

Result = TypeVar("Result")


class LakeViews:
    """A connection to DuckDB with a view for each dataset, as the lake was when it was opened.

    A view has the dataset's columns, ``dt`` (its partition) and ``account`` (null of a dataset of
    all accounts). Its rows are the same whether a day is compacted or not: of rows about the same
    thing only the latest is there. ``changed`` says why a query failed, if the lake has changed
    since under its hands.

    Args:
        lake: what is read.
        since: first day of each view; the first there is by default.
        until: the day after the last; all by default.
        datasets: whose views; all by default.
    """

    def __init__(
        self,
        lake: Lake,
        since: date | None = None,
        until: date | None = None,
        datasets: Sequence[str] | None = None,
    ) -> None:
        self.connection = duckdb.connect(
            config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        )
        self.connection.execute("SET TimeZone = 'UTC'")
        self._files: list[LakeFiles] = []
        for name in dataset_names() if datasets is None else datasets:
            self._add(lake, dataset_named(name), files(lake, name, since, until))

    @property
    def changed(self) -> LakeChanged | None:
        """The first object that was not there any more as it was listed."""
        return next((files.changed for files in self._files if files.changed), None)

    def _add(self, lake: Lake, dataset: Dataset, days: list[DayFiles]) -> None:
        schema = compacted_schema(dataset).append(pa.field("dt", pa.date32()))
        for zone, is_compacted in (("compacted", True), ("small", False)):
            wanted = [day for day in days if (day.version is not None) is is_compacted]
            found = LakeFiles(lake, (file for day in wanted for file in day.files))
            self._files.append(found)
            self.connection.register(f"{dataset.name}_{zone}", found.dataset(schema))
        columns = ", ".join(f'"{name}"' for name in schema.names)
        self.connection.execute(
            f"CREATE VIEW {dataset.name} AS SELECT {columns} FROM {dataset.name}_compacted "  # noqa: S608 - names from the dataset
            f"UNION ALL SELECT {columns} FROM ({latest(dataset, f'{dataset.name}_small')})"
        )


def ask(
    lake: Lake,
    question: Callable[[duckdb.DuckDBPyConnection], Result],
    since: date | None = None,
    until: date | None = None,
    datasets: Sequence[str] | None = None,
) -> Result:
    """Answer a question from the lake as it was at one time.

    Args:
        lake: what is read.
        question: asks the connection of :class:`LakeViews`, and fetches all of the answer.
        since: first day; the first there is by default.
        until: the day after the last; all by default.
        datasets: whose views are needed; all by default.

    Raises:
        LakeChanged: the lake changed under the question's hands, each time that it was asked.
    """
    changed: LakeChanged | None = None
    for _ in range(_ATTEMPTS):
        views = LakeViews(lake, since, until, datasets)
        try:
            return question(views.connection)
        except Exception:
            if views.changed is None:
                raise
            changed = views.changed
        finally:
            views.connection.close()
    raise changed or AssertionError
