"""What X shows of the population at one moment, after all that has happened to it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.cast import GONE, Account, Standing
from sandbox.contents import withhold
from sandbox.fates import Fates
from sandbox.growth import post_counts, user_counts
from sandbox.population import Population
from sandbox.posts import Post, moment, snowflake

_HOUR_MS = 3_600_000


class View:
    """The population as seen now."""

    def __init__(self, population: Population, fates: Fates, now: datetime) -> None:
        """Take who and what there is, what happened to it, and when now is."""
        self._population = population
        self._fates = fates
        self._now = now

    def standing(self, account: Account | None) -> Standing:
        """Return how an account stands; None is one that never was."""
        return self._fates.standing(account) if account else Standing.UNKNOWN

    def is_gone(self, account: Account | None) -> bool:
        """Whether a lookup of this account comes back empty."""
        return self.standing(account) in GONE

    def is_readable(self, account: Account | None) -> bool:
        """Whether an app without the owner's consent can see posts of this account."""
        return self.standing(account) is Standing.OPEN

    def between(
        self, account: Account, low: int, high: int, *, newest_first: bool = True
    ) -> Iterator[Post]:
        """Walk over the account's posts with low <= key < high, as they are shown."""
        posts = self._population.between(account, low, high, newest_first=newest_first)
        return (self._shown(p) for p in posts if self._fates.deleted_at(p.post_id) is None)

    def find(self, key: int) -> Post | None:
        """Return the post with this id as it is shown; None where nobody may see it."""
        post = self._population.find(key)
        if post is None or moment(post.key) > self._now or not self.is_readable(post.account):
            return None
        return None if self._fates.deleted_at(post.post_id) else self._shown(post)

    def user(self, account: Account) -> dict[str, Any]:
        """Return the user object, every field of it, in the classic vocabulary."""
        profile = self._population.profile(account)
        hour = int(self._now.timestamp()) // 3600
        made = self._population.count_before(account, hour) - self._fates.deleted_posts_of(account)
        joined = datetime.fromisoformat(profile["created_at"])
        counts = user_counts(profile["public_metrics"], joined, self._now)
        user = profile | {
            "protected": self.standing(account) is Standing.PROTECTED,
            "public_metrics": counts | {"tweet_count": max(made, 0)},
        }
        if moment(int(profile.get("pinned_tweet_id", 0))) > self._now:
            del user["pinned_tweet_id"]
        if self.is_readable(account):
            newest = next(self.between(account, 0, snowflake(hour * _HOUR_MS)), None)
            if newest is not None:
                user["most_recent_tweet_id"] = str(newest.post_id)
        return user

    def _shown(self, post: Post) -> Post:
        codes = self._fates.withheld_in(post.post_id)
        if codes:
            post = withhold(post, codes)
        if self._fates.scrubbed_at(post):
            body = {key: value for key, value in post.body.items() if key != "geo"}
            post = replace(post, body=body)
        if post.malformation or "public_metrics" not in post.body:
            return post
        made = moment(post.post_id)
        counts = post_counts(post.body["public_metrics"], made, self._now)
        return replace(post, body=post.body | {"public_metrics": counts})
