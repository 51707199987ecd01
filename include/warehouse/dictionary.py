"""The warehouse's data dictionary, from the models; ``python -m include.warehouse.dictionary``."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from include.warehouse.models import Base
from include.warehouse.views import VIEWS, View

PAGE = Path(__file__).parents[2] / "docs" / "warehouse-dictionary.md"

_HEAD = """\
# Tables of the warehouse
Written from the models by `python -m include.warehouse.dictionary`; do not edit. In PostgreSQL
`\\d+ fact_tweet` says the same.

Times are `timestamptz`, days are UTC days. Counts are null where X sent none, never 0 instead.
"""
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


def page() -> str:
    """The text of ``docs/warehouse-dictionary.md``."""
    tables = sorted(Base.metadata.sorted_tables, key=lambda table: table.name)
    return "\n".join(
        [_HEAD, *_picture(tables), "", *map(_table, tables), *(_view(view) for view in VIEWS)]
    )


def _picture(tables: list[Table]) -> list[str]:
    """Keys and how the tables hang together: a Mermaid diagram, which GitHub draws."""
    # From left to right: in a page's width it is twice as large as from top to bottom.
    lines = ["```mermaid", "erDiagram", "    direction LR"]
    for table in tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            one = key.column.table.name
            lines.append(f"    {one} ||--o{{ {table.name} : {key.parent.name}")
    for table in tables:
        lines.append(f"    {table.name} {{")
        lines += [
            f"        {_type(column).replace(' ', '_')} {column.name} {', '.join(keys)}"
            for column in table.columns
            if (keys := _keys(column))
        ]
        lines.append("    }")
    return [*lines, "```"]


def _table(table: Table) -> str:
    lines = [f"## {table.name}", f"{table.comment}\n"]
    lines += ["| column | type | null | key | meaning |", "|---|---|---|---|---|"]
    lines += [
        f"| `{column.name}` | {_type(column)} | {'yes' if column.nullable else 'never'} "
        f"| {_key(column)} | {column.comment} |"
        for column in table.columns
    ]
    return "\n".join([*lines, ""])


def _view(view: View) -> str:
    lines = [f"## {view.name}", f"A view. {view.comment}\n", "| column | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in view.columns.items()]
    return "\n".join([*lines, ""])


def _keys(column: Column[object]) -> list[str]:
    return ["PK"] * column.primary_key + ["FK"] * bool(column.foreign_keys)


def _key(column: Column[object]) -> str:
    of = [f"of `{key.column.table.name}`" for key in column.foreign_keys]
    return ", ".join(["primary"] * column.primary_key + of)


def _type(column: Column[object]) -> str:
    name = column.type.compile(_POSTGRESQL).lower()
    return {"timestamp with time zone": "timestamptz"}.get(name, name)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
