"""How staged rows become rows of a fact, whichever fact it is: set by set, in one transaction.

A fact's row belongs to one object of the lake, its ``object_id``. Of several objects that hold the
same row the one of the latest interval has it, of one interval's that of the first account, as in
:mod:`include.catalogue.latest`; the others are shadowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from include.warehouse.models import Base

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor

_INTERVAL = "split_part({}.key, '/', -1) COLLATE \"C\""
"""The interval's name in the key of an object: names sort as what they name begins, then ends."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact and the staging table of its rows; names are the schema's, never input."""

    table: str
    stage: str
    key: tuple[str, ...]
    """What tells rows apart, in both."""
    day: str
    """The column that has the day of the row's object."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Foreign key → expression, beside those to the row's day and object."""
    joins: str = ""
    """What those expressions need beside the staged row, ``s``."""
    children: tuple[str, ...] = ()
    """Staging tables whose rows go with the fact's, by its key and ``object_id``."""

    @property
    def columns(self) -> list[str]:
        """Every column of the fact."""
        return [column.name for column in Base.metadata.tables[self.table].columns]

    @property
    def foreign_keys(self) -> Mapping[str, str]:
        """Foreign key → expression."""
        return {self.day: "day.date_key", "object_id": "source.object_id", **self.keys}

    @property
    def query(self) -> str:
        """The staged rows as rows of the fact; a foreign key is read where it leads to."""
        return self.select(self.columns)

    def select(self, columns: Sequence[str]) -> str:
        """Some columns of the staged rows as rows of the fact."""
        keys = self.foreign_keys
        values = ", ".join(f"{keys.get(c, f's.{c}')} AS {c}" for c in columns)
        return f"""SELECT {values} FROM {self.stage} s
            LEFT JOIN dim_date day ON day.date_key = s.{self.day}
            LEFT JOIN staged_object source ON source.object_id = s.object_id {self.joins}"""

    def same(self, one: str, other: str) -> str:
        """The condition that two rows are about the same."""
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in self.key)


def settle(cursor: Cursor, fact: Fact, *, has_copies: bool) -> bool:
    """Find out which staged rows stand, and delete the fact's rows that their objects have lost.

    Leaves the temporary tables ``vanished`` (what was deleted: key and day) and
    ``known`` (staged rows that the fact has already, under which object, and whether that was a
    later one, which has lost it), and only rows that stand in the staging tables.

    Args:
        cursor: in the transaction that staged the rows, and ``staged_object`` with their objects.
        fact: which.
        has_copies: whether two of the staged objects hold the same row.

    Returns:
        Whether the fact has any of the rows already.
    """
    keys = ", ".join(fact.key)
    # Of the temporary tables PostgreSQL knows too little: it would sort whole rows on disk.
    cursor.execute("SET LOCAL enable_mergejoin = off")
    if has_copies:
        cursor.execute(
            f"""CREATE TEMP TABLE outranked ON COMMIT DROP AS
            SELECT {keys}, object_id FROM (
                SELECT {keys}, object_id, row_number() OVER (
                    PARTITION BY {keys}
                    ORDER BY {_INTERVAL.format("o")} DESC, o.key COLLATE "C") AS place
                FROM {fact.stage} JOIN load_object o USING (object_id)) ranked
            WHERE place > 1"""
        )
        _drop(cursor, fact, "outranked", "gone.object_id = s.object_id")
        _shadow(cursor, "SELECT object_id FROM outranked")
    cursor.execute(
        f"""CREATE TEMP TABLE vanished ON COMMIT DROP AS
        SELECT {", ".join(f"f.{c}" for c in fact.key)}, f.{fact.day} AS day
        FROM {fact.table} f JOIN staged_object USING (object_id)
        WHERE was_loaded AND NOT EXISTS (
            SELECT FROM {fact.stage} s WHERE {fact.same("s", "f")})"""
    )
    cursor.execute(f"DELETE FROM {fact.table} f USING vanished v WHERE {fact.same('v', 'f')}")
    first = fact.key[0]  # new posts have higher ids than all before: then there is nothing to find
    cursor.execute(
        f"""CREATE TEMP TABLE known ON COMMIT DROP AS
        SELECT {", ".join(f"s.{c}" for c in fact.key)}, s.object_id, f.object_id AS held_by,
               held.object_id IS NOT NULL AS is_ours,
               held.object_id IS NOT NULL
               OR {_outranks("mine", "theirs")} AS stands,
               held.object_id IS NOT NULL
               AND {_outranks("theirs", "mine")} AS is_lost
        FROM {fact.stage} s
        CROSS JOIN LATERAL (
            SELECT object_id FROM {fact.table} f WHERE {fact.same("s", "f")} OFFSET 0) f
        JOIN load_object mine ON mine.object_id = s.object_id
        JOIN load_object theirs ON theirs.object_id = f.object_id
        LEFT JOIN staged_object held ON held.object_id = f.object_id
        WHERE (SELECT {first} FROM {fact.table}
               WHERE {first} >= (SELECT min({first}) FROM {fact.stage})
               ORDER BY {first} LIMIT 1) <= (SELECT max({first}) FROM {fact.stage})"""
    )
    cursor.execute("SELECT count(*), count(*) FILTER (WHERE NOT is_ours) FROM known")
    number, foreign = cursor.fetchone()
    if foreign:
        _shadow(
            cursor,
            "SELECT CASE WHEN stands THEN held_by ELSE object_id END AS object_id "
            "FROM known WHERE NOT is_ours",
        )
        _drop(cursor, fact, "known", "NOT gone.stands")
        cursor.execute("DELETE FROM known WHERE NOT stands")
    return bool(number)


def write(cursor: Cursor, fact: Fact, *, has_known: bool) -> tuple[int, int]:
    """Bring the fact to what is staged; rows that are so already are not touched.

    Returns:
        How many rows are new, and how many were changed.
    """
    names = ", ".join(fact.columns)
    changed = 0
    if has_known:
        changed = _count(
            cursor,
            f"""UPDATE {fact.table} f SET ({names}) = ({", ".join(f"n.{c}" for c in fact.columns)})
            FROM ({fact.query} JOIN known k ON {fact.same("k", "s")}) n
            WHERE {fact.same("f", "n")}
            AND ({", ".join(f"f.{c}" for c in fact.columns)})
                IS DISTINCT FROM ({", ".join(f"n.{c}" for c in fact.columns)})""",
        )
    new = _insert(cursor, fact.table, names, f"{fact.query} {_unknown(fact, has_known)}")
    return new, changed


def write_bridge(cursor: Cursor, fact: Fact, bridge: str, query: str, *, has_known: bool) -> None:
    """Bring a bridge of the fact's rows to what is staged.

    Args:
        cursor: in the transaction.
        fact: to whose rows it leads.
        bridge: its table, of which rows go with those of the fact.
        query: the staged rows as rows of the bridge, the staged table as ``s``, without WHERE.
        has_known: whether the fact had any of the rows before.
    """
    columns = [column.name for column in Base.metadata.tables[bridge].columns]
    names = ", ".join(columns)
    if has_known:
        every = ", ".join(f"b.{c}" for c in columns)
        cursor.execute(
            f"""DELETE FROM {bridge} b USING known k WHERE {fact.same("k", "b")} AND NOT EXISTS (
                SELECT FROM ({query}) n WHERE ({every})
                IS NOT DISTINCT FROM ({", ".join(f"n.{c}" for c in columns)}))"""
        )
        cursor.execute(
            f"""INSERT INTO {bridge} ({names})
            {query} JOIN known k ON {fact.same("k", "s")} ON CONFLICT DO NOTHING"""
        )
    # Such a row's post was put into the fact a moment ago: no row of the bridge leads nowhere.
    _insert(cursor, bridge, names, f"{query} {_unknown(fact, has_known)}")


def _unknown(fact: Fact, has_known: bool) -> str:
    """The condition that a staged row ``s`` is new to the fact."""
    if not has_known:
        return ""
    return f"WHERE NOT EXISTS (SELECT FROM known k WHERE {fact.same('k', 's')})"


def keep(cursor: Cursor, dimension: str, condition: str) -> None:
    """Keep members of a dimension from being deleted by anybody until the transaction ends."""
    cursor.execute(
        f"""SELECT count(*) FROM (
            SELECT FROM {dimension} d WHERE {condition} FOR KEY SHARE) kept"""
    )
    cursor.fetchall()


def _insert(cursor: Cursor, table: str, names: str, query: str) -> int:
    """Insert what a query gives, each foreign key read from the row that it leads to."""
    with keys_looked_up(cursor):
        return _count(cursor, f"INSERT INTO {table} ({names}) {query}")


@contextmanager
def keys_looked_up(cursor: Cursor) -> Iterator[None]:
    """Rows are inserted whose foreign keys were read where they lead to.

    A key that leads nowhere is null, and refused. PostgreSQL would look up each one again, row by
    row, which takes longer than all the rest; where the role may, it goes without (ADR 24).
    """
    _set_role(cursor, "replica")
    yield
    _set_role(cursor, "origin")  # after an error the transaction's end sees to it


def _set_role(cursor: Cursor, role: str) -> None:
    setting = "session_replication_role"
    cursor.execute(
        f"""SELECT set_config('{setting}', '{role}', true)
        WHERE has_parameter_privilege('{setting}', 'SET')"""
    )
    cursor.fetchall()


def _outranks(one: str, other: str) -> str:
    """The condition that an object of the ledger has a row, and not another one of the day."""
    ours, theirs = _INTERVAL.format(one), _INTERVAL.format(other)
    return f'({ours}, {other}.key COLLATE "C") > ({theirs}, {one}.key COLLATE "C")'


def _drop(cursor: Cursor, fact: Fact, gone: str, condition: str) -> None:
    tables: Sequence[str] = (fact.stage, *fact.children)
    for table in tables:
        cursor.execute(
            f"DELETE FROM {table} s USING {gone} gone "
            f"WHERE {fact.same('gone', 's')} AND {condition}"
        )


def _shadow(cursor: Cursor, losers: str) -> None:
    cursor.execute(
        f"""UPDATE load_object o SET shadowed = shadowed + number
        FROM (SELECT object_id, count(*) AS number FROM ({losers}) rows GROUP BY object_id) lost
        WHERE lost.object_id = o.object_id"""
    )


def _count(cursor: Cursor, statement: str) -> int:
    cursor.execute(statement)
    return int(cursor.rowcount)
