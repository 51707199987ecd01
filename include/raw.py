"""The raw zone: one account's answers of one interval, page by page as X sent them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from include.interval import Interval
from include.lake import Lake, batch_prefix
from include.outcomes import Outcome
from include.x_api.answer import read_answer


class Fetched(BaseModel):
    """What lies in raw/ for one account and interval; its presence there means: complete."""

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


def fetched_key(dataset: str, interval: Interval, account: str) -> str:
    """``raw/<dataset>/dt=…/account=…/<interval>/fetch.json``: there once the batch is complete."""
    return f"{batch_prefix('raw', dataset, interval, account)}fetch.json"


class RawBatch:
    """The objects under ``raw/<dataset>/dt=…/account=…/<interval>/``.

    ``fetch.json`` is written last and makes the batch complete; ``error.json`` says why the last
    attempt failed and goes once one succeeds.
    """

    def __init__(self, lake: Lake, dataset: str, interval: Interval, account: str) -> None:
        self._lake = lake
        self._prefix = batch_prefix("raw", dataset, interval, account)
        self._fetched_key = fetched_key(dataset, interval, account)
        self._keys = set(lake.keys(self._prefix))

    @property
    def page_keys(self) -> list[str]:
        """Keys of the stored pages, in the order in which X sent them."""
        return sorted(key for key in self._keys if key.startswith(f"{self._prefix}page-"))

    def fetched(self) -> Fetched | None:
        """The summary of a complete batch; None while it is not complete."""
        if self._fetched_key not in self._keys:
            return None
        return Fetched.model_validate_json(self._lake.get(self._fetched_key))

    def failure(self) -> str | None:
        """What stopped the last attempt; None if nothing did."""
        key = f"{self._prefix}error.json"
        return str(self._lake.get_json(key)["message"]) if key in self._keys else None

    def pages(self) -> list[dict[str, Any]]:
        """The stored pages, parsed."""
        return [read_answer(self._lake.get_page(key)) for key in self.page_keys]

    def add_page(self, body: bytes) -> None:
        """Store the next page verbatim."""
        key = f"{self._prefix}page-{len(self.page_keys):04d}.json.gz"
        self._lake.put_page(key, body)
        self._keys.add(key)

    def drop_pages(self) -> None:
        """Delete the stored pages, to begin anew; the last first, so that no gap ever shows."""
        for key in reversed(self.page_keys):
            self._lake.delete(key)
            self._keys.remove(key)

    def complete(self, fetched: Fetched) -> None:
        """Say that the pages are all there."""
        self._lake.put_json(self._fetched_key, fetched.model_dump(mode="json"))
        if f"{self._prefix}error.json" in self._keys:
            self._lake.delete(f"{self._prefix}error.json")

    def fail(self, error: Exception) -> None:
        """Say what stopped this attempt."""
        self._lake.put_json(
            f"{self._prefix}error.json", {"error": type(error).__name__, "message": str(error)}
        )
