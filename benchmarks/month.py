"""What a month costs under the default settings, beside the schedule that first comes to mind."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import FOLDER
from benchmarks.spend_month import spend

ACCOUNTS, POSTS_A_DAY, DAYS = 11, 10, 30
POST_USD, USER_USD = 0.005, 0.010
"""As X publishes them."""
NAIVE_REFRESH_DAYS = 20


def naive_usd() -> float:
    """Fetch every post once and look at it again on each of twenty days; each user once a day.

    How often a day makes no difference: X charges a post and a user once a UTC day.
    11 x 10 x 30 posts x 21 days x $0.005 = $346.50, and 11 x 30 users x $0.010 = $3.30.
    """
    posts = ACCOUNTS * POSTS_A_DAY * DAYS * (1 + NAIVE_REFRESH_DAYS)
    return posts * POST_USD + ACCOUNTS * DAYS * USER_USD


def measure(runs: int) -> dict[str, Any]:  # noqa: ARG001 - what is counted is always the same
    """The month's cost divided by the naive schedule's, and which dataset cost how much."""
    print(f"month: {ACCOUNTS} accounts, {POSTS_A_DAY} posts a day each, {DAYS} days, run by run")
    charged = spend(FOLDER / "month", ACCOUNTS, POSTS_A_DAY, DAYS)
    usd = {
        dataset: round(count["posts"] * POST_USD + count["users"] * USER_USD, 2)
        for dataset, count in charged.items()
    }
    print(f"  charged: {charged}, in US dollars: {usd}; naive: {naive_usd():.2f}")
    return {
        "month_cost_ratio": sum(usd.values()) / naive_usd(),
        "month_usd": round(sum(usd.values()), 2),
        "raw": {"charged": charged, "usd": usd, "naive_usd": naive_usd()},
    }
