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

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("error", "action", "delay"),
    [
        (BadConfiguration(""), RetryAction.FAIL, None),
        (errors.BadToken(""), RetryAction.FAIL, None),
        (errors.AccessDenied(""), RetryAction.FAIL, None),
        (errors.OutOfCredits(""), RetryAction.FAIL, None),
        (errors.MonthlyCapReached(""), RetryAction.FAIL, None),
        (errors.BadRequest(""), RetryAction.FAIL, None),
        (RunIncompleteError(""), RetryAction.FAIL, None),
        (RunFailedError(""), RetryAction.FAIL, None),
        (MailPartlySent(""), RetryAction.FAIL, None),
        (errors.RateLimited("/2/users/by", NOW), RetryAction.RETRY, timedelta(minutes=15)),
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


def test_a_bad_suite_is_bad_configuration():
    assert issubclass(BadSuite, BadConfiguration)


def test_every_error_that_a_rule_names_exists():
    for rule in RETRY_POLICY.rules:
        assert len(rule._resolve_exception_classes()) == len(rule._specs)


def test_whoever_fails_for_good_mails():
    assert type(DEFAULT_ARGS["on_failure_callback"]).__name__ == "TaskFailureMail"
    assert DEFAULT_ARGS["retry_policy"] is RETRY_POLICY
