"""Which failures Airflow tries again: by what can be done about them, not by their number."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=["include.errors.BadConfiguration", "include.x_api.errors.BadRequest"],
            action=RetryAction.FAIL,
            reason="a person has to change something first",
        ),
        RetryRule(
            exception="include.x_api.errors.RateLimited",
            action=RetryAction.RETRY,
            # X's windows are 15 minutes long.
            retry_delay=timedelta(minutes=15),
            reason="the rate limit's window opens again",
        ),
        RetryRule(
            exception=["include.x_api.errors.XError", "include.errors.LakeUnavailable"],
            action=RetryAction.RETRY,
            retry_delay=timedelta(minutes=2),
            reason="the other side may be back soon",
        ),
    ],
)
"""Everything that no rule names is tried again after the task's own delay."""
