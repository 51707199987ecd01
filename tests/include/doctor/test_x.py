"""X is asked once, for its count, and what it says is a sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.doctor import machine, x
from include.doctor.patient import Patient
from include.lake import Lake
from include.spending.ledger import Day, Resources, RunSpending, update_day
from sandbox.x_api import TOKEN
from tests.conftest import NOW

CANARY = "canary-of-a-token"


@pytest.fixture
def patient():
    return Patient(lambda: NOW)


@pytest.fixture
def asked(world, settings, connection, look):
    """Ask the sandbox's X with a token; every request that it saw is the one that is free."""

    def asked(token=TOKEN):
        before = world.usage.returned_posts
        connection("x_api", conn_type="http", host=world.x_url, password=token)
        findings = look(x.token)
        assert [served.path for served in world.requests] == ["/2/usage/tweets"]
        assert world.usage.returned_posts == before
        return findings

    return asked


def test_a_good_token_is_asked_once(asked, patient):
    assert [(f.state, f.text) for f in asked()] == [
        ("ok", "X takes the token"),
        ("ok", "0 of 3,000,000 posts of the month are used"),
    ]
    assert abs(patient.skews["X"]) < timedelta(seconds=2)


def test_a_revoked_token(asked):
    (found,) = asked(CANARY)
    assert found.state == "failed"
    assert "X refused the bearer token (401" in found.text
    assert "'x_api'" in found.text
    assert CANARY not in repr(found)


@pytest.mark.parametrize(
    ("fault", "state", "said"),
    [
        ("forbidden", "failed", "access level"),
        ("spending_limit", "failed", "spend cap"),
        ("credits_depleted", "failed", "Add credits"),
        ("monthly_cap", "failed", "monthly cap"),
        ("rate_limit", "warning", "used up until"),
        ("unavailable_html", "failed", "503"),
        ("cut", "failed", "no answer from"),
    ],
)
def test_what_x_refuses_is_a_sentence_and_not_asked_again(asked, world, fault, state, said):
    world.faults.add(fault, times=None)
    (found,) = asked()
    assert found.state == state
    assert said in found.text


@pytest.mark.parametrize(
    ("cap", "state"), [(1_000, "ok"), (110, "warning"), (100, "failed")], ids=str
)
def test_a_cap_that_is_nearly_used_up(asked, world, settings, cap, state):
    settings(posts_per_month=cap)
    world.usage.charge(NOW, range(100), [])
    assert [f.state for f in asked()] == ["ok", state]


def test_a_cap_beyond_x_s_own(asked, settings):
    settings(posts_per_month=4_000_000)
    assert "X's own cap is 3,000,000 posts" in asked()[-1].text


def test_nobody_is_asked_where_the_connection_is_missing(look, settings):
    (found,) = look(x.token)
    assert "connection 'x_api' is missing" in found.text


@pytest.mark.parametrize(("posts", "state"), [(10, "ok"), (1_700, "warning")])
def test_the_ledger_is_compared_with_the_caps(look, our_lake: Lake, settings, posts, state):
    settings(bucket=our_lake.bucket, usd_per_day=10.0, usd_per_month=None)
    run = RunSpending(charged=Resources(posts=posts))
    update_day(our_lake, NOW.date(), lambda _: Day(runs={"tweets/x": run}))
    today, month = look(x.budget)
    assert today.state == state
    assert f"${posts * 0.005:,.2f}" in today.text
    assert "of no cap" in month.text


@pytest.mark.parametrize(
    ("seconds", "state", "said"),
    [
        (0, "ok", "within 5 s of X"),
        (-6, "warning", "6 s behind X"),
        (31, "warning", "31 s ahead of X"),
        (600, "failed", "S3 refuses"),
    ],
)
def test_a_clock_that_is_off(look, patient, seconds, state, said):
    patient.saw_clock("X", NOW - timedelta(seconds=seconds))
    (found,) = look(machine.skew)
    assert (found.state, said in found.text) == (state, True)
