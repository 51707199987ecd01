"""What people decided about quarantined rows: kept for good, and obeyed by every later run.

A decision changes no row by itself. Validation reads it, so that the run made anew lands what was
released and keeps what was discarded, however often it is made anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from include.errors import BadConfiguration, TweetLakeError
from include.interval import Interval
from include.lake import Lake, account_prefix
from include.quarantine.verdicts import Verdict

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
"""A name, or a reason in a person's words."""


class AlreadyDecided(BadConfiguration):
    """Somebody else has decided about these rows."""


class DecisionsUnreadable(TweetLakeError):
    """The record of decisions is not what this module wrote."""


class Ground(BaseModel):
    """Rows that failed for the same reasons."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reasons: tuple[str, ...]
    """Keys of the critical expectations, sorted."""
    ids: tuple[str | None, ...]
    """Ids of the rows; None stands for rows without one."""


class Decision(BaseModel):
    """Who decided what about which rows, when and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """The run or command that recorded it: recording it again changes nothing."""
    verdict: Verdict
    by: Said
    at: AwareDatetime
    why: Said
    grounds: tuple[Ground, ...] = ()
    """The rows that it is about; none of a replay."""

    @property
    def rows(self) -> int:
        """How many rows it is about."""
        return sum(len(ground.ids) for ground in self.grounds)

    def __str__(self) -> str:
        return f"{self.verdict} by {self.by} at {self.at:%Y-%m-%d %H:%M} UTC: {self.why}"


class Decisions(BaseModel):
    """All decisions about one account and interval, in the order in which they were made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    made: tuple[Decision, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.made)

    def about(self, row_id: str | None, reasons: Iterable[str]) -> Decision | None:
        """The decision that holds for a row.

        A release holds as long as the row fails for no other reason than those that somebody saw;
        a discarded row stays where it is, whatever a later suite says of it. Rows without an id are
        told apart by their reasons alone: it holds for those that fail for exactly these.
        """
        failed = frozenset(reasons)
        for decision, seen in reversed(self._by_id.get(row_id, ())):
            if row_id is None:
                holds = failed == seen
            else:
                holds = decision.verdict == "discarded" or failed <= seen
            if holds:
                return decision
        return None

    def after(self, decision: Decision) -> tuple[Decisions, list[str]]:
        """These and one more, and of which of its rows somebody else was faster to decide."""
        free: list[tuple[str | None, tuple[str, ...]]] = []
        refused: list[str] = []
        for ground in decision.grounds:
            for row_id in ground.ids:
                earlier = self.about(row_id, ground.reasons)
                if earlier is None:
                    free.append((row_id, ground.reasons))
                elif earlier.name != decision.name:
                    refused.append(f"row {row_id or 'without an id'} was {earlier}")
        is_known = any(made.name == decision.name for made in self.made)
        if not free and (decision.grounds or is_known):
            return self, refused
        new = decision.model_copy(update={"grounds": grounds(free)})
        return Decisions(made=(*self.made, new)), refused

    @cached_property
    def _by_id(self) -> dict[str | None, list[tuple[Decision, frozenset[str]]]]:
        found: dict[str | None, list[tuple[Decision, frozenset[str]]]] = defaultdict(list)
        for decision in self.made:
            for ground in decision.grounds:
                for row_id in ground.ids:
                    found[row_id].append((decision, frozenset(ground.reasons)))
        return dict(found)


def grounds(rows: Iterable[tuple[str | None, Sequence[str]]]) -> tuple[Ground, ...]:
    """Rows, each with its reasons, gathered by reasons."""
    gathered: dict[tuple[str, ...], set[str | None]] = defaultdict(set)
    for row_id, reasons in rows:
        gathered[tuple(sorted(reasons))].add(row_id)
    return tuple(
        Ground(reasons=reasons, ids=tuple(sorted(ids, key=lambda i: (i is not None, i))))
        for reasons, ids in sorted(gathered.items())
    )


def decisions_key(dataset: str, interval: Interval, account: str) -> str:
    """``review/decisions/tweets/dt=2026-11-20/account=nasa/<interval>.json``."""
    prefix = account_prefix("review/decisions", dataset, interval.day, account)
    return f"{prefix}{interval.name}.json"


def read_decisions(lake: Lake, dataset: str, interval: Interval, account: str) -> Decisions:
    """What was decided about an account and interval; nothing, if nothing was.

    Raises:
        DecisionsUnreadable: the object is not what this module wrote.
    """
    key = decisions_key(dataset, interval, account)
    return _parse(lake, key, lake.find(key))


def record(
    lake: Lake, dataset: str, interval: Interval, account: str, decision: Decision
) -> list[str]:
    """Add a decision, also while others decide; of each row, whoever is first decides.

    Returns:
        Of which rows somebody else was faster, and what that person decided.

    Raises:
        DecisionsUnreadable: the object is not what this module wrote.
    """
    key = decisions_key(dataset, interval, account)
    refused: list[str] = []

    def with_decision(body: bytes | None) -> bytes:
        decided, refused[:] = _parse(lake, key, body).after(decision)
        return to_bytes(decided)

    lake.update(key, with_decision)
    return [f"{dataset}/{interval}/{account}: {row}" for row in refused]


def to_bytes(decisions: Decisions) -> bytes:
    """The body of the object that holds them."""
    return decisions.model_dump_json(indent=1).encode()


def _parse(lake: Lake, key: str, body: bytes | None) -> Decisions:
    if body is None:
        return Decisions()
    try:
        return Decisions.model_validate_json(body)
    except ValidationError as error:
        raise DecisionsUnreadable(
            f"s3://{lake.bucket}/{key} is no record of decisions; restore an earlier version of "
            "it, or delete it and decide again"
        ) from error
