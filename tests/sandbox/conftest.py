from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.cast import CAST, Account
from sandbox.field_names import POST_EXPANSIONS, POST_FIELDS, PRIVATE_FIELDS, USER_FIELDS
from sandbox.limits import RATE_LIMITS
from sandbox.world import World
from sandbox.x_api import TOKEN

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
INTERVAL = {"start_time": "2026-11-20T04:00:00Z", "end_time": "2026-11-20T08:00:00Z"}
EVERYTHING = {
    "tweet.fields": ",".join(sorted(POST_FIELDS - PRIVATE_FIELDS)),
    "user.fields": ",".join(sorted(USER_FIELDS)),
    "media.fields": "alt_text,duration_ms,height,preview_image_url,public_metrics,url,variants",
    "place.fields": "contained_within,country,country_code,full_name,geo,name,place_type",
    "poll.fields": "duration_minutes,end_datetime,options,voting_status",
    "expansions": ",".join(sorted(POST_EXPANSIONS)),
}

Get = Callable[..., requests.Response]


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("world")
    limits = dict.fromkeys(RATE_LIMITS, 1_000_000)
    with World(directory, NOW, rate_limits=limits, search_all_spacing=0) as world:
        yield world


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.faults.clear()
    shared_world.api.requests.clear()
    return shared_world


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["authorization"] = f"Bearer {TOKEN}"
        yield session


@pytest.fixture
def get(world: World, session: requests.Session) -> Get:
    def get(path: str, **query: Any) -> requests.Response:
        return session.get(f"{world.x_url}{path}", params=query, timeout=10, allow_redirects=False)

    return get


@pytest.fixture(scope="session")
def second_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("world")
    limits = dict.fromkeys(RATE_LIMITS, 1_000_000)
    with World(directory, NOW, rate_limits=limits, search_all_spacing=0) as world:
        yield world


@pytest.fixture
def own_world(second_world: World) -> World:
    """A world as new, for tests that move its clock, let things happen in it or count."""
    second_world.travel(NOW)
    for part in (
        second_world.faults,
        second_world.fates,
        second_world.usage,
        second_world.compliance,
    ):
        part.clear()
    second_world.compliance.polls = 1
    second_world.api.requests.clear()
    return second_world


@pytest.fixture
def ask(own_world: World, session: requests.Session) -> Get:
    """Ask the test's own world."""

    def ask(path: str, **query: Any) -> requests.Response:
        return session.get(
            f"{own_world.x_url}{path}", params=query, timeout=10, allow_redirects=False
        )

    return ask


@pytest.fixture
def cast() -> dict[str, Account]:
    return {account.username: account for account in CAST}


@pytest.fixture
def timeline(get: Get, cast: dict[str, Account]) -> Callable[..., list[dict[str, Any]]]:
    """All pages of an account's four hours with every field, verbatim."""

    def timeline(username: str, **query: Any) -> list[dict[str, Any]]:
        pages, token = [], {}
        while True:
            options = {**INTERVAL, **EVERYTHING, "max_results": 100, **query, **token}
            answer = get(f"/2/users/{cast[username].user_id}/tweets", **options)
            assert answer.status_code == 200, answer.text
            pages.append(answer.json())
            if "next_token" not in pages[-1].get("meta", {}):
                return pages
            token = {"pagination_token": pages[-1]["meta"]["next_token"]}

    return timeline
