"""Every post of the sandbox, as a pure function of seed, account and hour.

Nothing is stored: two processes with the same seed agree on every byte, and any interval since
2022 has posts. How many posts an account has made by an hour is a formula, so that the horizon of
3,200 posts costs nothing to find.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from sandbox.cast import CAST, Account, Directory, Kind
from sandbox.malformed import DUPLICATE_OF, SCHEDULE
from sandbox.objects import PLACES, media_object, poll_object
from sandbox.posts import EPOCH_MS, Post, Slot, code_of, is_duplicate, snowflake
from sandbox.profiles import profile
from sandbox.writer import Writer

BEGINNING = datetime(2022, 1, 1, tzinfo=UTC)
"""Nobody posted before."""
_HOUR_MS = 3_600_000
_FIRST_HOUR = int(BEGINNING.timestamp()) // 3600
_STEADY = {Kind.LOAD, Kind.FAULTY}
_CACHED_HOURS = 5_000
_NEIGHBOURS = tuple(a for a in CAST if a.kind is Kind.ORDINARY)


class Population:
    """All accounts and posts of one seed."""

    def __init__(self, seed: int = 1, extra_usernames: Iterable[str] = ()) -> None:
        """Take the seed, and usernames that should exist besides the cast."""
        self.seed = seed
        self.directory = Directory(extra_usernames)
        self._hours: OrderedDict[tuple[int, int], tuple[Post, ...]] = OrderedDict()
        self._profiles: dict[int, dict[str, Any]] = {}

    def count_before(self, account: Account, hour: int) -> int:
        """Return how many posts the account made before this hour (hours since 1970)."""
        elapsed = hour - _FIRST_HOUR
        if elapsed <= 0 or account.posts_per_hour == 0:
            return 0
        if account.kind in _STEADY:
            return math.floor(account.posts_per_hour * elapsed)
        # A day's tide of plus and minus 40 %: enough to be seen, and the sum never runs backwards.
        before = math.floor(account.posts_per_hour * _tide(account, 0))
        return math.floor(account.posts_per_hour * (elapsed + _tide(account, elapsed))) - before

    def slots(self, account: Account, hour: int) -> list[Slot]:
        """Return where the account's posts of this hour stand, oldest first."""
        count = self.count_before(account, hour + 1) - self.count_before(account, hour)
        if count <= 0:
            return []
        rng = self._random(account, hour, "slots")
        width = _HOUR_MS // count
        starts = range(hour * _HOUR_MS, hour * _HOUR_MS + width * count, width)
        return [Slot(snowflake(ms + rng.randrange(width), account.code), account) for ms in starts]

    def hour(self, account: Account, hour: int) -> tuple[Post, ...]:
        """Return the account's posts of this hour (hours since 1970), oldest first."""
        key = (account.code, hour)
        if (posts := self._hours.get(key)) is not None:
            return posts
        rng = self._random(account, hour, "posts")
        writer = Writer(lambda r: self._neighbour(account, hour, r), self._post_in)
        first = self.count_before(account, hour)
        posts = tuple(
            self._repeated(writer.write(slot, first + number, rng), hour)
            for number, slot in enumerate(self.slots(account, hour))
        )
        self._hours[key] = posts
        if len(self._hours) > _CACHED_HOURS:
            self._hours.popitem(last=False)
        return posts

    def between(
        self, account: Account, low: int, high: int, *, newest_first: bool = True
    ) -> Iterator[Post]:
        """Walk over the account's posts with low <= key < high."""
        low = max(low, snowflake(_FIRST_HOUR * _HOUR_MS))
        if account.posts_per_hour == 0 or low >= high:
            return
        hours = range(_hour_of(low), _hour_of(high - 1) + 1)
        for hour in reversed(hours) if newest_first else hours:
            posts = self.hour(account, hour)
            for post in reversed(posts) if newest_first else posts:
                if low <= post.key < high:
                    yield post

    def horizon(self, account: Account, now_key: int, depth: int) -> int:
        """Return the key of the oldest of the account's `depth` most recent posts."""
        hour = _hour_of(now_key)
        so_far = sum(slot.key < now_key for slot in self.slots(account, hour))
        oldest = self.count_before(account, hour) + so_far - depth
        if oldest <= 0:
            return 0
        low, high = _FIRST_HOUR, hour
        while low < high:
            middle = (low + high + 1) // 2
            if self.count_before(account, middle) <= oldest:
                low = middle
            else:
                high = middle - 1
        return self.slots(account, low)[oldest - self.count_before(account, low)].key

    def find(self, key: int) -> Post | None:
        """Return the post with this id, an earlier version of an edited post included."""
        account = self.directory.by_code(code_of(key))
        if account is None or key < snowflake(_FIRST_HOUR * _HOUR_MS):
            return None
        hour = _hour_of(key)
        for post in (*self.hour(account, hour), *self.hour(account, hour + 1)):
            for version in (post, *post.earlier_versions):
                if version.key == key:
                    return version
        return None

    def profile(self, account: Account) -> dict[str, Any]:
        """Return what of a user object does not change with time, in the classic vocabulary."""
        known = self._profiles.get(account.code)
        if known is None:
            known = self._profiles[account.code] = self._new_profile(account)
        return known

    def media(self, key: str) -> dict[str, Any]:
        """Return the media object with this key."""
        return media_object(key)

    def poll(self, poll_id: str) -> dict[str, Any]:
        """Return the poll object with this id."""
        return poll_object(poll_id)

    def place(self, place_id: str) -> dict[str, Any]:
        """Return the place object with this id."""
        return PLACES[place_id]

    def _random(self, account: Account, hour: int, purpose: str) -> Random:
        # Deterministic on purpose, and no secret.
        return Random(f"{self.seed}/{account.username}/{hour}/{purpose}")

    def _neighbour(self, account: Account, hour: int, rng: Random) -> Slot:
        while True:
            other = rng.choice(_NEIGHBOURS)
            slots = self.slots(other, hour - rng.randrange(1, 6))
            if other is not account and slots:
                return rng.choice(slots)
            if hour <= _FIRST_HOUR + 6:
                return Slot(snowflake(_FIRST_HOUR * _HOUR_MS, other.code), other)

    def _post_in(self, slot: Slot) -> Post:
        hour = _hour_of(slot.key)
        found = next((p for p in self.hour(slot.account, hour) if p.key == slot.key), None)
        return found or Post(slot.key, slot.account, {"text": "The first post of all."})

    def _repeated(self, post: Post, hour: int) -> Post:
        if not is_duplicate(post):
            return post
        per_hour = int(post.account.posts_per_hour)
        first_hour = hour + 1 - len(SCHEDULE) // per_hour
        original = self.hour(post.account, first_hour + DUPLICATE_OF // per_hour)[
            DUPLICATE_OF % per_hour
        ]
        return replace(original, key=post.key, malformation=None)

    def _new_profile(self, account: Account) -> dict[str, Any]:
        new = profile(account, self._random(account, 0, "user"))
        if account.kind is Kind.ORDINARY:
            a_summer_day = snowflake(_HOUR_MS * (_FIRST_HOUR + 24 * 540))
            pinned = next(self.between(account, 0, a_summer_day), None)
            new |= {"pinned_tweet_id": str(pinned.key)} if pinned else {}
        return new


def _tide(account: Account, elapsed: int) -> float:
    return 1.5 * (1 + math.sin(math.tau * (elapsed + account.code) / 24))


def _hour_of(key: int) -> int:
    return ((key >> 22) + EPOCH_MS) // _HOUR_MS


def key_at(time: datetime) -> int:
    """Return the lowest key of a post whose `created_at` is at or after this time.

    `created_at` tells whole seconds, so a fraction of a second counts as the next one.
    """
    return snowflake(math.ceil(time.timestamp()) * 1000)
