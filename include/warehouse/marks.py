"""Up to when a dataset's announcements were looked at, written down in the warehouse itself.

So a run that failed, a DAG that was paused and a warehouse that was restored from a backup make up
for what they missed.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor


def read_marks(cursor: Cursor) -> dict[str, datetime]:
    """The time of the last announcement that was looked at, by dataset."""
    cursor.execute("SELECT dataset, announced_at FROM load_mark")
    return dict(cursor.fetchall())


def set_mark(cursor: Cursor, dataset: str, announced_at: datetime) -> None:
    """Remember that all that was announced up to then was looked at; a later mark stays."""
    cursor.execute(
        """INSERT INTO load_mark (dataset, announced_at) VALUES ($1, $2)
        ON CONFLICT (dataset) DO UPDATE SET announced_at = excluded.announced_at
        WHERE excluded.announced_at > load_mark.announced_at""",
        (dataset, announced_at),
    )
