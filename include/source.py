"""How a dataset comes from X: what to fetch over an interval, and each fetch's pages in turn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from include.accounts import Account, Search
from include.interval import Interval
from include.lake import Lake
from include.outcomes import Outcome
from include.raw import RawBatch, StoredPage
from include.settings import Settings
from include.spending.purse import Purse
from include.x_api.errors import BadRequest

if TYPE_CHECKING:
    from include.x_api.answer import Answer
    from include.x_api.client import XApi  # tweepy is slow to import


class Fetch(BaseModel):
    """What to fetch of one account, or of all: small enough to travel between tasks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str
    user_id: str | None = None
    """None for a search, for all accounts, and where X does not show the account."""
    unreadable: Outcome | None = None
    """Why nothing can be fetched; ``detail`` says it in words."""
    detail: str = ""
    exclude: tuple[str, ...] = ()
    query: str | None = None
    archive: str | None = None
    """The search for posts that its timeline may not reach; None where it reaches all."""
    planned_at: datetime
    """By X's clock."""
    most_posts: int | None = None
    """What was set aside for it; None where all that it asks for was."""


@dataclass(frozen=True, slots=True)
class Planning:
    """What a plan is made from."""

    lake: Lake
    api: XApi
    accounts: Sequence[Account | Search]
    interval: Interval
    settings: Settings
    now: datetime
    """By X's clock."""
    purse: Purse


@dataclass(frozen=True, slots=True)
class Progress:
    """A fetch under way."""

    raw: RawBatch
    fetch: Fetch
    pages: Sequence[StoredPage]
    """What is stored so far."""
    page_size: int


class StaleToken(BadRequest):
    """X refused to go on after a page."""


class Source(ABC):
    """Where one dataset's pages come from."""

    kind: Literal["posts", "users"]
    """What X returns as ``data``, and charges."""
    of_all_accounts: bool = False
    """Whether one fetch is for all accounts."""

    @abstractmethod
    def plan(self, planning: Planning) -> list[Fetch]:
        """What to fetch over the interval; what was planned before stays planned."""

    @abstractmethod
    def is_complete(self, progress: Progress) -> bool:
        """Whether all pages are there."""

    @abstractmethod
    def next_page(self, api: XApi, progress: Progress) -> Answer:
        """Ask X for the page that follows.

        Raises:
            StaleToken: X does not go on after the last page; begin anew.
            XError: X refused or could not answer.
        """

    @abstractmethod
    def outcome(
        self, fetch: Fetch, pages: Sequence[StoredPage]
    ) -> tuple[Outcome | Literal["fetched"], str]:
        """What the pages say of the account, and the same in a sentence."""

    def lacks(
        self,
        fetch: Fetch,  # noqa: ARG002
        interval: Interval,  # noqa: ARG002
        pages: Sequence[StoredPage],  # noqa: ARG002
    ) -> str:
        """What X does not give of it, in a sentence; empty where it gives all."""
        return ""
