"""Where in the lake something lies that has to go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from include.compliance.holdings import Holding, holdings
from include.compliance.subject import Found
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, Lake, interval_of
from include.lookup import known_accounts, known_key
from include.raw import RawBatch


class Batch(NamedTuple):
    """One account and interval of a dataset, in the order in which runs are gone through."""

    interval: Interval
    dataset: str
    account: str

    @classmethod
    def of(cls, key: str) -> Batch | None:
        """The batch that an object is of; None of a lookup of accounts."""
        zone, dataset, *folders, _ = key.split("/")
        if dataset == "accounts":
            return None
        accounts = [part.removeprefix("account=") for part in folders if "account=" in part]
        interval = interval_of(key if zone == "curated" else key.rpartition("/")[0])
        return cls(interval, dataset, accounts[0] if accounts else ALL_ACCOUNTS)

    def owner(self, lake: Lake) -> str | None:
        """Whose timeline it is, by id; None of a search, and where the fetch is not complete."""
        fetched = RawBatch(lake, self.dataset, self.interval, self.account).fetched()
        return None if fetched is None else fetched.author_id


def traces(lake: Lake, found: Found) -> tuple[Found, list[str]]:
    """What of it the lake holds, and the objects that hold it.

    With a user go its posts, with a post its reposts: their text is its text.
    """
    if not found.posts and not found.users:
        return found, []
    held = list(holdings(lake))
    subjects = [subject for holding in held for subject in holding.subjects]
    going = [(subject, why) for subject in subjects if (why := found.why(subject))]
    posts = {s.id: why for s, why in going if s.kind == "posts" and s.id is not None}
    # Counts tell neither the author of a post for sure, nor what it reposts.
    every = Found(source=found.source, posts={**found.posts, **posts}, users=found.users)
    keys = {holding.key for holding in held if any(map(every.why, holding.subjects))}
    keys.update(_timelines(lake, held, found))
    users = {s.author_id if s.kind == "posts" else s.id for s in subjects} & found.users.keys()
    here = Found(
        source=found.source,
        posts=dict(sorted(posts.items())),
        users={user: found.users[user] for user in sorted(filter(None, users))},
    )
    return here, sorted(keys)


def _timelines(lake: Lake, held: Sequence[Holding], found: Found) -> Iterator[str]:
    """Pages of the users' timelines: a malformed post there is theirs, whatever it says."""
    names = {
        f"/account={name}/"
        for name in (known_accounts(lake) if found.users else ())
        if json.loads(lake.get(known_key(name)))["user_id"] in found.users
    }
    for holding in held:
        if holding.subjects and any(name in holding.key for name in names):
            batch = Batch.of(holding.key)
            is_raw = holding.key.startswith("raw/")
            if is_raw and batch is not None and batch.owner(lake) in found.users:
                yield holding.key
