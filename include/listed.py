"""Sources that ask X for a list of names or ids, a hundred a call."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from include.lake import ALL_ACCOUNTS
from include.outcomes import Outcome
from include.raw import RawBatch, StoredPage, Wanted
from include.source import Fetch, Planning, Progress, Source
from include.spending.ledger import Resources
from include.x_api.answer import read_answer
from include.x_api.problems import check_meaning

if TYPE_CHECKING:
    from include.x_api.answer import Answer
    from include.x_api.client import XApi  # tweepy is slow to import

A_CALL = 100


class Listed(Source):
    """One fetch for all accounts; what it asks for is written down before the first call.

    X shows these things as they are now and not as they were: once the next interval is over, it
    is too late to begin.
    """

    dataset: str
    of_all_accounts = True
    share: float
    """How much of what is left of the budget may go into one run: the rest stays for others."""

    def plan(self, planning: Planning) -> list[Fetch]:
        """Write down what is wanted, unless an earlier attempt has."""
        raw = RawBatch(planning.lake, self.dataset, planning.interval, ALL_ACCOUNTS)
        known = raw.wanted()
        if known is None:
            interval = planning.interval
            if planning.now >= interval.end + (interval.end - interval.start):
                return [
                    Fetch(
                        account=ALL_ACCOUNTS,
                        planned_at=planning.now,
                        unreadable=Outcome.TOO_LATE,
                        detail=f"X shows {self.dataset} as they are now, and it was "
                        f"{planning.now:%Y-%m-%d %H:%M} UTC when this interval was run.",
                    )
                ]
            names = self.wanted(planning)
            paid = self.paid(planning, names)
            wanted = Wanted(
                names=names,
                paid=[name for name in names if name in paid],
                planned_at=planning.now,
            )
            raw.want(self._affordable(planning, wanted, names))
        elif rest := known.names[len(asked(raw)) :]:
            # What the attempt before had set aside for it was given back.
            raw.want(self._affordable(planning, known, rest))
        return [Fetch(account=ALL_ACCOUNTS, planned_at=planning.now)]

    def _affordable(self, planning: Planning, wanted: Wanted, names: Sequence[str]) -> Wanted:
        """``wanted`` without those of the names for which the budget is too small."""
        is_same_day = wanted.planned_at.date() == planning.now.date()
        paid = set(wanted.paid) if is_same_day else set()
        new = [name for name in names if name not in paid]
        unpaid = Resources.model_validate({self.kind: len(new)})
        granted = planning.purse.reserve(unpaid, share=self.share)
        left_out = set(new[getattr(granted, self.kind) :])
        if not left_out:
            return wanted
        return wanted.model_copy(
            update={
                "names": [name for name in wanted.names if name not in left_out],
                "left_out": wanted.left_out + len(left_out),
                "why": planning.purse.explain(),
            }
        )

    def is_complete(self, progress: Progress) -> bool:
        """Whether all were asked for."""
        return not _asked_next(progress)

    def next_page(self, api: XApi, progress: Progress) -> Answer:
        """The answer to the next hundred."""
        asked = _asked_next(progress)
        answer = self.ask(api, asked)
        check_meaning(read_answer(answer.body), f"any of {len(asked)} {self.kind}")
        return answer

    def outcome(
        self,
        fetch: Fetch,  # noqa: ARG002
        pages: Sequence[StoredPage],
    ) -> tuple[Outcome | Literal["fetched"], str]:
        """Whether there is anything at all."""
        if any(page.content.get("data") or page.content.get("errors") for page in pages):
            return "fetched", ""
        return Outcome.EMPTY, "There was nothing to ask X for."

    @abstractmethod
    def wanted(self, planning: Planning) -> list[str]:
        """Names or ids to ask for, the dearest first: the budget may be too small for the last."""

    @abstractmethod
    def paid(self, planning: Planning, names: Sequence[str]) -> set[str]:
        """Those of them that X has returned today, and charges no more."""

    @abstractmethod
    def ask(self, api: XApi, names: Sequence[str]) -> Answer:
        """Ask X for up to a hundred of them."""


def asked(raw: RawBatch) -> list[str]:
    """Names or ids that X was asked for so far."""
    wanted = raw.wanted()
    return [] if wanted is None else wanted.names[: len(raw.page_keys) * A_CALL]


def _asked_next(progress: Progress) -> list[str]:
    wanted = progress.raw.wanted()
    begun = len(progress.pages) * A_CALL
    return [] if wanted is None else wanted.names[begun : begun + A_CALL]
