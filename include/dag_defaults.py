"""What every DAG has in common: its owner, which failures are tried again, who hears of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryDecision, RetryRule

from include.notify.failure_notifier import TaskFailureAlert
from include.x_api.errors import RateLimited

SOONEST, LATEST = timedelta(minutes=1), timedelta(minutes=16)
"""Bounds of a retry: X's windows are 15 minutes long, and its clock may not be ours."""


class RetryAtReset(ExceptionRetryPolicy):
    """By its rules, but what X's rate limit stopped goes on once the window opens again."""

    def evaluate(self, exception: BaseException, *arguments: Any, **named: Any) -> RetryDecision:
        """Say when and whether the task is tried again."""
        if isinstance(exception, RateLimited):
            return RetryDecision.retry(
                min(max(exception.wait, SOONEST), LATEST),
                f"X's rate limit opens again at {exception.reset:%H:%M:%S} UTC",
            )
        return super().evaluate(exception, *arguments, **named)


RETRY_POLICY = RetryAtReset(
    rules=[
        RetryRule(
            exception=["include.errors.BadConfiguration", "include.x_api.errors.BadRequest"],
            action=RetryAction.FAIL,
            reason="a person has to change something first",
        ),
        RetryRule(
            exception=[
                "include.errors.RunIncompleteError",
                "include.errors.RunFailedError",
                "include.notify.errors.MailPartlySent",
            ],
            action=RetryAction.FAIL,
            reason="doing it again would say the same again",
        ),
        RetryRule(
            exception=["include.x_api.errors.XError", "include.errors.LakeUnavailable"],
            action=RetryAction.RETRY,
            retry_delay=timedelta(minutes=2),
            reason="the other side may be back soon",
        ),
    ],
)
"""By what can be done about a failure; what no rule names is tried again after the usual delay.

The warehouse's ``NotLoaded`` is among that: a full disk may have room again, and only the objects
that failed are loaded again.
"""

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "data-engineering",
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": RETRY_POLICY,
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": TaskFailureAlert(),
}
