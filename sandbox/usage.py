"""What was returned, what X would charge of it, and how X tells it: in strings."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

MONTHLY_CAP = 3_000_000
_PROJECT_ID = "1730000000000000001"
_CLIENT_APP_ID = "27400000"


class Usage:
    """Posts and users that were returned, as data or in includes.

    X charges each of them once per UTC day, here that of the sandbox's clock. `returned_posts` and
    `returned_users` count every return, repetitions too.
    """

    def __init__(self) -> None:
        """Start with nothing used."""
        self.clear()

    def clear(self) -> None:
        """Forget what was used."""
        self._posts: defaultdict[date, set[int]] = defaultdict(set)
        self._users: defaultdict[date, set[str]] = defaultdict(set)
        self.returned_posts = 0
        self.returned_users = 0

    def charge(self, now: datetime, posts: Collection[int], users: Collection[str]) -> None:
        """Count what one answer holds: ids of posts and of users, one for each time it has them."""
        self.returned_posts += len(posts)
        self.returned_users += len(users)
        self._posts[now.date()].update(posts)
        self._users[now.date()].update(users)

    def posts_on(self, day: date) -> int:
        """Return how many posts X would charge for this UTC day: each counts once."""
        return len(self._posts.get(day, ()))

    def users_on(self, day: date) -> int:
        """Return how many users X would charge for this UTC day: each counts once."""
        return len(self._users.get(day, ()))

    def report(self, now: datetime, days: int) -> dict[str, Any]:
        """Return the body of /2/usage/tweets: posts only, and all numbers but two are strings."""
        dates = [now.date() - timedelta(days=back) for back in reversed(range(days))]
        usage = [
            {"date": f"{day:%Y-%m-%d}T00:00:00.000Z", "usage": str(self.posts_on(day))}
            for day in dates
        ]
        month = sum(
            len(keys) for day, keys in self._posts.items() if day.replace(day=1) == _month(now)
        )
        return {
            "cap_reset_day": 1,
            "daily_client_app_usage": [
                {"client_app_id": _CLIENT_APP_ID, "usage": usage, "usage_result_count": days}
            ],
            "daily_project_usage": {"project_id": _PROJECT_ID, "usage": usage},
            "project_cap": str(MONTHLY_CAP),
            "project_id": _PROJECT_ID,
            "project_usage": str(month),
        }


def _month(now: datetime) -> date:
    return now.date().replace(day=1)
