"""Curated objects into the temporary tables that a load begins with."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from include.errors import RowsUnreadable
from include.lake import Lake, at_once
from include.warehouse import unfit
from include.warehouse.accepted import BadRows, check_columns
from include.warehouse.objects import CuratedObject
from include.warehouse.rows import tweet_metric_rows, tweet_rows, user_rows
from include.warehouse.wanted import ACCOUNT, OBJECT_ID, TWEET_METRICS, TWEETS, USERS, Wanted

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor

_ROWS = 40_000
"""Decoded at once, which is what a load needs of memory."""

StagedRows = Mapping[str, pa.Table]
"""Rows of all staging tables of a dataset, by name; the first is that of its fact."""


def decode(
    cursor: Cursor,
    lake: Lake,
    objects: Sequence[CuratedObject],
    gone: Mapping[str, object],
    *,
    dataset: str,
) -> Iterator[StagedRows]:
    """Put objects into the ledger, in the open transaction, and give what is to be staged.

    Args:
        cursor: of the warehouse.
        lake: where the objects lie.
        objects: of the dataset, as they were listed.
        gone: keys of objects that are loaded and have no rows any more.
        dataset: of which they are.

    Returns:
        Their rows, some at a time, once at least.

    Raises:
        BadRows: rows that the warehouse can't hold.
        LakeChanged: an object is another one by now.
        RowsUnreadable: an object is no Parquet file, or a damaged one.
    """
    bodies = at_once(lambda entry: lake.get_listed(entry.key, entry.etag), objects)
    files = [_file(entry, body) for entry, body in zip(objects, bodies, strict=True)]
    numbers = _record(cursor, objects, files, list(gone))
    wanted, to_staged = _STAGED[dataset]
    return map(to_staged, _chunks(objects, files, numbers, wanted))


def stage(
    cursor: Cursor, chunks: Iterable[StagedRows], *, dataset: str, key: tuple[str, ...]
) -> bool:
    """Put rows into staging tables, in the open transaction.

    Args:
        cursor: of the warehouse.
        chunks: all rows, some at a time.
        dataset: of which they are.
        key: columns that tell rows apart.

    Returns:
        Whether two objects hold the same row.

    Raises:
        BadRows: an object holds a row twice; and as ``decode``.
    """
    keys: list[pa.Table] = []
    for rows in chunks:
        for name, table in rows.items():
            cursor.adbc_ingest(name, table, mode="append" if keys else "replace", temporary=True)
        keys.append(next(iter(rows.values())).select([*key, OBJECT_ID]))
    every = pa.concat_tables(keys)
    if len(every.group_by(list(key)).aggregate([])) == len(every):
        return False
    # Of rows that are decoded together `accepted` has seen to it.
    twice = unfit.second_copy(every[OBJECT_ID], every[key[0]])
    if twice is not None:
        row_id, of = str(every[key[0]][twice].as_py()), every[OBJECT_ID][twice].as_py()
        raise BadRows(dataset, key[0], "is in its object twice", row_id, of)
    return True


@contextmanager
def _reading(entry: CuratedObject) -> Iterator[None]:
    """Blame the object for what can't be read of it, but for no lack of memory."""
    try:
        yield
    except pa.ArrowMemoryError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise RowsUnreadable(entry.key, error) from error


def _file(entry: CuratedObject, body: bytes) -> pq.ParquetFile:
    with _reading(entry):
        return pq.ParquetFile(io.BytesIO(body))


def _record(
    cursor: Cursor,
    objects: Sequence[CuratedObject],
    files: Sequence[pq.ParquetFile],
    gone: Sequence[str],
) -> dict[str, int]:
    """Write the ledger, make ``staged_object``, and return the number of each object."""
    listed = pa.table(
        {
            "dataset": [entry.dataset for entry in objects],
            "key": [entry.key for entry in objects],
            "etag": [entry.etag for entry in objects],
            "day": pa.array([entry.day for entry in objects], pa.date32()),
            "account": pa.array([entry.account for entry in objects], pa.string()),
            "interval_end": pa.array(
                [entry.interval_end for entry in objects], pa.timestamp("us", "UTC")
            ),
            "rows": pa.array([file.metadata.num_rows for file in files], pa.int64()),
        }
    )
    keys = [*listed["key"].to_pylist(), *gone]
    cursor.adbc_ingest("listed_object", listed, mode="replace", temporary=True)
    cursor.adbc_ingest("listed_key", pa.table({"key": keys}), mode="replace", temporary=True)
    cursor.execute(
        """CREATE TEMP TABLE loaded_before ON COMMIT DROP AS
        SELECT object_id FROM load_object JOIN listed_key USING (key) WHERE rows > 0
        FOR UPDATE OF load_object"""
    )
    cursor.execute(
        """INSERT INTO load_object
            (dataset, key, etag, day, account, interval_end, rows, shadowed, state, loaded_at)
        SELECT dataset, key, etag, day, account, interval_end, rows, 0, 'loaded', now()
        FROM listed_object
        ON CONFLICT (key) DO UPDATE SET etag = excluded.etag, rows = excluded.rows, shadowed = 0,
            state = 'loaded', error = NULL, loaded_at = now()"""
    )
    cursor.execute(
        """CREATE TEMP TABLE staged_object ON COMMIT DROP AS
        SELECT o.object_id, b.object_id IS NOT NULL AS was_loaded
        FROM load_object o JOIN listed_key USING (key)
        LEFT JOIN loaded_before b USING (object_id)"""
    )
    cursor.execute("SELECT key, object_id FROM load_object JOIN listed_object USING (key)")
    return dict(cursor.fetchall())


def _chunks(
    objects: Sequence[CuratedObject],
    files: Sequence[pq.ParquetFile],
    numbers: Mapping[str, int],
    wanted: Wanted,
) -> Iterator[pa.Table]:
    """The wanted columns of all objects, some rows at a time; at least one table."""
    waiting = [pa.Table.from_pylist([], wanted.schema)]
    given = False
    for entry, file in zip(objects, files, strict=True):
        schema = file.schema_arrow
        check_columns(schema, wanted, wanted.columns)
        names = [name for name in wanted.columns if name in schema.names]
        for batch in _batches(entry, file, names):
            waiting.append(_with_object(pa.Table.from_batches([batch]), entry, numbers[entry.key]))
            if sum(map(len, waiting)) >= _ROWS:
                yield _in_one_piece(waiting)
                waiting = waiting[:1]
                given = True
    if len(waiting) > 1 or not given:
        yield _in_one_piece(waiting)


def _batches(
    entry: CuratedObject, file: pq.ParquetFile, names: list[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of an object, some at a time; a damaged page shows only here."""
    with _reading(entry):
        yield from file.iter_batches(_ROWS, columns=names, use_threads=False)


def _in_one_piece(tables: list[pa.Table]) -> pa.Table:
    """Ten times faster to go through than the pieces of small objects one after the other."""
    return pa.concat_tables(tables, promote_options="default").combine_chunks()


def _with_object(rows: pa.Table, entry: CuratedObject, number: int) -> pa.Table:
    size = len(rows)
    return rows.append_column(
        ACCOUNT, pa.repeat(pa.scalar(entry.account or "", pa.string()), size)
    ).append_column(OBJECT_ID, pa.repeat(pa.scalar(number, pa.int32()), size))


def _tweets(rows: pa.Table) -> StagedRows:
    made = tweet_rows(rows)
    return {
        "staged_tweet": made.tweets,
        "staged_hashtag": made.hashtags,
        "staged_mention": made.mentions,
        "staged_url": made.urls,
        "staged_reference": made.references,
    }


_STAGED: dict[str, tuple[Wanted, Callable[[pa.Table], StagedRows]]] = {
    "tweets": (TWEETS, _tweets),
    "users": (USERS, lambda rows: {"staged_user": user_rows(rows)}),
    "tweet_metrics": (
        TWEET_METRICS,
        lambda rows: {"staged_tweet_metrics": tweet_metric_rows(rows)},
    ),
}
"""Dataset → what is read of it, and what its rows are to be staged as."""
