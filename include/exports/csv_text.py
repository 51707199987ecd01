"""CSV as PostgreSQL's COPY writes it, texts that look like formulas defused (docs/csv.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.exports.outgoing import pass_on

if TYPE_CHECKING:
    from include.exports.formats import Tell
    from include.exports.outgoing import Outgoing
    from include.exports.reading import Reading


def write(reading: Reading, out: Outgoing, tell: Tell) -> None:
    """Pass the server's lines on, the first of which is the head."""
    with reading.lines(f"COPY ({reading.query}) TO STDOUT (FORMAT csv, HEADER)") as lines:
        out.write(next(lines))
        pass_on(lines, out, tell)
