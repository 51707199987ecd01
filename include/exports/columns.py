"""How a column of the warehouse is written: an expression for each type that is not taken as is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TEXT, LIST, MOMENT, BOOLEAN = "text", "text[]", "timestamp with time zone", "boolean"
ID, UUID = "id", "uuid"

_FORMULA = ", ".join(str(ord(first)) for first in "'=+-@\t\r\n＝＋－＠")
"""First characters that docs/csv.md tells of, as PostgreSQL's ``ascii`` gives them."""
_ISO = 'to_char({0}, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')'
_OPEN_ENDED = ("valid_from", "valid_to")

Style = Mapping[str, str]
"""Type → expression; a type that is not there is written as the server does."""

CSV: Style = {
    TEXT: f"CASE WHEN ascii({{0}}) IN ({_FORMULA}) THEN '''' || {{0}} ELSE {{0}} END",
    LIST: "array_to_json({0})",
    MOMENT: _ISO,
    BOOLEAN: "{0}::text",
}
JSON: Style = {ID: "{0}::text", MOMENT: _ISO}
ARROW: Style = {UUID: "{0}::text"}
SHEET: Style = {
    ID: "{0}::text",
    LIST: "array_to_json({0})::text",
    MOMENT: "{0} AT TIME ZONE 'UTC'",
    UUID: "{0}::text",
}
"""For programs that know neither lists nor time zones, and round long numbers."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as PostgreSQL describes it."""

    name: str
    type: str
    comment: str

    def expression(self, style: Style) -> str:
        """How it is selected; a bound that is infinite is null: other programs have no such time.

        Its name has to be one of the schema's.
        """
        value = f'"{self.name}"'
        if self.name in _OPEN_ENDED:
            value = f"CASE WHEN isfinite({value}) THEN {value} END"
        kind = ID if self.type == "bigint" and self.name.endswith("_id") else self.type
        return f'{style.get(kind, "{0}").format(value)} AS "{self.name}"'
