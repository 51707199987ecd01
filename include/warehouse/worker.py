"""A session that loads batches, and finds the object that is to blame where one fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from include.errors import LakeChanged, LakeUnavailable
from include.lake import Lake
from include.warehouse import load_tweet_metrics, load_tweets, load_users
from include.warehouse.fact import Fact
from include.warehouse.faults import FAULTS, is_lost, is_of_the_object, said
from include.warehouse.news import insert_news
from include.warehouse.objects import Changes
from include.warehouse.staging import StagedRows, decode, stage

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection, Cursor

log = logging.getLogger(__name__)

Merge = Callable[..., tuple[int, int]]
_MERGES: Mapping[str, tuple[Fact, Merge]] = {
    "users": (load_users.USERS, load_users.merge),
    "tweets": (load_tweets.TWEETS, load_tweets.merge),
    "tweet_metrics": (load_tweet_metrics.TWEET_METRICS, load_tweet_metrics.merge),
}


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


class Worker:
    """A session of the warehouse, opened again where it is lost.

    Args:
        lake: where the objects lie.
        connect: opens the warehouse.
        dataset: of which the batches are.
    """

    def __init__(self, lake: Lake, connect: Callable[[], Connection], dataset: str) -> None:
        self._lake = lake
        self._connect = connect
        self._dataset = dataset
        self._connection = connect()

    def close(self) -> None:
        """End the session."""
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
        except Exception as error:
            self._recover(error)  # others go on with this session
            raise
        total = Loaded()
        for half in batch.halves():
            total.add(self.load(half))
        return total

    def _load(self, batch: Changes) -> Loaded:
        with self._connection.cursor() as cursor:
            chunks = decode(cursor, self._lake, batch.new, batch.gone, dataset=self._dataset)
            first = next(chunks)
            others = list(islice(chunks, 1))
            can_be_news = self._dataset == "tweets" and not others
            news = insert_news(cursor, first) if can_be_news else None
            if news is None:
                done = self._merge(cursor, chain([first], others, chunks))
            else:
                done = Loaded(new=news)
            if batch.gone:
                cursor.execute(
                    """DELETE FROM load_object o USING listed_key k
                    WHERE o.key = k.key AND k.key NOT IN (SELECT key FROM listed_object)"""
                )
        self._connection.commit()
        done.objects, done.gone = len(batch.new), len(batch.gone)
        return done

    def _merge(self, cursor: Cursor, chunks: Iterable[StagedRows]) -> Loaded:
        fact, merge = _MERGES[self._dataset]
        has_copies = stage(cursor, chunks, dataset=self._dataset, key=fact.key)
        new, changed = merge(cursor, has_copies=has_copies)
        return Loaded(new=new, changed=changed, vanished=_look_again(cursor, self._dataset))

    def _recover(self, error: Exception) -> None:
        """Undo the transaction; open the warehouse again where it was lost."""
        if is_lost(self._connection):
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
