"""X's own count of yesterday, beside the lake's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from include.lake import Lake
from include.settings import Settings
from include.spending.ledger import read_month
from include.spending.purse import Purse, Spent
from include.spending.usage import ask_x, compare_yesterday, remarks
from include.x_api.answer import Answer
from include.x_api.client import XApi
from include.x_api.errors import BadToken
from sandbox.world import World

NOW = datetime(2026, 11, 2, 12, 1, tzinfo=UTC)
YESTERDAY = (NOW - timedelta(days=1)).date()
RUN = "tweets/today"
SETTINGS = Settings(
    bucket="lake", alert_to=("a@example.org",), data_docs_url="http://docs.example.org"
)


def answer(usage: object) -> Answer:
    return Answer(json.dumps({"data": {"daily_project_usage": {"usage": usage}}}).encode(), NOW)


def counted(posts: int) -> Answer:
    return answer(
        [
            {"date": "2026-11-01T00:00:00.000Z", "usage": str(posts)},
            {"date": "2026-11-02T00:00:00.000Z", "usage": "9"},
        ]
    )


@pytest.fixture
def yesterday(lake: Lake) -> None:
    """A hundred posts were charged."""
    purse = Purse(lake, SETTINGS, "tweets/yesterday", NOW - timedelta(days=1))
    purse.settle({YESTERDAY: Spent(posts=100)})


@pytest.mark.usefixtures("yesterday")
@pytest.mark.parametrize("posts", [95, 100, 105])
def test_a_small_drift_is_not_worth_a_word(lake: Lake, posts: int) -> None:
    compare_yesterday(lake, counted(posts), RUN)
    assert remarks(lake, RUN, NOW.date()) == []


@pytest.mark.usefixtures("yesterday")
@pytest.mark.parametrize(("posts", "drift"), [(94, "-6%"), (106, "+6%"), (250, "+150%")])
def test_more_than_five_percent_is_told_once(lake: Lake, posts: int, drift: str) -> None:
    compare_yesterday(lake, counted(posts), RUN)
    compare_yesterday(lake, counted(posts + 1), "tweets/later")
    (remark,) = remarks(lake, RUN, NOW.date())
    assert f"On 2026-11-01 X counted {posts} posts, this lake 100 ({drift})" in remark
    assert remarks(lake, "tweets/later", NOW.date()) == []


def test_a_day_of_which_the_lake_knows_nothing_is_not_compared(lake: Lake) -> None:
    compare_yesterday(lake, counted(50), RUN)
    assert read_month(lake, YESTERDAY).days == {}


@pytest.mark.usefixtures("yesterday")
@pytest.mark.parametrize(
    "odd",
    [answer(None), answer([]), answer([{"date": "x", "usage": "1"}]), Answer(b"{}", NOW)],
    ids=lambda odd: odd.body.decode(),
)
def test_a_usage_report_that_tells_nothing_stops_nobody(lake: Lake, odd: Answer) -> None:
    compare_yesterday(lake, odd, RUN)
    assert remarks(lake, RUN, NOW.date()) == []


@pytest.mark.usefixtures("yesterday")
def test_an_app_that_may_not_ask_goes_on_by_x_s_clock(lake: Lake, world: World) -> None:
    world.faults.add("forbidden", path="/2/usage", times=None)
    api = XApi(world.x_url, "sandbox-token", sleep=lambda _: None)
    assert ask_x(lake, api, RUN) == NOW
    (remark,) = remarks(lake, RUN, NOW.date())
    assert "the 100 posts of 2026-11-01 can't be compared" in remark
    assert ask_x(lake, api, "tweets/later") == NOW
    assert remarks(lake, "tweets/later", NOW.date()) == []
    assert remarks(lake, RUN, NOW.date()) == [remark]

    tomorrow = NOW + timedelta(days=1)
    Purse(lake, SETTINGS, RUN, NOW).settle({NOW.date(): Spent(posts=100)})
    world.travel(tomorrow)
    assert ask_x(lake, api, "tweets/tomorrow") == tomorrow
    assert remarks(lake, "tweets/tomorrow", tomorrow.date()) == []


def test_an_app_that_may_not_ask_and_has_nothing_to_compare_is_left_alone(
    lake: Lake, world: World
) -> None:
    world.faults.add("forbidden", path="/2/usage")
    api = XApi(world.x_url, "sandbox-token", sleep=lambda _: None)
    ask_x(lake, api, RUN)
    assert read_month(lake, YESTERDAY).days == {}


def test_a_token_that_is_refused_stops_the_run_all_the_same(lake: Lake, world: World) -> None:
    world.faults.add("unauthorized", path="/2/usage")
    with pytest.raises(BadToken):
        ask_x(lake, XApi(world.x_url, "sandbox-token"), RUN)


@pytest.mark.usefixtures("yesterday")
@pytest.mark.parametrize(
    "odd", ["1e999", "Infinity", '"' + "9" * 400 + '"', "9" * 5_000, str(2**63), "-1", "[" * 5_000]
)
def test_a_count_that_is_none_is_told_and_not_compared(
    lake: Lake, caplog: pytest.LogCaptureFixture, odd: str
) -> None:
    told = counted(100).body.replace(b'"100"', (odd + "]" * odd.count("[")).encode())
    compare_yesterday(lake, Answer(told, NOW), RUN)
    assert read_month(lake, YESTERDAY).day(YESTERDAY).usage is None
    assert remarks(lake, RUN, NOW.date()) == []
    assert "another form than is known" in caplog.text
