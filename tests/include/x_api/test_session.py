"""The session below tweepy, against the sandbox's faults."""

import logging
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from include.errors import BadConfiguration
from include.lake import answered_at as stored_at
from include.lake import packed
from include.x_api import errors
from include.x_api.client import XApi
from include.x_api.session import answered_at, judge
from tests.conftest import NOW

TOKEN = "sandbox-token"


@pytest.fixture
def sleeps():
    return []


@pytest.fixture
def api(world, sleeps):
    return XApi(world.x_url, TOKEN, sleep=sleeps.append)


def test_a_sound_answer_is_verbatim(api):
    assert api.users_by(["harbour_news"]).body.startswith(b'{"data"')


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("unauthorized", errors.BadToken),
        ("forbidden", errors.AccessDenied),
        ("spending_limit", errors.AccessDenied),
        ("credits_depleted", errors.OutOfCredits),
        ("monthly_cap", errors.MonthlyCapReached),
    ],
)
def test_what_no_retry_can_help_is_asked_once(world, api, sleeps, fault, error):
    world.faults.add(fault)
    with pytest.raises(error) as refused:
        api.users_by(["harbour_news"])
    assert ".." not in str(refused.value)
    assert len(world.requests) == 1
    assert sleeps == []


@pytest.mark.parametrize(
    "fault", ["unavailable_html", "unavailable_text", "cut", "broken_json", "not_json_200"]
)
def test_an_answer_without_meaning_is_asked_for_again(world, api, sleeps, fault):
    world.faults.add(fault, times=2)
    assert b"harbour_news" in api.users_by(["harbour_news"]).body
    assert len(sleeps) == 2


def test_after_four_useless_answers_the_task_is_handed_back(world, api):
    world.faults.add("unavailable_html", times=None)
    with pytest.raises(errors.XUnavailable, match="/2/users/by with 503"):
        api.users_by(["harbour_news"])
    assert len(world.requests) == 4


def test_a_rate_limit_is_waited_for_and_said(world, api, sleeps, caplog):
    world.faults.add("rate_limit_no_header", times=1)
    with caplog.at_level(logging.WARNING):
        assert b"harbour_news" in api.users_by(["harbour_news"]).body
    assert sleeps == [pytest.approx(61, abs=2)]
    assert "waiting until" in caplog.text


def test_a_rate_limit_is_waited_for_until_x_says(world, api, sleeps):
    world.faults.add("rate_limit", reset_in=300)
    assert b"harbour_news" in api.users_by(["harbour_news"]).body
    assert sleeps == [pytest.approx(301, abs=2)]


def test_a_spending_limit_is_told_as_x_tells_it(world, api):
    world.faults.add("spending_limit")
    with pytest.raises(errors.AccessDenied, match=r"SpendCapReached.*2026-12-01"):
        api.users_by(["harbour_news"])


def test_an_error_knows_when_x_said_so(world, api):
    world.faults.add("forbidden")
    with pytest.raises(errors.AccessDenied) as caught:
        api.users_by(["harbour_news"])
    assert caught.value.at == NOW


def answer_of(date):
    answer = requests.Response()
    answer.headers["date"] = date
    return answer


@pytest.mark.parametrize(
    "date",
    [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Sun, 07 Feb 2106 06:28:16 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1400",
        "Mon, 02 Nov 99999999999999999999 12:01:00 GMT",
        "yesterday",
        "",
    ],
)
def test_an_odd_date_gives_way_to_our_own_clock_and_the_answer_can_be_stored(date):
    at = answered_at(answer_of(date))
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert stored_at(packed(b"{}", at)) == at.replace(microsecond=0)


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), NOW])
def test_a_date_that_can_be_stored_is_believed(at):
    assert answered_at(answer_of(format_datetime(at, usegmt=True))) == at


def test_a_rate_limit_longer_than_the_setting_is_handed_back(world, sleeps):
    api = XApi(world.x_url, TOKEN, longest_wait=timedelta(minutes=2), sleep=sleeps.append)
    world.faults.add("rate_limit_no_header", times=None)
    with pytest.raises(errors.RateLimited, match="used up until"):
        api.users_by(["harbour_news"])
    assert sum(sleeps) <= 123


def test_a_window_that_should_be_open_and_is_not_does_not_hold_the_task(world, sleeps):
    api = XApi(world.x_url, TOKEN, longest_wait=timedelta(seconds=60), sleep=sleeps.append)
    world.faults.add("rate_limit", times=None, reset_in=-3600)
    with pytest.raises(errors.RateLimited):
        api.users_by(["harbour_news"])
    assert sleeps == [1, 2, 4, 8, 16]


def test_a_task_that_may_not_wait_does_not(world, sleeps):
    api = XApi(world.x_url, TOKEN, longest_wait=timedelta(0), sleep=sleeps.append)
    world.faults.add("rate_limit", times=None, reset_in=0)
    with pytest.raises(errors.RateLimited):
        api.users_by(["harbour_news"])
    assert len(world.requests) == 1
    assert sleeps == []


def answer(status, body):
    response = requests.Response()
    response.status_code = status
    response._content = body
    return response


@pytest.mark.parametrize("body", [b'{"data": [{"text": "caf\xe9"}]}', b'{"data": null}'])
def test_an_odd_answer_with_a_meaning_is_sound(body):
    judge(answer(200, body), "/2/users/by")


@pytest.mark.parametrize("body", [b'{"data": {}}', b"[]", b""])
def test_a_200_without_meaning_is_worth_a_retry(body):
    with pytest.raises(errors.XUnavailable):
        judge(answer(200, body), "/2/users/by")


def test_a_broken_character_in_a_refusal_can_be_stored():
    with pytest.raises(errors.BadRequest, match=r"a .* reason") as caught:
        judge(answer(400, b'{"detail": "a \xe9 reason"}'), "/2/users/by")
    assert str(caught.value).encode()


def test_a_404_concludes_nothing_about_the_account(world, api, interval):
    world.faults.add("not_found_timeline")
    with pytest.raises(errors.TimelineNotFound):
        api.timeline("2014007919", interval, exclude=[], page_size=100, pagination_token=None)


def test_a_refused_parameter_is_quoted(api, interval):
    with pytest.raises(errors.BadRequest, match="max_results"):
        api.timeline("2014007919", interval, exclude=[], page_size=101, pagination_token=None)


def test_nobody_at_the_address():
    api = XApi("http://127.0.0.1:9", TOKEN, sleep=lambda _: None)
    with pytest.raises(errors.XUnavailable, match=r"http://127\.0\.0\.1:9/2/users/by.*'x_api'"):
        api.users_by(["harbour_news"])


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"{TOKEN}\u20ac"])
def test_a_token_that_makes_no_header_is_not_shown(world, sleeps, caplog, token):
    api = XApi(world.x_url, token, sleep=sleeps.append)
    with caplog.at_level(logging.DEBUG), pytest.raises(BadConfiguration, match="'x_api'") as e:
        api.users_by(["harbour_news"])
    assert sleeps == []
    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(traceback.format_exception(e.value))


@pytest.mark.parametrize("url", ["ftp://example.org", "api.x.com", "http://"])
def test_an_address_that_is_none_is_asked_once(sleeps, url):
    with pytest.raises(BadConfiguration, match="'x_api'"):
        XApi(url, TOKEN, sleep=sleeps.append).users_by(["harbour_news"])
    assert sleeps == []
