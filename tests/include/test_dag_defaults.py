"""Which failures Airflow tries again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk import RetryAction

from include.dag_defaults import DEFAULT_ARGS, RETRY_POLICY
from include.errors import BadConfiguration, LakeUnavailable, RunFailedError, RunIncompleteError
from include.notify.errors import MailNotSent, MailPartlySent
from include.quality import BadSuite
from include.x_api import errors


@pytest.mark.parametrize(
    ("error", "action", "delay"),
    [
        (BadConfiguration(""), RetryAction.FAIL, None),
        (errors.BadToken(""), RetryAction.FAIL, None),
        (errors.AccessDenied(""), RetryAction.FAIL, None),
        (errors.OutOfCredits(""), RetryAction.FAIL, None),
        (errors.MonthlyCapReached(""), RetryAction.FAIL, None),
        (errors.BadRequest(""), RetryAction.FAIL, None),
        (errors.TooLarge(""), RetryAction.FAIL, None),
        (RunIncompleteError(""), RetryAction.FAIL, None),
        (RunFailedError(""), RetryAction.FAIL, None),
        (MailPartlySent(""), RetryAction.FAIL, None),
        (errors.XUnavailable(""), RetryAction.RETRY, timedelta(minutes=2)),
        (errors.TimelineNotFound(""), RetryAction.RETRY, timedelta(minutes=2)),
        (LakeUnavailable("lake", "k", OSError()), RetryAction.RETRY, timedelta(minutes=2)),
        (MailNotSent(""), RetryAction.DEFAULT, None),
        (KeyError("a bug"), RetryAction.DEFAULT, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_failure_is_tried_again_by_what_can_be_done_about_it(error, action, delay):
    decision = RETRY_POLICY.evaluate(error, try_number=1, max_tries=3)
    assert (decision.action, decision.retry_delay) == (action, delay)


@pytest.mark.parametrize(
    ("opens_in", "minutes"), [(-5, 1), (0, 1), (7, 7), (15, 15), (600, 16), (10**9, 16)]
)
def test_a_rate_limit_is_tried_again_when_its_window_opens(opens_in, minutes):
    reset = datetime.now(UTC) + timedelta(minutes=opens_in)
    decision = RETRY_POLICY.evaluate(
        errors.RateLimited("/2/users/by", reset), try_number=1, max_tries=3
    )
    assert decision.action is RetryAction.RETRY
    assert decision.retry_delay.total_seconds() == pytest.approx(60 * minutes, abs=5)
    assert f"{reset:%H:%M:%S} UTC" in decision.reason


def test_a_bad_suite_is_bad_configuration():
    assert issubclass(BadSuite, BadConfiguration)


def test_every_error_that_a_rule_names_exists():
    for rule in RETRY_POLICY.rules:
        assert len(rule._resolve_exception_classes()) == len(rule._specs)


def test_whoever_fails_for_good_mails():
    assert type(DEFAULT_ARGS["on_failure_callback"]).__name__ == "TaskFailureAlert"
    assert DEFAULT_ARGS["retry_policy"] is RETRY_POLICY
