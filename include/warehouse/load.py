"""Loading: the warehouse is brought to what lies in ``curated/``, batch of objects by batch.

A batch is one transaction: staged, merged, written into the ledger, or nothing of it. A batch that
fails is divided until the object stands alone that is to blame; it is listed, the rest is loaded.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

import adbc_driver_manager

from include.data_docs.words import count_of
from include.errors import TweetLakeError, WarehouseUnavailable
from include.lake import Lake
from include.warehouse import load_tweet_metrics, load_tweets
from include.warehouse.faults import is_lost, said
from include.warehouse.lock import ONE_AT_A_TIME
from include.warehouse.objects import Changes, find_changes
from include.warehouse.worker import Loaded, Worker

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection, Cursor

log = logging.getLogger(__name__)

_BATCH_BYTES = 4 * 2**20
"""Of Parquet in a transaction, unless one object alone is larger."""
_BATCH_OBJECTS = 1_000
_WORKERS = {"users": 1, "tweets": 2, "tweet_metrics": 2}
"""Transactions at once. Profiles of one account on two days decide on each other's versions."""
_SESSIONS = 4
"""That hold the lock one after the other, where the server ends them, or a firewall idle ones."""
_SHOWN = 20


class NotLoaded(TweetLakeError):
    """Objects are not in the warehouse; everything else is."""

    def __init__(self, dataset: str, failed: Mapping[str, str]) -> None:
        told = "\n".join(f"{key}: {why}" for key, why in sorted(failed.items())[:_SHOWN])
        more = f"\nand {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
        super().__init__(
            f"{count_of(len(failed), 'object')} of {dataset} could not be loaded, the rest is; the "
            f"next run tries again (table load_object, state 'failed'):\n{told}{more}"
        )
        self.failed = dict(failed)


def load(
    lake: Lake,
    connect: Callable[[], Connection],
    dataset: str,
    days: Collection[date] | None = None,
) -> Loaded:
    """Bring one dataset of the warehouse to what lies in the lake.

    Args:
        lake: whose curated objects are loaded.
        connect: opens the warehouse, for one worker or again after it was lost.
        dataset: tweets, users or tweet_metrics.
        days: whose objects are looked at; None for all. Days on which something could not be
            loaded before, or has to be again, are looked at in any case.

    Raises:
        LakeUnavailable: S3 refused; what was loaded stays.
        WarehouseUnavailable: it is lost and can't be reached again; what was loaded stays.
    """
    loaded = Loaded()
    for _ in range(_SESSIONS):
        connection = connect()
        try:
            _bring(lake, connect, connection, dataset, days=days, loaded=loaded)
        except adbc_driver_manager.Error as error:
            if not is_lost(connection):
                raise
            log.warning("the warehouse was lost, and nobody else is kept out: %s", said(error))
            last = error
        else:
            return loaded
        finally:
            connection.close()
    raise WarehouseUnavailable("the warehouse", last)


def _bring(
    lake: Lake,
    connect: Callable[[], Connection],
    connection: Connection,
    dataset: str,
    *,
    days: Collection[date] | None,
    loaded: Loaded,
) -> None:
    """Load until nothing is news; the connection's session keeps others out meanwhile."""
    with connection.cursor() as cursor:
        _wait_for_others(cursor)
        while changes := find_changes(lake, cursor, dataset, days, without=loaded.failed):
            connection.rollback()  # the look at the ledger is over; the lock is the session's
            if dataset == "tweet_metrics":
                # Before any worker writes: whoever makes one waits for all who do.
                load_tweet_metrics.make_partitions(cursor, {entry.day for entry in changes.new})
                connection.commit()
            log.info(
                "%s: %s to load, %d gone",
                dataset, count_of(len(changes.new), "object"), len(changes.gone),
            )  # fmt: skip
            _load(lake, connect, dataset, changes, loaded)
        if dataset == "tweets" and (loaded.vanished or loaded.changed or days is None):
            load_tweets.delete_orphans(cursor)
            connection.commit()


def _wait_for_others(cursor: Cursor) -> None:
    cursor.execute(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})")
    cursor.fetchall()


def _load(
    lake: Lake,
    connect: Callable[[], Connection],
    dataset: str,
    changes: Changes,
    loaded: Loaded,
) -> None:
    """Load what changed; objects of one day are never loaded at the same time."""
    rows = list(_rows(changes))
    number = min(_WORKERS[dataset], len(rows))
    counting = Lock()
    idle: SimpleQueue[Worker] = SimpleQueue()

    def work(batches: list[Changes]) -> None:
        worker = idle.get()
        try:
            for batch in batches:
                done = worker.load(batch)
                with counting:
                    loaded.add(done)
        finally:
            idle.put(worker)

    with ExitStack() as stack:
        for _ in range(number):
            worker = Worker(lake, connect, dataset)
            stack.callback(worker.close)
            idle.put(worker)
        pool = stack.enter_context(ThreadPoolExecutor(number))
        list(pool.map(work, rows))


def _rows(changes: Changes) -> Iterator[list[Changes]]:
    """Batches to load one after the other, oldest days first: no day is in two rows of them."""
    days: dict[date, Changes] = defaultdict(Changes)
    for entry in changes.new:
        days[entry.day].new.append(entry)
    for key, day in changes.gone.items():
        days[day].gone[key] = day
    waiting = Changes()
    for of_day in (days[day] for day in sorted(days)):
        together = waiting + of_day
        if _is_small(together):
            waiting = together
            continue
        if waiting:
            yield [waiting]
        waiting = Changes()
        if _is_small(of_day):
            waiting = of_day
        else:
            yield list(_batches(of_day))
    if waiting:
        yield [waiting]


def _is_small(changes: Changes) -> bool:
    return changes.size <= _BATCH_BYTES and len(changes) <= _BATCH_OBJECTS


def _batches(of_day: Changes) -> Iterator[Changes]:
    """The objects of a day in several batches; what is gone goes with the first."""
    batch = Changes(gone=of_day.gone)
    for entry in sorted(of_day.new, key=lambda entry: (entry.interval_end, entry.key)):
        one = Changes([entry])
        if batch.new and not _is_small(batch + one):
            yield batch
            batch = Changes()
        batch += one
    yield batch
