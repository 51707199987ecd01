"""The formats by name, which is also how their files end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from include.errors import BadConfiguration
from include.exports.columns import ARROW, CSV, JSON, SHEET, Style

if TYPE_CHECKING:
    from include.exports.outgoing import Outgoing
    from include.exports.reading import Reading

Tell = Callable[[int], object]
"""Is told how many more rows are written."""


@dataclass(frozen=True, slots=True)
class Format:
    """How rows become a file."""

    name: str
    content_type: str
    style: Style
    module: str
    """Module of this room whose ``write`` does it; imported when it is needed."""
    most_rows: int | None = None
    needs: str | None = None
    """Package of the optional group ``tableau``."""

    def check(self) -> None:
        """Raise BadConfiguration where something has to be installed first."""
        if self.needs is not None and find_spec(self.needs) is None:
            raise BadConfiguration(
                f".{self.name} needs {self.needs} (the group 'tableau' of pyproject.toml, 290 MB): "
                f"run `.local/uv/bin/uv sync --group tableau`, or add {self.needs} to the "
                "requirements of Airflow's image; or choose another format"
            )

    def write(self, reading: Reading, out: Outgoing, tell: Tell) -> None:
        """Write all rows that are read."""
        import_module(f"include.exports.{self.module}").write(reading, out, tell)


FORMATS = {
    made.name: made
    for made in (
        Format("csv", "text/csv; charset=utf-8; header=present", CSV, "csv_text"),
        Format("parquet", "application/vnd.apache.parquet", ARROW, "parquet"),
        Format("ndjson", "application/x-ndjson", JSON, "ndjson"),
        Format(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            SHEET,
            "excel",
            most_rows=1_048_575,  # Excel's 1,048,576 without the head
        ),
        Format("hyper", "application/octet-stream", SHEET, "tableau", needs="tableauhyperapi"),
    )
}
