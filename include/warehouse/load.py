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
from dataclasses import dataclass, field
from datetime import date
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

import adbc_driver_manager

from include.data_docs.words import count_of
from include.errors import LakeChanged, LakeUnavailable, TweetLakeError
from include.lake import Lake
from include.warehouse import load_tweet_metrics, load_tweets, load_users
from include.warehouse.fact import Fact
from include.warehouse.faults import FAULTS, is_of_the_object, said
from include.warehouse.lock import ONE_AT_A_TIME
from include.warehouse.objects import Changes, find_changes
from include.warehouse.staging import stage

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection, Cursor

log = logging.getLogger(__name__)

_BATCH_BYTES = 4 * 2**20
"""Of Parquet in a transaction, unless one object alone is larger."""
_BATCH_OBJECTS = 1_000
_WORKERS = {"users": 1, "tweets": 2, "tweet_metrics": 2}
"""Transactions at once. Profiles of one account on two days decide on each other's versions."""
_SHOWN = 20

Merge = Callable[..., tuple[int, int]]
_MERGES: Mapping[str, tuple[Fact, Merge]] = {
    "users": (load_users.USERS, load_users.merge),
    "tweets": (load_tweets.TWEETS, load_tweets.merge),
    "tweet_metrics": (load_tweet_metrics.TWEET_METRICS, load_tweet_metrics.merge),
}


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


@dataclass
class Loaded:
    """What a load did."""

    objects: int = 0
    gone: int = 0
    new: int = 0
    """Rows of the dataset's fact."""
    changed: int = 0
    vanished: int = 0
    """Rows of it that no object holds any more."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why objects could not be loaded, by key."""

    def add(self, more: Loaded) -> None:
        """Count in what else was done."""
        self.objects += more.objects
        self.gone += more.gone
        self.new += more.new
        self.changed += more.changed
        self.vanished += more.vanished
        self.failed |= more.failed


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
            loaded before are looked at in any case.

    Raises:
        LakeUnavailable: S3 refused; what was loaded stays.
        WarehouseUnavailable: it is lost and can't be reached again; what was loaded stays.
    """
    loaded = Loaded()
    with connect() as connection, connection.cursor() as cursor:
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
        if dataset == "tweets" and (loaded.vanished or loaded.changed):
            load_tweets.delete_orphans(cursor)
            connection.commit()
    return loaded


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
    idle: SimpleQueue[_Worker] = SimpleQueue()

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
            worker = _Worker(lake, connect, dataset)
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


class _Worker:
    """One session of the warehouse, opened again where it is lost."""

    def __init__(self, lake: Lake, connect: Callable[[], Connection], dataset: str) -> None:
        self._lake = lake
        self._connect = connect
        self._dataset = dataset
        self._connection = connect()

    def close(self) -> None:
        self._connection.close()

    def load(self, batch: Changes) -> Loaded:
        """Load a batch, or of its halves what can be."""
        try:
            return self._load(batch)
        except LakeUnavailable:
            raise  # no object is to blame
        except FAULTS as error:
            self._recover(error)
            if len(batch) == 1:
                # What is another object by now is found again, by the next look at the lake.
                is_news = isinstance(error, LakeChanged)
                return Loaded() if is_news else self._failed(batch, error)
            log.info("a batch of %d objects is divided: %s", len(batch), said(error))
        total = Loaded()
        for half in batch.halves():
            total.add(self.load(half))
        return total

    def _load(self, batch: Changes) -> Loaded:
        fact, merge = _MERGES[self._dataset]
        with self._connection.cursor() as cursor:
            has_copies = stage(
                cursor,
                self._lake,
                batch.new,
                batch.gone,
                dataset=self._dataset,
                key=fact.key,
            )
            new, changed = merge(cursor, has_copies=has_copies)
            vanished = _look_again(cursor, self._dataset)
            if batch.gone:
                cursor.execute(
                    """DELETE FROM load_object o USING listed_key k
                    WHERE o.key = k.key AND k.key NOT IN (SELECT key FROM listed_object)"""
                )
        self._connection.commit()
        return Loaded(len(batch.new), len(batch.gone), new, changed, vanished)

    def _recover(self, error: Exception) -> None:
        """Undo the transaction; open the warehouse again where it was lost."""
        try:
            self._connection.rollback()
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                cursor.fetchall()
            self._connection.rollback()
        except adbc_driver_manager.Error:
            log.warning("the warehouse was lost: %s", said(error))
            self._connection.close()
            self._connection = self._connect()

    def _failed(self, batch: Changes, error: Exception) -> Loaded:
        """Put into the ledger that an object could not be loaded.

        Where the object is to blame, what it brought before goes: X may have demanded it. What
        another time may bring over, or take out, stays until then.
        """
        (key,) = (*(entry.key for entry in batch.new), *batch.gone)
        why = said(error)
        log.error("%s can't be loaded: %s", key, why)
        failed = Loaded(failed={key: why})
        if batch.new and is_of_the_object(error):
            failed.vanished = self.load(Changes([], {key: batch.new[0].day})).vanished
        with self._connection.cursor() as cursor:
            for entry in batch.new:
                cursor.execute(
                    """INSERT INTO load_object (dataset, key, etag, day, account, interval_end,
                        rows, shadowed, state, error, loaded_at)
                    VALUES ($1, $2, '', $3, $4, $5, 0, 0, 'failed', $6, now())
                    ON CONFLICT (key) DO UPDATE SET state = 'failed', error = excluded.error""",
                    (entry.dataset, entry.key, entry.day, entry.account, entry.interval_end, why),
                )
            for gone in batch.gone:
                cursor.execute(
                    "UPDATE load_object SET state = 'failed', error = $1 WHERE key = $2",
                    (why, gone),
                )
        self._connection.commit()
        return failed


def _look_again(cursor: Cursor, dataset: str) -> int:
    """Where objects lost rows, others of the day may hold them too: load those again.

    Returns:
        How many rows vanished.
    """
    cursor.execute(
        """UPDATE load_object SET etag = '' WHERE dataset = $1 AND shadowed > 0
        AND day IN (
            SELECT day FROM vanished UNION
            SELECT o.day FROM known JOIN load_object o ON o.object_id = held_by WHERE is_lost)
        AND object_id NOT IN (SELECT object_id FROM staged_object)""",
        (dataset,),
    )
    cursor.execute("SELECT count(*) FROM vanished")
    return int(cursor.fetchone()[0])
