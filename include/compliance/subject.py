"""Whom or what something in the lake is about, and whether it has to go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["posts", "users"]

_ID = re.compile(r"[0-9]{1,19}")
SCRUB_GEO = "scrub_geo"
"""X's reason where only the place of a post has to go."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A post or a user that the lake holds."""

    kind: Kind
    id: str | None
    """None where it can't be read."""
    author_id: str | None = None
    reposts: str | None = None
    """The post that it reposts: the text is that one's."""
    has_place: bool = False

    @classmethod
    def of(cls, kind: Kind, item: Mapping[str, Any]) -> Subject:
        """What an item of a page is about."""
        if kind == "users":
            return cls(kind, read_id(item.get("id")))
        references = item.get("referenced_tweets") or item.get("referenced_posts")
        reposted = [
            read_id(reference.get("id"))
            for reference in (references if isinstance(references, list) else ())
            if isinstance(reference, dict) and _is_repost(reference.get("type"))
        ]
        return cls(
            kind,
            read_id(item.get("id")),
            read_id(item.get("author_id")),
            next(iter(reposted), None),
            "geo" in item,
        )


class Found(BaseModel):
    """What has to go, and why; by id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Literal["compliance jobs", "tombstones"]
    posts: dict[str, str]
    users: dict[str, str]

    def why(self, subject: Subject) -> str | None:
        """Why the subject has to go, itself or with its author; None where it may stay."""
        if subject.kind == "users":
            return self.users.get(subject.id or "")
        author = self.users.get(subject.author_id or "")
        reason = author or self.posts.get(subject.id or "") or self._original(subject)
        return None if reason == SCRUB_GEO and not subject.has_place else reason

    def _original(self, subject: Subject) -> str | None:
        reason = self.posts.get(subject.reposts or "")
        return None if reason == SCRUB_GEO else reason


def _is_repost(kind: Any) -> bool:
    return isinstance(kind, str) and kind in {"retweeted", "reposted"}


def read_id(value: Any) -> str | None:
    """An id as text of digits; X has sent numbers, and worse."""
    text = str(value)
    return text if _ID.fullmatch(text) else None
