"""What a compliance job finds: which ids must go, or lose something, and why."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sandbox.cast import Account, Standing
from sandbox.fates import Fates
from sandbox.population import Population
from sandbox.posts import moment, timestamp

_REASONS = {
    Standing.SUSPENDED: "suspended",
    Standing.PROTECTED: "protected",
    Standing.DELETED: "deactivated",
}
"""Why posts of an account have to go. X words it so also where the owner has deleted it."""


class Redactions:
    """Looks ids up in what has happened to a population."""

    def __init__(self, population: Population, fates: Fates) -> None:
        """Take who and what there is, and what happened to it."""
        self._population = population
        self._fates = fates

    def of(self, kind: str, ids: Iterable[str], now: datetime) -> list[dict[str, Any]]:
        """Return a line for each affected id, in the order of the ids; kind is tweets or users."""
        find = self._of_post if kind == "tweets" else self._of_user
        lines = (find(number, now) for number in dict.fromkeys(ids))
        return [line for line in lines if line]

    def _of_post(self, number: str, now: datetime) -> dict[str, Any] | None:
        post = self._population.find(int(number))
        if post is None or moment(post.key) > now:
            return None
        created = timestamp(moment(post.post_id))
        if deleted := self._fates.deleted_at(post.post_id):
            return _line(number, created, "deleted", deleted)
        standing = self._fates.standing(post.account)
        if standing in _REASONS:
            since = self._since(post.account)
            return _line(number, created, _REASONS[standing], since)
        scrubbed = self._fates.scrubbed_at(post)
        return _line(number, created, "scrub_geo", scrubbed) if scrubbed else None

    def _of_user(self, number: str, _now: datetime) -> dict[str, Any] | None:
        account = self._population.directory.by_id(number)
        if account is None:
            return None
        standing = self._fates.standing(account)
        if standing not in _REASONS:
            return None
        created = datetime.fromisoformat(self._population.profile(account)["created_at"])
        reason = "deleted" if standing is Standing.DELETED else _REASONS[standing]
        # X writes the times of users in another way than those of posts.
        return _line(number, created.astimezone(UTC).isoformat(), reason, self._since(account))

    def _since(self, account: Account) -> datetime | None:
        # Of a protected account X does not tell since when it is.
        protected = self._fates.standing(account) is Standing.PROTECTED
        return None if protected else self._fates.since(account)


def _line(number: str, created: str, reason: str, at: datetime | None) -> dict[str, Any]:
    line = {"id": number, "action": "delete", "created_at": created}
    if at is not None:
        line["redacted_at"] = timestamp(at)
    return line | {"reason": reason}
