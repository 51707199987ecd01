"""NDJSON: an object a line, made by PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.exports.outgoing import pass_on

if TYPE_CHECKING:
    from include.exports.formats import Tell
    from include.exports.outgoing import Outgoing
    from include.exports.reading import Reading


def write(reading: Reading, out: Outgoing, tell: Tell) -> None:
    r"""Pass the server's lines on.

    JSON has no line breaks or tabs in it, so that all COPY does to it is to double each ``\``.
    """
    whole = f"SELECT row_to_json(exported_row) FROM ({reading.query}) exported_row"
    with reading.lines(f"COPY ({whole}) TO STDOUT") as lines:
        pass_on((bytes(line).replace(b"\\\\", b"\\") for line in lines), out, tell)
