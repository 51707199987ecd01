"""What happens to posts and accounts after they were made: deletion, suspension and the like."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox.cast import Account, Standing
from sandbox.population import Population
from sandbox.posts import Post, moment

FATES: dict[str, str] = {
    "delete_post": "the post `post_id` is gone, and with it the other versions of an edited one",
    "withhold_post": "the post `post_id` shows a notice instead of its text, and is `withheld` in "
    "`country_codes`",
    "suspend": "`username` is suspended: neither the account nor its posts are shown",
    "protect": "`username` is protected: the account is shown, its posts are not",
    "delete": "`username` deleted the account",
    "restore": "`username` is there again, and open to all",
    "scrub_geo": "`username` took the place out of all posts so far: they have no `geo`",
}
"""Name of the fate, and what X shows then."""

_STANDINGS = {
    "suspend": Standing.SUSPENDED,
    "protect": Standing.PROTECTED,
    "delete": Standing.DELETED,
    "restore": Standing.OPEN,
}
_KEYS = dict.fromkeys((*_STANDINGS, "scrub_geo"), ("username",)) | {
    "delete_post": ("post_id",),
    "withhold_post": ("post_id", "country_codes"),
}
_COUNTRY_CODE = re.compile(r"[A-Z]{2}")


class Fates:
    """What was ordered to happen, and when, by the sandbox's clock; it shows at once."""

    def __init__(self, population: Population, clock: Callable[[], datetime]) -> None:
        """Start with a world to which nothing has happened."""
        self._population = population
        self._clock = clock
        self.clear()

    def delete_post(self, post_id: int | str) -> None:
        """Delete a post; with an edited one, all of its versions."""
        self.extend([{"fate": "delete_post", "post_id": post_id}])

    def withhold_post(self, post_id: int | str, country_codes: Iterable[str]) -> None:
        """Show a notice instead of the post, as X does in these countries."""
        codes = list(country_codes)
        self.extend([{"fate": "withhold_post", "post_id": post_id, "country_codes": codes}])

    def suspend(self, username: str) -> None:
        """Suspend an account."""
        self.extend([{"fate": "suspend", "username": username}])

    def protect(self, username: str) -> None:
        """Let an account show its posts to followers only."""
        self.extend([{"fate": "protect", "username": username}])

    def delete(self, username: str) -> None:
        """Delete an account."""
        self.extend([{"fate": "delete", "username": username}])

    def restore(self, username: str) -> None:
        """Let an account be there, open to all, whatever was the matter with it."""
        self.extend([{"fate": "restore", "username": username}])

    def scrub_geo(self, username: str) -> None:
        """Take the place out of all posts that an account has made so far."""
        self.extend([{"fate": "scrub_geo", "username": username}])

    def extend(self, orders: Iterable[Mapping[str, Any]]) -> None:
        """Let several things happen, or none of them: ValueError names what is wrong with one."""
        for happen in [self._read(order) for order in orders]:
            happen()

    def clear(self) -> None:
        """Let nothing have happened."""
        self._standings: dict[int, tuple[Standing, datetime]] = {}
        self._deleted: dict[int, datetime] = {}
        self._deleted_of: Counter[int] = Counter()
        self._withheld: dict[int, tuple[str, ...]] = {}
        self._scrubbed: dict[int, datetime] = {}

    def standing(self, account: Account) -> Standing:
        """Return how the account stands by now."""
        return self._standings.get(account.code, (account.standing, None))[0]

    def since(self, account: Account) -> datetime | None:
        """Return when the account came to stand as it does; None where it always did."""
        return self._standings.get(account.code, (account.standing, None))[1]

    def scrubbed_at(self, post: Post) -> datetime | None:
        """Return when the post lost its place; None where it still has it, or never had one."""
        at = self._scrubbed.get(post.account.code)
        return at if at and "geo" in post.body and moment(post.key) <= at else None

    def deleted_at(self, post_id: int) -> datetime | None:
        """Return when the post was deleted; None where it is there, or never was."""
        return self._deleted.get(post_id)

    def deleted_posts_of(self, account: Account) -> int:
        """Return how many posts of the account were deleted, versions not counted."""
        return self._deleted_of[account.code]

    def withheld_in(self, post_id: int) -> tuple[str, ...]:
        """Return the country codes that the post is withheld in."""
        return self._withheld.get(post_id, ())

    def _read(self, order: Mapping[str, Any]) -> Callable[[], None]:
        fate = order.get("fate")
        if fate not in FATES:
            msg = f"unknown fate {fate!r}; known: {', '.join(FATES)}"
            raise ValueError(msg)
        keys = {"fate", *_KEYS[fate]}
        for key in sorted(keys ^ set(order)):
            problem = "is missing" if key in keys else "is unknown"
            msg = f"{fate}: the key {key!r} {problem}; expected {', '.join(sorted(keys))}"
            raise ValueError(msg)
        if "username" in keys:
            account = self._account(order["username"])
            if fate == "scrub_geo":
                return lambda: self._scrubbed.update({account.code: self._clock()})
            return lambda: self._let_stand(account, _STANDINGS[fate])
        post = self._post(order["post_id"])
        if fate == "delete_post":
            return lambda: self._delete(post)
        codes = _country_codes(order["country_codes"])
        return lambda: self._withheld.update({post.post_id: codes})

    def _account(self, username: Any) -> Account:
        account = self._population.directory.by_username(str(username))
        if account is None or account.standing is Standing.UNKNOWN:
            msg = f"nobody was ever called {username!r}"
            raise ValueError(msg)
        return account

    def _post(self, post_id: Any) -> Post:
        digits = str(post_id)
        post = self._population.find(int(digits)) if re.fullmatch("[0-9]{1,19}", digits) else None
        if post is None or moment(post.key) > self._clock():
            msg = f"there is no post {post_id!r}"
            raise ValueError(msg)
        return post

    def _let_stand(self, account: Account, standing: Standing) -> None:
        if standing is not self.standing(account):
            self._standings[account.code] = (standing, self._clock())

    def _delete(self, post: Post) -> None:
        if post.post_id in self._deleted:
            return
        versions = {int(version) for version in post.body["edit_history_tweet_ids"] if version}
        self._deleted.update(dict.fromkeys(versions | {post.post_id}, self._clock()))
        self._deleted_of[post.account.code] += 1


def _country_codes(codes: Any) -> tuple[str, ...]:
    if not isinstance(codes, list) or not codes:
        msg = f"country_codes {codes!r}: expected a list of codes like 'DE'"
        raise ValueError(msg)
    for code in codes:
        if not isinstance(code, str) or not _COUNTRY_CODE.fullmatch(code):
            msg = f"country_codes: {code!r} is not a code of two capital letters"
            raise ValueError(msg)
    return tuple(sorted(set(codes)))
