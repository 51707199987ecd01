"""How counts grow: a function of what is counted and of the clock, and of nothing else."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

_FULL_AGE = timedelta(days=30)
_FIRST_STEP = timedelta(minutes=30)
_YEARS = timedelta(days=4 * 365)


def post_counts(full: Mapping[str, int], made: datetime, now: datetime) -> dict[str, int]:
    """Return a post's counts: half of them after a day, and `full` after thirty."""
    # By the minute, so that two requests right after each other agree on the real clock too.
    age = max(now.replace(second=0, microsecond=0) - made, timedelta())
    if age >= _FULL_AGE:
        return dict(full)
    share = math.log1p(age / _FIRST_STEP) / math.log1p(_FULL_AGE / _FIRST_STEP)
    return {name: math.floor(count * share) for name, count in full.items()}


def user_counts(full: Mapping[str, int], made: datetime, now: datetime) -> dict[str, int]:
    """Return an account's counts: they grow for years, ever more slowly, towards `full`."""
    age = max(now.replace(second=0, microsecond=0) - made, timedelta())
    share = -math.expm1(-age / _YEARS)
    return {name: math.floor(count * share) for name, count in full.items()}
