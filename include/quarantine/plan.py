"""What a decision would do, counted before anything moves; it is carried out as it was counted."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from include.datasets import dataset_named
from include.errors import BadConfiguration
from include.interval import Interval
from include.lake import Lake, account_report_key, run_report_key
from include.overlay import Overlay
from include.quarantine.decision import (
    AlreadyDecided,
    Decision,
    Ground,
    Said,
    decisions_key,
    grounds,
    read_decisions,
    to_bytes,
)
from include.quarantine.items import Item
from include.quarantine.rows import open_rows
from include.quarantine.verdicts import Verdict
from include.raw import RawBatch
from include.report import AccountReport, RunReport
from include.rerun import Reruns
from include.settings import Settings


class CanNotBeDecided(BadConfiguration):
    """What is asked for can't be done with these rows."""


class Planned(BaseModel):
    """What a decision would do to one item."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: Item
    grounds: tuple[Ground, ...] = ()
    """The rows that it is about; none of a replay."""
    lands: int
    """Rows that would come into curated/."""
    leaves: int
    """Rows that would be taken out of curated/: today's suite does not let them pass any more."""
    stays: int
    """Rows that would be open."""
    can_not_land: int = 0
    """Rows that are to be released, but lack what is never null."""


class Plan(BaseModel):
    """A decision about some items, ready to be approved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """The run or command that makes it."""
    verdict: Verdict
    why: Said
    items: tuple[Planned, ...]

    @property
    def key(self) -> str:
        """``review/plans/<name>.json``: what a person was shown before it was carried out."""
        return f"review/plans/{self.name}.json"

    @property
    def lands(self) -> int:
        """Rows that would land in all."""
        return sum(planned.lands for planned in self.items)

    @property
    def leaves(self) -> int:
        """Rows that would be taken out of curated/ in all."""
        return sum(planned.leaves for planned in self.items)

    @property
    def stays(self) -> int:
        """Rows that would be open in all."""
        return sum(planned.stays for planned in self.items)


def make_plan(
    lake: Lake,
    settings: Settings,
    items: Sequence[Item],
    *,
    name: str,
    verdict: Verdict,
    why: str,
    reason: str | None = None,
    ids: Collection[str] = (),
) -> Plan:
    """Count what a decision would do, by doing it above the lake; nothing is written.

    Args:
        lake: where the items lie.
        settings: how runs are made anew.
        items: open ones.
        name: the run or command that asks.
        verdict: what is to be done.
        why: in the words of the person who asks.
        reason: only rows that hold this reason are decided on, and released only if no other.
        ids: rows that it is about; empty for all that are open. A replay is of whole items.

    Raises:
        AlreadyDecided: somebody has decided on all of the rows.
        BadConfiguration: ``why`` says nothing, or more than 1,000 characters.
        CanNotBeDecided: a row is not there, or none of the rows can land, or raw pages are gone.
        RowsGone: the rows of an item are not there.
    """
    draft = _draft(name, verdict, why)
    if verdict == "replayed" and ids:
        raise CanNotBeDecided("a replay is of whole items; leave the ids out")
    for item in items:
        _check_raw(lake, item)
    choice = _Choice(lake, verdict, reason, frozenset(ids))
    chosen = [(item, *choice.of(item)) for item in items]
    choice.check()
    reruns = Reruns(lake, settings)
    planned = [
        _planned(lake, reruns, item, draft.model_copy(update={"grounds": about}), lacking)
        for item, about, lacking in chosen
        if about or verdict == "replayed"
    ]
    return Plan(name=name, verdict=verdict, why=draft.why, items=tuple(planned))


def _draft(name: str, verdict: Verdict, why: str) -> Decision:
    """The decision as it would be, but for who approves it."""
    try:
        return Decision(name=name, verdict=verdict, by="nobody", at=datetime.now(UTC), why=why)
    except ValidationError as error:
        raise BadConfiguration(
            f"why it is {verdict} has to be said in 1 to 1,000 characters; there are "
            f"{len(why.strip()):,}"
        ) from error


def _check_raw(lake: Lake, item: Item) -> None:
    interval = Interval.parse(item.interval)
    raw = RawBatch(lake, item.dataset, interval, item.account)
    fetched = raw.fetched()
    if fetched is None or raw.lacks_pages(fetched):
        raise CanNotBeDecided(
            f"{item.name}: its raw pages are not all there, from which its rows are made; they "
            "have expired, or were deleted. Fetch the interval anew, or leave the item out"
        )


class _Choice:
    """Which rows of the items are meant, and what there is to say where it is none."""

    def __init__(
        self, lake: Lake, verdict: Verdict, reason: str | None, ids: frozenset[str]
    ) -> None:
        self._lake = lake
        self._verdict = verdict
        self._reason = reason
        self._ids = ids
        self._missing = set(ids)
        self._open = 0
        self._found = 0
        self._lacking = 0
        self._decided: list[str] = []

    def of(self, item: Item) -> tuple[tuple[Ground, ...], int]:
        """The rows of an item that are meant, and how many more can't land."""
        if self._verdict == "replayed":
            return (), 0
        interval = Interval.parse(item.interval)
        made = read_decisions(self._lake, item.dataset, interval, item.account)
        chosen, lacking = [], 0
        for row_id, reasons, is_whole in open_rows(self._lake, item):
            self._open += 1
            if (self._ids and row_id not in self._ids) or not self._is_meant(reasons):
                continue
            self._missing.discard(row_id or "")
            if earlier := made.about(row_id, reasons):
                self._decided.append(f"{item.name}: row {row_id or 'without an id'} was {earlier}")
            elif is_whole or self._verdict == "discarded":
                chosen.append((row_id, reasons))
            else:
                lacking += 1
        self._found += len(chosen)
        self._lacking += lacking
        return grounds(chosen), lacking

    def check(self) -> None:
        """Say why nothing is left to decide."""
        if self._verdict == "replayed":
            return
        if not self._open:
            raise AlreadyDecided(
                "every row there is discarded; the list does not say so yet, a replay puts it right"
            )
        if self._missing:
            raise CanNotBeDecided(f"no open row has the id {', '.join(sorted(self._missing))}")
        if self._found:
            return
        if self._decided:
            raise AlreadyDecided(
                f"{'; '.join(self._decided[:5])}. Where that has not come into the lake, a replay "
                "brings it there"
            )
        if self._lacking:
            raise CanNotBeDecided(
                f"none of the {self._lacking} rows can land: each lacks an id, a time or another "
                "column that is never null. Discard them, or replay them once the decoding is "
                "mended"
            )
        alone = " alone" if self._verdict == "released" else ""
        raise CanNotBeDecided(
            f"no open row failed for {self._reason}{alone}; name the rows by their ids, or leave "
            "the reason out"
        )

    def _is_meant(self, reasons: Sequence[str]) -> bool:
        if self._reason is None:
            return True
        if self._verdict == "released":  # nobody looks at the others who asks for one reason
            return set(reasons) == {self._reason}
        return self._reason in reasons


def _planned(lake: Lake, reruns: Reruns, item: Item, draft: Decision, lacking: int) -> Planned:
    interval = Interval.parse(item.interval)
    before = _curated_ids(lake, _curated_keys(lake, item, interval), item.dataset)
    made = read_decisions(lake, item.dataset, interval, item.account)
    key = decisions_key(item.dataset, interval, item.account)
    foreseen = Overlay(lake, {key: to_bytes(made.after(draft)[0])})
    after = reruns.validate(foreseen, item.dataset, interval, [item.account])[item.account]
    ids = _curated_ids(foreseen, after.curated_keys, item.dataset)
    return Planned(
        item=item,
        grounds=draft.grounds,
        lands=len(ids - before),
        leaves=len(before - ids),
        stays=after.open,
        can_not_land=lacking,
    )


def _curated_keys(lake: Lake, item: Item, interval: Interval) -> list[str]:
    """Where rows of the item's account have landed."""
    own = lake.find(account_report_key(item.dataset, interval, item.account))
    if own is not None:
        return AccountReport.model_validate_json(own).curated_keys
    # Who crashed while landing has withdrawn it, and may have left what the run's report names.
    run = lake.find(run_report_key(item.dataset, interval))
    accounts = [] if run is None else RunReport.model_validate_json(run).accounts
    return [key for told in accounts if told.account == item.account for key in told.curated_keys]


def _curated_ids(lake: Lake, keys: Iterable[str], dataset: str) -> set[str]:
    column = dataset_named(dataset).id_column
    return {
        row_id
        for key in keys
        if key.endswith(".parquet") and (body := lake.find(key)) is not None
        for row_id in pq.read_table(io.BytesIO(body), columns=[column])[column].to_pylist()
    }
