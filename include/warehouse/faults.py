"""What a load may fail of: whose fault it is, and how it is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import adbc_driver_manager
import pyarrow as pa

from include.errors import RowsUnreadable, TweetLakeError
from include.warehouse.accepted import BadRows

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection

FAULTS = (TweetLakeError, adbc_driver_manager.Error, pa.ArrowException)
"""What a batch may fail of."""
_OF_THE_ROWS = {"22", "54"}
"""PostgreSQL's classes of errors that the same rows meet every time: data, and limits."""
_CHECK = "23514"
"""A condition on the row alone. Keys, and what is null, are the warehouse's state as well."""
_STATEMENT = re.compile(
    r"Failed to execute (query|COPY statement|statement) '.*?': (?=[A-Z_]+:)", re.DOTALL
)
_ROW = re.compile(r"\s(DETAIL|CONTEXT): .*(?=SQLSTATE: \w{5}$)", re.DOTALL)
"""What somebody wrote is no part of an error: it would outlast the post."""


def is_of_the_object(error: Exception) -> bool:
    """Whether the object is at fault, whenever it is loaded; not a server, a disk or a network."""
    if isinstance(error, adbc_driver_manager.Error):
        state = error.sqlstate or ""
        return state == _CHECK or state[:2] in _OF_THE_ROWS
    return isinstance(error, BadRows | RowsUnreadable | pa.ArrowInvalid)


def is_lost(connection: Connection) -> bool:
    """Undo what a session has begun; say whether it does not even answer any more."""
    try:
        connection.rollback()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchall()
        connection.rollback()
    except adbc_driver_manager.Error:
        return True
    return False


def said(error: Exception) -> str:
    """An error in one line, without the statement and the row that PostgreSQL repeats."""
    return " ".join(_ROW.sub("", _STATEMENT.sub("", str(error))).split())
