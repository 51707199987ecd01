"""One look at the warehouse: everything is asked of the same snapshot, read-only.

Names in the SQL are the schema's; what somebody typed is bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from include.errors import BadConfiguration, WarehouseUnavailable
from include.exports.columns import Column
from include.exports.order import Order
from include.exports.relations import ACCOUNT, SINCE, UNTIL, USER_ID
from include.warehouse.connection import conninfo, open_engine, place, warehouse_url

if TYPE_CHECKING:
    import pyarrow as pa

_BATCHES = {"adbc.postgresql.batch_size_hint_bytes": str(8 * 2**20)}
_COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped
"""
_USER = """
SELECT user_id FROM dim_user u WHERE lower(username) = lower(:account)
ORDER BY is_current DESC, valid_to DESC,
    (SELECT max(observed_at) FROM fact_user_metrics f WHERE f.user_id = u.user_id)
        DESC NULLS LAST,
    user_id
LIMIT 1
"""
"""Two have it today where X has not been asked since for the one that gave it away."""
_KNOWN = "SELECT username FROM dim_user WHERE is_current AND username IS NOT NULL LIMIT 10000"
_BROUGHT = "SELECT EXISTS (SELECT FROM fact_tweet WHERE lower(account) = lower(:account))"


class Reading:
    """The rows of an order, in one snapshot; ``open_reading`` makes it."""

    def __init__(self, order: Order, connection: Connection) -> None:
        self.order = order
        self._connection = connection
        types = dict(self._ask(_COLUMNS, name=order.relation.name))
        self.columns = [
            Column(name, types[name], order.relation.columns[name]) for name in order.columns
        ]
        self.schema_version = str(self._value("SELECT version_num FROM alembic_version"))
        self.user_id = self._user_id()
        self._settings = {
            USER_ID: self.user_id,
            ACCOUNT: order.account,
            SINCE: order.since,
            UNTIL: order.until,
        }
        for setting, value in self._settings.items():
            self._value(_set(setting), value=str(value or ""))
        self.query = self._query()
        self.estimate = self._check_rows()

    @contextmanager
    def lines(self, copy: str) -> Iterator[Iterator[bytes | memoryview]]:
        """What a ``COPY … TO STDOUT`` sends, a row at a time."""
        driver: Any = self._connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(copy) as lines:
            yield iter(lines)

    @contextmanager
    def batches(self) -> Iterator[pa.RecordBatchReader]:
        """The rows as Arrow batches of some 8 MB, each when it is asked for."""
        from adbc_driver_postgresql import dbapi

        snapshot = self._value("SELECT pg_export_snapshot()")
        with (
            closing(dbapi.connect(conninfo(warehouse_url()))) as connection,
            closing(connection.cursor()) as cursor,
        ):
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            for setting, value in self._settings.items():
                cursor.execute(_set(setting, "$1"), (str(value or ""),))
                cursor.fetchall()
            cursor.adbc_statement.set_options(**_BATCHES)
            cursor.execute(self.query)
            with cursor.fetch_record_batch() as batches:
                yield batches

    def _query(self) -> str:
        order = self.order
        conditions = order.relation.on_days(order.bounds)
        if order.account is not None:
            known = self.user_id is not None
            mine = order.relation.of_author() if known else order.relation.of_lake_account()
            conditions.append(mine or "false")
        selected = ", ".join(column.expression(order.format.style) for column in self.columns)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {selected} FROM {order.relation.name}{where}"

    def _user_id(self) -> int | None:
        """The account of that name, as docs/exports.md says; None if it is the lake's name.

        Raises:
            BadConfiguration: nobody knows it.
        """
        account = self.order.account
        if account is None:
            return None
        found = self._value(_USER, account=account)
        if found is not None:
            return int(found)
        if self.order.relation.of_lake_account() and self._value(_BROUGHT, account=account):
            return None
        near = get_close_matches(account, [row[0] for row in self._ask(_KNOWN)], n=1)
        hint = f"did you mean {near[0]}? Else " if near else ""
        raise BadConfiguration(
            f"the warehouse knows no account '{account}'; {hint}see that it is followed, and that "
            "load_warehouse has run since"
        )

    def _check_rows(self) -> int:
        """How many rows PostgreSQL thinks there are.

        Raises:
            BadConfiguration: there is none, or more than the format holds.
        """
        if not self._of_query("SELECT EXISTS ({})"):
            raise BadConfiguration(
                f"there are no rows: {self.order}. Nothing was written; ask for other dates or "
                "another account, or run load_warehouse first"
            )
        most = self.order.format.most_rows
        if most is not None:
            rows = int(self._of_query(f"SELECT count(*) FROM ({{}} LIMIT {most + 1}) counted"))
            if rows > most:
                raise BadConfiguration(
                    f"{self.order} has more rows than the {most:,} that .{self.order.format.name} "
                    "holds; nothing was written. Ask for fewer dates, or choose csv or parquet"
                )
            return rows
        return int(self._of_query("EXPLAIN (FORMAT JSON) {}")[0]["Plan"]["Plan Rows"])

    def _of_query(self, question: str) -> Any:
        return self._connection.exec_driver_sql(question.format(self.query)).scalar()

    def _ask(self, query: str, **values: object) -> list[Any]:
        return [tuple(row) for row in self._connection.execute(text(query), values)]

    def _value(self, query: str, **values: object) -> Any:
        return self._connection.scalar(text(query), values)


@contextmanager
def open_reading(order: Order) -> Iterator[Reading]:
    """Look at the warehouse of the Airflow connection.

    Raises:
        BadConfiguration: nobody knows the account, there are no rows or too many, the role may not
            read them; see also ``open_engine``.
        WarehouseUnavailable: the server can't be reached, or was lost.
    """
    from adbc_driver_manager import Error

    engine = open_engine()
    where = place(warehouse_url())
    try:
        with engine.connect() as connection:
            yield Reading(
                order,
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                ),
            )
    except (DBAPIError, psycopg.Error, Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, psycopg.errors.InsufficientPrivilege):
            raise BadConfiguration(
                f"{where}: {cause}. Grant the role SELECT (docs/warehouse.md)"
            ) from error
        raise WarehouseUnavailable(where, cause or error) from error
    finally:
        engine.dispose()


def _set(setting: str, parameter: str = ":value") -> str:
    return f"SELECT set_config('{setting}', {parameter}, true)"
