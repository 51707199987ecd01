import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox.cast import CAST
from sandbox.faults import FAULTS, Faults
from sandbox.world import World

Get = Callable[..., requests.Response]
TIMELINE = f"/2/users/{CAST[0].user_id}/tweets"
INTERVAL = {"start_time": "2026-11-20T04:00:00Z", "end_time": "2026-11-20T08:00:00Z"}


def test_a_rate_limit_tells_when_to_come_back(world: World, get: Get):
    world.faults.add("rate_limit", reset_in=3)
    answer = get(TIMELINE)
    assert answer.status_code == 429
    assert answer.json()["title"] == "Too Many Requests"
    assert answer.headers["x-rate-limit-remaining"] == "0"
    assert 1 <= int(answer.headers["x-rate-limit-reset"]) - time.time() <= 4


def test_a_rate_limit_may_come_without_header(world: World, get: Get):
    world.faults.add("rate_limit_no_header")
    answer = get(TIMELINE)
    assert answer.status_code == 429
    assert answer.json()["errors"][0]["code"] == 88
    assert not any(name.startswith("x-rate-limit") for name in answer.headers)


def test_the_monthly_cap_is_a_429_with_requests_remaining(world: World, get: Get):
    world.faults.add("monthly_cap")
    answer = get(TIMELINE)
    assert answer.status_code == 429
    assert answer.json()["title"] == "UsageCapExceeded"
    assert answer.json()["type"].endswith("/usage-capped")
    assert int(answer.headers["x-rate-limit-remaining"]) > 1_000


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ("credits_depleted", 402, "CreditsDepleted"),
        ("unauthorized", 401, "Unauthorized"),
        ("forbidden", 403, "client-not-enrolled"),
        ("spending_limit", 403, "SpendCapReached"),
        ("errors_only", 200, "resource-unavailable"),
        ("redirect", 302, ""),
        ("unavailable_html", 503, "<html>"),
        ("unavailable_text", 503, "upstream connect error"),
        ("not_json_200", 200, "<html>"),
        ("not_found_timeline", 404, "Not Found"),
        ("empty_answer", 200, '{"meta":{"result_count":0}}'),
    ],
)
def test_faults_that_answer_instead(world: World, get: Get, fault: str, status: int, text: str):
    world.faults.add(fault)
    answer = get(TIMELINE)
    assert answer.status_code == status
    assert text in answer.text
    assert get(TIMELINE).status_code == 200


def test_slow_is_the_honest_answer_late(world: World, get: Get):
    honest = get(TIMELINE, **INTERVAL)
    world.faults.add("slow", seconds=0.2)
    before = time.monotonic()
    assert get(TIMELINE, **INTERVAL).content == honest.content
    assert time.monotonic() - before >= 0.2


def test_cut_closes_the_connection_in_the_middle(world: World, get: Get):
    world.faults.add("cut")
    with pytest.raises(requests.exceptions.RequestException):
        get(TIMELINE, **INTERVAL)
    assert get(TIMELINE, **INTERVAL).status_code == 200


def test_broken_json_is_a_200_that_cannot_be_read(world: World, get: Get):
    honest = get(TIMELINE, **INTERVAL)
    world.faults.add("broken_json")
    answer = get(TIMELINE, **INTERVAL)
    assert answer.status_code == 200
    assert honest.content.startswith(answer.content)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_malformed_post_spoils_the_first_post_only(world: World, get: Get):
    fields = {"tweet.fields": "public_metrics"}
    honest = get(TIMELINE, **INTERVAL, **fields).json()["data"]
    world.faults.add("malformed_post", malformation="negative_like_count")
    spoilt = get(TIMELINE, **INTERVAL, **fields).json()["data"]
    assert spoilt[0]["public_metrics"]["like_count"] < 0
    assert spoilt[1:] == honest[1:]


def test_a_fault_strikes_where_how_often_and_after_what_was_ordered(world: World, get: Get):
    world.faults.add("unavailable_text", path="harbour_news", times=2, after=1)
    other = f"/2/users/{CAST[1].user_id}/tweets"
    statuses = [get(path).status_code for path in (other, *[TIMELINE] * 4, other)]
    assert statuses == [200, 200, 503, 503, 200, 200]


def test_a_fault_may_last_for_ever(world: World, get: Get):
    world.faults.add("forbidden", path=r"max_results=7\b", times=None)
    assert [get(TIMELINE, max_results=7).status_code for _ in range(4)] == [403] * 4
    assert get(TIMELINE, max_results=8).status_code == 200


def test_faults_are_ordered_and_cleared_over_http(world: World, get: Get):
    url = f"{world.x_url}/_sandbox/faults"
    orders = [{"fault": "unauthorized"}, {"fault": "forbidden", "times": None}]
    assert requests.post(url, json=orders, timeout=9).json() == {"added": 2}
    assert [get(TIMELINE).status_code for _ in range(3)] == [401, 403, 403]
    requests.delete(url, timeout=9)
    assert get(TIMELINE).status_code == 200


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([{"fault": "meteor"}], "meteor"),
        ([{"path": "x"}], "'fault' is missing"),
        ([{"fault": "slow", "colour": 1}], "colour"),
        ([{"fault": "slow", "path": "("}], "regular expression"),
        ([{"fault": "usage_drift", "percent": "ten"}], "'ten'"),
        ([{"fault": "redirect", "location": "elsewhere"}], "'elsewhere'"),
        ([{"fault": "malformed_post", "malformation": "ugly"}], "ugly"),
        ({"fault": "slow"}, "list"),
        ("{", ""),
    ],
)
def test_a_wrong_order_is_refused_whole_and_says_why(
    world: World, get: Get, order: Any, message: str
):
    url = f"{world.x_url}/_sandbox/faults"
    if isinstance(order, list):
        order = [{"fault": "unauthorized"}, *order]
    body = {"data": order} if isinstance(order, str) else {"json": order}
    answer = requests.post(url, timeout=9, **body)
    assert answer.status_code == 400
    assert message in answer.json()["detail"]
    assert get(TIMELINE).status_code == 200


def test_every_fault_can_be_ordered():
    faults = Faults()
    for fault in FAULTS:
        faults.add(fault)
    path = ["/2/usage/tweets"]  # where every fault may strike
    assert [getattr(faults.strike(path), "fault", None) for _ in FAULTS] == list(FAULTS)
    assert faults.strike(path) is None


def test_faulty_answers_are_in_the_log_too(world: World, get: Get):
    world.faults.add("credits_depleted")
    get(TIMELINE)
    assert [(r.status, r.username) for r in world.requests] == [(402, "harbour_news")]
