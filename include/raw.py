"""The raw zone: one batch's answers of one interval, page by page as X sent them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from include.interval import Interval
from include.lake import Lake, answered_at, batch_prefix, unpacked
from include.outcomes import Outcome
from include.spending.purse import Spent
from include.x_api.answer import Answer, read_answer


class Fetched(BaseModel):
    """What became of the fetch of one batch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str
    outcome: Outcome | Literal["fetched"]
    detail: str
    author_id: str | None
    pages: int
    posts_returned: int
    """Post resources that X returned, in data and in includes."""
    users_returned: int
    requests: int
    days: dict[date, Spent] = {}
    """The same by the UTC day of X's clock, as X charges it."""
    partial: str = ""
    """Why it stopped before the end; empty where it did not."""
    lacks: str = ""
    """What X does not give of it; empty where it gives all."""
    unknown_fields: dict[str, int] = {}
    """In how many objects of the stored pages X sent which field that nobody here knows."""


class Wanted(BaseModel):
    """What a batch asks for, where X is asked by name or id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: list[str]
    paid: list[str] = []
    """Those of them that X returned on the day of ``planned_at`` before."""
    planned_at: datetime
    left_out: int = 0
    """How many more there were, for which the budget was too small."""
    why: str = ""
    """What of the budget was used, where something was left out."""


@dataclass(frozen=True, slots=True)
class StoredPage:
    """One stored answer, parsed."""

    content: dict[str, Any]
    at: datetime | None
    """When X answered; None where the stored page does not tell."""


def partial_key(dataset: str, interval: Interval, account: str) -> str:
    """``raw/<dataset>/dt=…/account=…/<interval>/partial.json``: there if it stopped on purpose."""
    return f"{batch_prefix('raw', dataset, interval, account)}partial.json"


def fetched_key(dataset: str, interval: Interval, account: str) -> str:
    """``raw/<dataset>/dt=…/account=…/<interval>/fetch.json``: there once the batch is complete."""
    return f"{batch_prefix('raw', dataset, interval, account)}fetch.json"


def complete_interval(key: str) -> Interval | None:
    """The interval of the batch that an object makes complete; None of any other object."""
    *_, interval, name = key.split("/")
    return Interval.parse(interval) if name == "fetch.json" else None


class RawBatch:
    """The objects under ``raw/<dataset>/dt=…/account=…/<interval>/``.

    ``fetch.json`` is written last and makes the batch complete. While it is not there,
    ``partial.json`` says why the last attempt stopped before the end, ``error.json`` why it failed.
    ``wanted.json`` lists what the batch asks for, where X is asked by name or id. ``lacks.json``
    says of a complete batch what X does not give of it.
    """

    def __init__(self, lake: Lake, dataset: str, interval: Interval, account: str) -> None:
        self.interval = interval
        self._lake = lake
        self._prefix = batch_prefix("raw", dataset, interval, account)
        self._fetched_key = fetched_key(dataset, interval, account)
        self._partial_key = partial_key(dataset, interval, account)
        self._wanted_key = f"{self._prefix}wanted.json"
        self._error_key = f"{self._prefix}error.json"
        self._lacks_key = f"{self._prefix}lacks.json"
        self.listed = {entry.key: entry.etag for entry in lake.entries(self._prefix)}
        """What was there at first: two listings differ if anything was written in between."""
        self._keys = set(self.listed)
        self._wanted: Wanted | None = None

    @property
    def page_keys(self) -> list[str]:
        """Keys of the stored pages, in the order in which X sent them."""
        return sorted(key for key in self._keys if key.startswith(f"{self._prefix}page-"))

    def fetched(self) -> Fetched | None:
        """The summary of a fetch that is complete, or stopped on purpose; None of any other."""
        for key in (self._fetched_key, self._partial_key):
            if key in self._keys:
                return Fetched.model_validate_json(self._lake.get(key))
        return None

    def lacks_pages(self, fetched: Fetched) -> bool:
        """Whether fewer pages are there than were stored: they have expired, or were deleted.

        More are there where an attempt after a partial one failed.
        """
        return len(self.page_keys) < fetched.pages

    def failure(self) -> str | None:
        """What stopped the last attempt; None if nothing did."""
        if self._error_key not in self._keys:
            return None
        return str(self._lake.get_json(self._error_key)["message"])

    def wanted(self) -> Wanted | None:
        """Names or ids that the batch asks for; None if that was not said."""
        # It is asked for before every page, and may list ten thousand ids.
        if self._wanted is None and self._wanted_key in self._keys:
            self._wanted = Wanted.model_validate_json(self._lake.get(self._wanted_key))
        return self._wanted

    def want(self, wanted: Wanted) -> None:
        """Say what the batch asks for, so that a retry asks for the rest of the same."""
        self._put_json(self._wanted_key, wanted.model_dump(mode="json"))
        self._wanted = wanted

    def pages(self) -> list[StoredPage]:
        """The stored pages, parsed."""
        packed = map(self._lake.get, self.page_keys)
        return [StoredPage(read_answer(unpacked(page)), answered_at(page)) for page in packed]

    def add_page(self, answer: Answer) -> None:
        """Store the next page verbatim."""
        key = f"{self._prefix}page-{len(self.page_keys):04d}.json.gz"
        self._lake.put_page(key, answer.body, answer.at)
        self._keys.add(key)

    def drop_pages(self) -> None:
        """Delete the stored pages, to begin anew; the last first, so that no gap ever shows."""
        for key in reversed(self.page_keys):
            self._delete(key)

    def finish(self, fetched: Fetched) -> None:
        """Say that the pages are all there, or why some are not."""
        key = self._partial_key if fetched.partial else self._fetched_key
        if fetched.lacks and not fetched.partial:
            self._put_json(self._lacks_key, {"lacks": fetched.lacks})
        self._put_json(key, fetched.model_dump(mode="json"))
        for stale in self._keys & {self._error_key, self._partial_key} - {key}:
            self._delete(stale)

    def fail(self, error: Exception) -> None:
        """Say what stopped this attempt."""
        self._put_json(self._error_key, {"error": type(error).__name__, "message": str(error)})

    def _put_json(self, key: str, value: Any) -> None:
        self._lake.put_json(key, value)
        self._keys.add(key)

    def _delete(self, key: str) -> None:
        self._lake.delete(key)
        self._keys.remove(key)
