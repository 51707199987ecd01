"""What lies in quarantine, month by month: small lists, so that nobody has to read the zone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from include.data_docs.keys import month_of
from include.errors import TweetLakeError
from include.interval import Interval
from include.lake import Lake, batch_prefix, json_bytes
from include.outcomes import Outcome
from include.report import AccountReport

OPEN_KEY = "review/open.json"
_List = TypeVar("_List", bound=BaseModel)


class ItemsUnreadable(TweetLakeError):
    """A list of what lies in quarantine is not what this module wrote."""


class State(StrEnum):
    """How far an item is."""

    OPEN = "open"
    """Nobody has decided about some of its rows yet."""
    RELEASED = "released"
    """Rows landed though they failed a check; none is left."""
    DISCARDED = "discarded"
    """What is left of it was discarded, and is kept."""
    CLEARED = "cleared"
    """Nothing is left: it passes today's checks, or X has hidden it."""


class Item(BaseModel):
    """One account's rows of one interval that did not land by themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    interval: str
    account: str
    rows: int
    """Rows that lie in quarantine."""
    discarded: int = 0
    """How many of them somebody discarded."""
    released: int = 0
    """Rows that landed because somebody released them."""
    reasons: dict[str, int] = {}
    """How many rows in quarantine each reason holds; where none is left, how many it held."""

    @classmethod
    def of(cls, dataset: str, interval: Interval, account: AccountReport) -> Item:
        """What a run left of an account."""
        return cls(
            dataset=dataset,
            interval=interval.name,
            account=account.account,
            rows=account.quarantined,
            discarded=account.discarded,
            released=account.released,
            reasons=account.reasons,
        )

    @property
    def name(self) -> str:
        """``tweets/20261120T0000Z_20261120T0400Z/nasa``."""
        return f"{self.dataset}/{self.interval}/{self.account}"

    @property
    def day(self) -> date:
        """The UTC date on which its interval starts."""
        return Interval.parse(self.interval).day

    @property
    def open(self) -> int:
        """Rows about which nobody has decided yet."""
        return self.rows - self.discarded

    @property
    def state(self) -> State:
        """How far it is."""
        if self.open:
            return State.OPEN
        if self.rows:
            return State.DISCARDED
        return State.RELEASED if self.released else State.CLEARED


class _Month(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    items: tuple[Item, ...] = ()

    def with_accounts(
        self, dataset: str, interval: Interval, accounts: Iterable[AccountReport]
    ) -> _Month:
        """The month with what a run left of some accounts in the place of what was there."""
        listed = {(item.interval, item.account): item for item in self.items}
        for account in accounts:
            if account.outcome is Outcome.FAILED:  # what lies there, an earlier run has told
                continue
            place = interval.name, account.account
            item = Item.of(dataset, interval, account)
            # What was there once stays on the list when nothing is left of it.
            if item.rows or item.released or place in listed:
                before = listed.get(place, item).reasons
                listed[place] = item.model_copy(update={"reasons": item.reasons or before})
        return _Month(items=tuple(listed[place] for place in sorted(listed)))

    def without(self, names: Collection[str]) -> _Month:
        """The month without some items."""
        return _Month(items=tuple(item for item in self.items if item.name not in names))


class _Open(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    items: dict[str, dict[str, int]] = {}
    """Dataset → month → items that are open."""


def items_key(dataset: str, month: str) -> str:
    """``review/items/tweets/2026-11.json``."""
    return f"review/items/{dataset}/{month}.json"


def record(lake: Lake, dataset: str, interval: Interval, accounts: Iterable[AccountReport]) -> None:
    """List what a run left of some accounts, also while others do the same.

    Raises:
        ItemsUnreadable: a list is not what this module wrote.
        LakeBusy: others were faster every time.
    """
    told = tuple(accounts)
    _change(
        lake,
        dataset,
        month_of(interval),
        lambda month: month.with_accounts(dataset, interval, told),
    )


def drop_expired(lake: Lake, dataset: str, before: date) -> list[str]:
    """Take off the lists what S3 has deleted as it was kept long enough; returns the items.

    Args:
        lake: where the lists lie.
        dataset: whose lists.
        before: only rows of intervals that start before this day may have expired.

    Raises:
        ItemsUnreadable: a list is not what this module wrote.
        LakeBusy: others were faster every time.
    """
    dropped = []
    for month in months(lake, dataset):
        if month > f"{before:%Y-%m}":
            continue
        gone = {
            item.name
            for item in read_items(lake, dataset, month)
            if item.rows and item.day < before and not _has_rows(lake, item)
        }
        if gone:
            _change(lake, dataset, month, partial(_Month.without, names=gone))
            dropped += sorted(gone)
    return dropped


def _has_rows(lake: Lake, item: Item) -> bool:
    prefix = batch_prefix("quarantine", item.dataset, Interval.parse(item.interval), item.account)
    return f"{prefix}rows.parquet" in lake.keys(prefix)


def _change(lake: Lake, dataset: str, month: str, change: Callable[[_Month], _Month]) -> None:
    """Change a month's list, and the counts above it."""
    key = items_key(dataset, month)
    before = _parse(lake, key, lake.find(key), _Month)
    counted = open_by_month(lake).get(dataset, {}).get(month, 0)
    if change(before) == before and counted == _open_items(before.items):
        return

    def with_change(body: bytes | None) -> bytes:
        return json_bytes(change(_parse(lake, key, body, _Month)).model_dump(mode="json"))

    def with_month(body: bytes | None) -> bytes:
        # The list is read after the counts: whoever writes these last has seen the last list.
        counts = _parse(lake, OPEN_KEY, body, _Open).items if body else _count_all(lake)
        of_months = {
            **counts.get(dataset, {}),
            month: _open_items(read_items(lake, dataset, month)),
        }
        listed = {**counts, dataset: {name: n for name, n in sorted(of_months.items()) if n}}
        return json_bytes(_Open(items=listed).model_dump(mode="json"))

    lake.update(key, with_change)
    lake.update(OPEN_KEY, with_month)


def read_items(lake: Lake, dataset: str, month: str) -> tuple[Item, ...]:
    """What a month's runs left in quarantine, whatever became of it; oldest first.

    Raises:
        ItemsUnreadable: the list is not what this module wrote.
    """
    key = items_key(dataset, month)
    return _parse(lake, key, lake.find(key), _Month).items


def months(lake: Lake, dataset: str) -> list[str]:
    """Months that have a list, oldest first."""
    prefix = items_key(dataset, "").removesuffix(".json")
    return [key.removeprefix(prefix).removesuffix(".json") for key in lake.keys(prefix)]


def open_by_month(lake: Lake) -> dict[str, dict[str, int]]:
    """Dataset → month → how many items are open; months without any are left out.

    Raises:
        ItemsUnreadable: the counts are not what this module wrote.
    """
    return _parse(lake, OPEN_KEY, lake.find(OPEN_KEY), _Open).items


def newest_open(lake: Lake, counts: Mapping[str, Mapping[str, int]], most: int) -> Iterator[Item]:
    """Items that are open, the newest interval first; no more months are read than it takes.

    ``counts`` is what :func:`open_by_month` says.
    """
    found = 0
    for month in sorted({month for of in counts.values() for month in of}, reverse=True):
        items = [
            item
            for dataset, of in counts.items()
            if month in of
            for item in read_items(lake, dataset, month)
            if item.state is State.OPEN
        ]
        for item in sorted(items, key=lambda i: (i.interval, i.name), reverse=True)[: most - found]:
            found += 1
            yield item
        if found >= most:
            return


def _count_all(lake: Lake) -> dict[str, dict[str, int]]:
    """The counts made anew, where they were deleted."""
    prefix = "review/items/"
    datasets = [folder.removeprefix(prefix).strip("/") for folder in lake.folders(prefix)]
    return {
        dataset: {
            month: _open_items(read_items(lake, dataset, month)) for month in months(lake, dataset)
        }
        for dataset in datasets
    }


def _open_items(items: Iterable[Item]) -> int:
    return sum(item.state is State.OPEN for item in items)


def _parse(lake: Lake, key: str, body: bytes | None, kind: type[_List]) -> _List:
    if body is None:
        return kind()
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise ItemsUnreadable(
            f"s3://{lake.bucket}/{key} is no list of what lies in quarantine; restore an earlier "
            "version of it, or delete it and clear 'report' of the runs that it should list"
        ) from error
