"""What a decision would do, counted before anything moves; it is carried out as it was counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pydantic import BaseModel, ConfigDict

from include.errors import BadConfiguration
from include.interval import Interval
from include.lake import Lake, account_report_key
from include.overlay import Overlay
from include.quarantine.decision import Ground, grounds
from include.quarantine.items import Item
from include.quarantine.rows import open_rows
from include.quarantine.verdicts import Verdict
from include.raw import RawBatch
from include.report import AccountReport
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
    """Rows that would come into curated/ beyond those that are there."""
    stays: int
    """Rows that would stay open."""
    can_not_land: int = 0
    """Rows that are to be released, but lack what is never null."""


class Plan(BaseModel):
    """A decision about some items, ready to be approved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """The run or command that makes it."""
    verdict: Verdict
    why: str
    items: tuple[Planned, ...]

    @property
    def key(self) -> str:
        """``review/plans/<name>.json``."""
        return plan_key(self.name)

    @property
    def lands(self) -> int:
        """Rows that would land in all."""
        return sum(planned.lands for planned in self.items)

    @property
    def stays(self) -> int:
        """Rows that would stay open in all."""
        return sum(planned.stays for planned in self.items)


def plan_key(name: str) -> str:
    """``review/plans/<name>.json``: what a person was shown before it was carried out."""
    return f"review/plans/{name}.json"


def make_plan(
    lake: Lake,
    settings: Settings,
    items: Sequence[Item],
    *,
    name: str,
    verdict: Verdict,
    why: str,
    ids: Collection[str] = (),
) -> Plan:
    """Count what a decision would do; nothing is written.

    Args:
        lake: where the items lie.
        settings: how runs are made anew.
        items: open ones.
        name: the run or command that asks.
        verdict: what is to be done.
        why: in the words of the person who asks.
        ids: rows that it is about; empty for all that are open. A replay is of whole items.

    Raises:
        CanNotBeDecided: a row is not there, or none of the rows can land, or raw pages are gone.
        RowsGone: the rows of an item are not there.
    """
    wanted = set(ids)
    if verdict == "replayed" and wanted:
        raise CanNotBeDecided("a replay is of whole items; leave the ids out")
    for item in items:
        _check_raw(lake, item)
    if verdict == "replayed":
        planned = _replay(lake, settings, items)
    else:
        planned = [_decide(lake, item, verdict, wanted) for item in items]
        found = {row_id for one in planned for ground in one.grounds for row_id in ground.ids}
        if missing := sorted(wanted - found):
            raise CanNotBeDecided(
                f"no open row of {', '.join(item.name for item in items)} has the id "
                f"{', '.join(missing)}"
            )
    if verdict == "released" and not sum(one.lands for one in planned):
        raise CanNotBeDecided(
            f"none of the {sum(one.can_not_land for one in planned)} rows can land: each lacks an "
            "id, a time or another column that is never null. Discard them, or replay them once "
            "the decoding is mended"
        )
    touched = [one for one in planned if one.grounds or verdict == "replayed"]
    return Plan(name=name, verdict=verdict, why=why, items=tuple(touched))


def _check_raw(lake: Lake, item: Item) -> None:
    interval = Interval.parse(item.interval)
    if RawBatch(lake, item.dataset, interval, item.account).fetched() is None:
        raise CanNotBeDecided(
            f"{item.name}: its raw pages are not there, from which its rows are made; they have "
            "expired, or were deleted. Fetch the interval anew, or leave the item out"
        )


def _replay(lake: Lake, settings: Settings, items: Sequence[Item]) -> list[Planned]:
    reruns = Reruns(lake, settings)
    planned = []
    for item in items:
        interval = Interval.parse(item.interval)
        told = lake.find(account_report_key(item.dataset, interval, item.account))
        before = AccountReport.model_validate_json(told).curated if told else 0
        after = reruns.validate(Overlay(lake), item.dataset, interval, [item.account])[item.account]
        planned.append(Planned(item=item, lands=after.curated - before, stays=after.open))
    return planned


def _decide(lake: Lake, item: Item, verdict: Verdict, wanted: Collection[str]) -> Planned:
    rows = [row for row in open_rows(lake, item) if not wanted or row[0] in wanted]
    whole = sum(is_whole for _, _, is_whole in rows) if verdict == "released" else 0
    kept = [row for row in rows if row[2] or verdict == "discarded"]
    return Planned(
        item=item,
        grounds=grounds((row_id, reasons) for row_id, reasons, _ in kept),
        lands=whole,
        stays=item.open - len(kept),
        can_not_land=len(rows) - len(kept),
    )
