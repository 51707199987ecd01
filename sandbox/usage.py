"""What X would count: every post once per UTC day, told in strings."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

MONTHLY_CAP = 3_000_000
_PROJECT_ID = "1730000000000000001"
_CLIENT_APP_ID = "27400000"


class Usage:
    """Posts that were returned, as data or in includes, by UTC day of the sandbox's clock."""

    def __init__(self) -> None:
        """Start with nothing used."""
        self._posts: defaultdict[date, set[int]] = defaultdict(set)

    def charge(self, now: datetime, keys: Iterable[int]) -> None:
        """Count these posts, each once a day."""
        self._posts[now.date()].update(keys)

    def posts_on(self, day: date) -> int:
        """Return how many different posts were read on this UTC day."""
        return len(self._posts[day])

    def report(self, now: datetime, days: int) -> dict[str, Any]:
        """Return the body of /2/usage/tweets: all numbers but two are strings."""
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
