"""What went on a day: ids and reasons, and how many objects held them; no texts, no names."""

from __future__ import annotations

from collections import Counter
from datetime import date

from pydantic import BaseModel, ConfigDict

from include.compliance.keys import record_key
from include.compliance.subject import Found
from include.lake import Lake


class Record(BaseModel):
    """One day's forgetting; it is written before anything goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: date
    source: str
    """Who told what has to go: compliance jobs, or tombstones."""
    dry_run: bool
    begun: bool = False
    """Runs are made anew: what they had landed may be gone, whatever becomes of the rest."""
    finished: bool = False
    """Everything that it names is gone; of a dry run, it is known what would go."""
    posts: dict[str, str]
    """Id → reason, of those that the lake held."""
    users: dict[str, str]
    objects: dict[str, int]
    """Zone → pages, Parquet files and lookups that held any of them."""
    keys: list[str] = []
    """Which these are; only of a dry run."""

    @property
    def key(self) -> str:
        """Where it lies."""
        return record_key(self.day, dry_run=self.dry_run)

    @classmethod
    def of(cls, day: date, found: Found, keys: list[str], *, dry_run: bool) -> Record:
        """What is to go, before it does."""
        return cls(
            day=day,
            source=found.source,
            dry_run=dry_run,
            posts=found.posts,
            users=found.users,
            objects=Counter(key.partition("/")[0] for key in keys),
            keys=keys if dry_run else [],
        )

    def after(self, earlier: Record | None) -> Record:
        """With what an earlier attempt of the day was about to do: some of it is done."""
        if earlier is None:
            return self
        return self.model_copy(
            update={
                "begun": earlier.begun,
                "posts": {**earlier.posts, **self.posts},
                "users": {**earlier.users, **self.users},
                "objects": dict(Counter(earlier.objects) | Counter(self.objects)),
            }
        )

    def write(self, lake: Lake) -> None:
        """Put it into the lake."""
        lake.put_json(self.key, self.model_dump(mode="json"))


def read_record(lake: Lake, key: str) -> Record | None:
    """A record; None where there is none."""
    body = lake.find(key)
    return None if body is None else Record.model_validate_json(body)
