"""The sandbox's clock: where it can be moved to, and what it shows in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.cast import Account
from sandbox.clock import ClockRunsError
from sandbox.faults import FAULTS
from sandbox.world import World

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
Get = Callable[..., requests.Response]
Cast = dict[str, Account]


def date_of(answer: requests.Response) -> datetime:
    return parsedate_to_datetime(answer.headers["date"])


def newest(ask: Get, account: Account) -> str:
    path = f"/2/users/{account.user_id}/tweets"
    posts = ask(path, **{"tweet.fields": "created_at"}).json()["data"]
    return posts[0]["created_at"]


def test_posts_come_while_the_world_travels(own_world: World, ask: Get, cast: Cast):
    account = cast["harbour_news"]
    assert newest(ask, account) <= "2026-11-20T12"
    own_world.travel(TOMORROW)
    assert "2026-11-21T11" <= newest(ask, account) <= "2026-11-21T12"
    own_world.travel(NOW)
    assert newest(ask, account) <= "2026-11-20T12"


def test_what_was_impossible_before_is_possible_later(own_world: World, ask: Get, cast: Cast):
    path, end = f"/2/users/{cast['harbour_news'].user_id}/tweets", "2026-11-20T16:00:00Z"
    assert ask(path, end_time=end).status_code == 400
    own_world.travel(TOMORROW)
    assert ask(path, end_time=end).status_code == 200


def test_a_post_is_charged_again_on_the_next_day(own_world: World, ask: Get, cast: Cast):
    path = f"/2/users/{cast['harbour_news'].user_id}/tweets"
    hours = {"start_time": "2026-11-20T04:00:00Z", "end_time": "2026-11-20T05:00:00Z"}
    posts = len(ask(path, max_results=100, **hours).json()["data"])
    own_world.travel(TOMORROW)
    ask(path, max_results=100, **hours)
    days = (NOW.date(), TOMORROW.date(), datetime(2026, 11, 22, tzinfo=UTC).date())
    assert [own_world.usage.posts_on(day) for day in days] == [posts, posts, 0]
    daily = ask("/2/usage/tweets", days=2).json()["data"]["daily_project_usage"]["usage"]
    assert [entry["usage"] for entry in daily] == [str(posts), str(posts)]


def test_a_world_on_the_real_clock_refuses_to_travel(tmp_path: Path):
    with World(tmp_path) as world:
        with pytest.raises(ClockRunsError, match="real clock"):
            world.travel(NOW)
        order = {"now": NOW.isoformat()}
        answer = requests.post(f"{world.x_url}/_sandbox/clock", json=order, timeout=9)
        assert answer.status_code == 409
        assert "real clock" in answer.json()["detail"]
        asked = requests.get(f"{world.x_url}/2/users/by", timeout=9)
        assert abs(date_of(asked) - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_clock_is_moved_over_http(own_world: World, ask: Get):
    url = f"{own_world.x_url}/_sandbox/clock"
    answer = requests.post(url, json={"now": "2026-12-01T02:00:00+02:00"}, timeout=9)
    assert answer.json() == {"now": "2026-12-01T00:00:00+00:00"}
    assert ask("/_sandbox/health").json()["now"] == "2026-12-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"now": "2026-12-01T00:00:00"}, "time zone"),
        ({"now": "tomorrow"}, "tomorrow"),
        ({"now": 17}, "17"),
        ({"now": None}, "None"),
        ({"time": "2026-12-01T00:00:00Z"}, "'now'"),
        ({"now": "2026-12-01T00:00:00Z", "speed": 2}, "'now'"),
        ([], "'now'"),
    ],
)
def test_a_wrong_time_is_refused_and_says_why(own_world: World, order: Any, message: str):
    answer = requests.post(f"{own_world.x_url}/_sandbox/clock", json=order, timeout=9)
    assert answer.status_code == 400
    assert message in answer.json()["detail"]
    assert own_world.api.clock() == NOW


def test_the_day_is_that_of_utc_wherever_the_clock_was_set(tmp_path: Path, session: Any):
    east = datetime(2026, 11, 21, 1, tzinfo=timezone(timedelta(hours=2)))
    with World(tmp_path, east) as world:
        answer = session.get(f"{world.x_url}/2/users/by?usernames=harbour_news", timeout=9)
        assert date_of(answer) == datetime(2026, 11, 20, 23, tzinfo=UTC)
        assert world.usage.users_on(datetime(2026, 11, 20, tzinfo=UTC).date()) == 1


@pytest.mark.parametrize("fault", [None, *(f for f in FAULTS if f != "cut")])
def test_every_answer_tells_the_date_once(world: World, get: Get, cast: Cast, fault: str | None):
    if fault:
        world.faults.add(fault, seconds=0.01)
    path = f"/2/users/{cast['harbour_news'].user_id}/tweets"
    answer = get(path)
    assert date_of(answer) == NOW
    assert answer.headers["date"] == "Fri, 20 Nov 2026 12:00:00 UTC"


def test_refusals_tell_the_date_too(get: Get):
    for path in ("/2/users/by", "/2/lists/1"):
        answer = get(path)
        assert answer.status_code >= 400
        assert date_of(answer) == NOW
