"""Which items somebody means: asked for by name, dataset, account, date, reason or state."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from include.data_docs.keys import month_of
from include.datasets import dataset_names
from include.errors import BadConfiguration
from include.interval import Interval
from include.lake import Lake
from include.quarantine.decision import AlreadyDecided, read_decisions
from include.quarantine.items import Item, State, months, open_by_month, read_items


class NothingSelected(BadConfiguration):
    """No item is what was asked for."""


class Selection(BaseModel):
    """What is asked for; what is not given does not matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str | None = None
    account: str | None = None
    interval: str | None = None
    """One interval by its name."""
    since: date | None = None
    """First UTC date on which the interval may start."""
    until: date | None = None
    """Last UTC date on which the interval may start."""
    reason: str | None = None
    """Key of an expectation that some of the rows failed."""
    state: State | None = None

    @field_validator("dataset")
    @classmethod
    def _is_known(cls, dataset: str | None) -> str | None:
        if dataset is not None and dataset not in dataset_names():
            raise ValueError(
                f"there is no dataset {dataset!r}; there are {', '.join(dataset_names())}"
            )
        return dataset

    @field_validator("interval")
    @classmethod
    def _is_interval(cls, interval: str | None) -> str | None:
        return None if interval is None else Interval.parse(interval).name

    @field_validator("account")
    @classmethod
    def _in_lower_case(cls, account: str | None) -> str | None:
        return None if account is None else account.lower().removeprefix("@")

    @model_validator(mode="after")
    def _has_days(self) -> Selection:
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"since {self.since} is after until {self.until}")
        return self

    def takes(self, item: Item) -> bool:
        """Whether the item is meant, whatever its state."""
        return (
            self.account in {None, item.account}
            and self.interval in {None, item.interval}
            and (self.since is None or self.since <= item.day)
            and (self.until is None or item.day <= self.until)
            and (self.reason is None or self.reason in item.reasons)
        )

    def __str__(self) -> str:
        said = self.model_dump(exclude_none=True, mode="json")
        return ", ".join(f"{name} {value}" for name, value in said.items()) or "everything"


def parse_selection(**given: object) -> Selection:
    """Read what a person asked for; what is empty was not given.

    Raises:
        BadConfiguration: says which part is wrong, and how to write it.
    """
    try:
        return Selection.model_validate({name: value or None for name, value in given.items()})
    except ValidationError as error:
        faults = "; ".join(
            ": ".join([*map(str, fault["loc"]), fault["msg"].removeprefix("Value error, ")])
            for fault in error.errors()
        )
        raise BadConfiguration(f"what is asked for is not right: {faults}") from error


def select(lake: Lake, selection: Selection) -> list[Item]:
    """Every item that is meant, the newest interval first."""
    found = [item for item in _candidates(lake, selection) if selection.takes(item)]
    wanted = [item for item in found if selection.state in {None, item.state}]
    return sorted(wanted, key=lambda item: (item.interval, item.name), reverse=True)


def select_open(lake: Lake, selection: Selection) -> list[Item]:
    """The items that are meant and that can be decided on, the oldest interval first.

    Raises:
        AlreadyDecided: there are such items, but somebody has decided about all of them.
        NothingSelected: there is no such item; names the accounts or reasons that there are.
    """
    every = Selection(**{**selection.model_dump(), "state": None})
    found = select(lake, every)
    is_open = [item for item in found if item.state is State.OPEN]
    if is_open:
        return is_open[::-1]
    if found:
        raise AlreadyDecided(
            f"nothing is left to decide of {selection}: "
            + "; ".join(_how_decided(lake, item) for item in found[:5])
        )
    raise NothingSelected(
        f"nothing lies in quarantine for {selection}; {_what_there_is(lake, selection)}"
    )


def _candidates(lake: Lake, selection: Selection) -> list[Item]:
    datasets = [selection.dataset] if selection.dataset else dataset_names()
    counts = open_by_month(lake) if selection.state is State.OPEN else {}
    found: list[Item] = []
    for dataset in datasets:
        listed: Collection[str] = (
            counts.get(dataset, {}) if selection.state is State.OPEN else months(lake, dataset)
        )
        for month in listed:
            if _may_hold(selection, month):
                found += read_items(lake, dataset, month)
    return found


def _may_hold(selection: Selection, month: str) -> bool:
    if selection.interval is not None:
        return month == month_of(Interval.parse(selection.interval))
    return (selection.since is None or f"{selection.since:%Y-%m}" <= month) and (
        selection.until is None or month <= f"{selection.until:%Y-%m}"
    )


def _how_decided(lake: Lake, item: Item) -> str:
    interval = Interval.parse(item.interval)
    made = read_decisions(lake, item.dataset, interval, item.account).made
    return f"{item.name} was {made[-1]}" if made else f"{item.name} passes today's checks"


def _what_there_is(lake: Lake, selection: Selection) -> str:
    """The nearest that could have been meant."""
    others = select(lake, Selection(dataset=selection.dataset))
    accounts = sorted({item.account for item in others})
    if selection.account and selection.account not in accounts:
        return f"accounts with rows there: {', '.join(accounts) or 'none'}"
    reasons = sorted({reason for item in others for reason in item.reasons})
    if selection.reason and selection.reason not in reasons:
        return f"reasons of rows there: {', '.join(reasons) or 'none'}"
    days = sorted({item.day for item in others})
    return f"there are rows from {days[0]} to {days[-1]}" if days else "the whole zone is empty"
