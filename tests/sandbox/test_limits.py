from typing import Any

import pytest

from sandbox.limits import RATE_LIMITS, WINDOW_SECONDS, RateLimits
from sandbox.world import World


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_headers_count_down_and_the_limit_holds(tmp_path: Any, session: Any):
    with World(tmp_path, rate_limits={"/2/users/by": 2}) as world:
        url = f"{world.x_url}/2/users/by?usernames=harbour_news"
        answers = [session.get(url, timeout=9) for _ in range(3)]
        other = session.get(f"{world.x_url}/2/tweets?ids=1", timeout=9)
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert [a.headers["x-rate-limit-remaining"] for a in answers] == ["1", "0", "0"]
    assert {a.headers["x-rate-limit-limit"] for a in answers} == {"2"}
    assert len({a.headers["x-rate-limit-reset"] for a in answers}) == 1
    assert answers[2].json()["title"] == "Too Many Requests"
    assert other.headers["x-rate-limit-limit"] == "3500"


def test_a_new_window_starts_when_the_reset_is_due():
    clock = Clock()
    limits = RateLimits({"/2/users": 1}, clock=clock)
    reset = limits.count("/2/users").reset
    assert not limits.count("/2/users").allowed
    assert reset - clock.now <= WINDOW_SECONDS + 1
    clock.now = reset
    assert limits.count("/2/users").allowed


def test_search_all_takes_one_request_a_second():
    clock = Clock()
    limits = RateLimits(clock=clock)
    endpoint = "/2/tweets/search/all"
    assert limits.count(endpoint).allowed
    refused = limits.count(endpoint)
    assert not refused.allowed
    clock.now = refused.reset
    assert limits.count(endpoint).allowed


def test_an_endpoint_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="/2/lists"):
        RateLimits({"/2/lists": 1})


def test_limits_are_those_of_x():
    assert RATE_LIMITS["/2/users/{id}/tweets"] == 10_000
    assert RATE_LIMITS["/2/users/by"] == 300
