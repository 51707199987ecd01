"""Excel: one sheet, row by row; what Excel can't hold is an error, never cut."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError, FileSizeError

from include.errors import BadConfiguration
from include.exports.temporary import temporary_folder

if TYPE_CHECKING:
    from xlsxwriter.format import Format as CellFormat
    from xlsxwriter.worksheet import Worksheet

    from include.exports.formats import Tell
    from include.exports.outgoing import Outgoing
    from include.exports.reading import Reading

_ROWS_AT_ONCE = 5_000
_TOO_LONG = -2  # what write_string says of more than 32,767 characters, as UTF-16 counts them


def write(reading: Reading, out: Outgoing, tell: Tell) -> None:
    """Write a workbook to a temporary file and pass it on.

    Raises:
        BadConfiguration: a text is too long for a cell, or the sheet for a workbook; or there is
            no room for the temporary file.
    """
    with temporary_folder() as folder:
        path = folder / "rows.xlsx"
        book = Workbook(path, {"constant_memory": True, "tmpdir": folder})
        sheet = book.add_worksheet("rows")
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(reading.columns):
            sheet.write_string(0, place, column.name)
        _fill(_Cells(book, sheet), reading, tell)
        try:
            book.close()
        except FileSizeError as error:
            raise BadConfiguration(
                "the sheet is larger than the 4 GB that a workbook may have; name fewer columns "
                "or dates, or choose csv or parquet"
            ) from error
        except FileCreateError as error:
            raise error.args[0] from None  # the OSError that it stands for
        out.copy(path)


def _fill(cells: _Cells, reading: Reading, tell: Tell) -> None:
    row = 0
    with reading.batches() as batches:
        for batch in batches:
            for start in range(0, batch.num_rows, _ROWS_AT_ONCE):
                piece = batch.slice(start, _ROWS_AT_ONCE)
                for values in zip(*(c.to_pylist() for c in piece.columns), strict=True):
                    row += 1
                    for place, value in enumerate(values):
                        if value is not None:
                            cells.write(row, place, value, batch.schema.names[place])
                tell(piece.num_rows)


class _Cells:
    """Cells by the types of their values: a text is never taken for a formula or a link."""

    def __init__(self, book: Workbook, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._moment: CellFormat = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        self._day: CellFormat = book.add_format({"num_format": "yyyy-mm-dd"})

    def write(self, row: int, place: int, value: Any, name: str) -> None:
        if isinstance(value, str):
            if self._sheet.write_string(row, place, value) == _TOO_LONG:
                raise BadConfiguration(
                    f"row {row:,} has {len(value):,} characters in the column '{name}', and a "
                    "cell of Excel holds 32,767; leave the column out, or choose csv or parquet"
                )
        elif isinstance(value, bool):
            self._sheet.write_boolean(row, place, value)
        elif isinstance(value, datetime):
            self._sheet.write_datetime(row, place, value, self._moment)
        elif isinstance(value, date):
            self._sheet.write_datetime(row, place, value, self._day)
        else:
            self._sheet.write_number(row, place, value)
