"""The sandbox as its real caller sees it: tweepy, led here by an adapter on its session."""

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import tweepy
from requests.adapters import HTTPAdapter

from sandbox.cast import Account
from sandbox.population import key_at
from sandbox.world import World
from sandbox.x_api import TOKEN


class ToSandbox(HTTPAdapter):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: Any, **options: Any) -> Any:
        request.url = request.url.replace("https://api.twitter.com", self._url)
        return super().send(request, **options)


@pytest.fixture
def client(world: World) -> tweepy.Client:
    client = tweepy.Client(TOKEN, return_type=dict)
    client.session.mount("https://", ToSandbox(world.x_url))
    return client


def test_tweepy_reads_an_account_to_the_end(
    world: World, client: tweepy.Client, cast: dict[str, Account]
):
    user = client.get_users(usernames=["harbour_news"])["data"][0]
    pages = list(
        tweepy.Paginator(
            client.get_users_tweets,
            user["id"],
            start_time=datetime(2026, 11, 20, 4, tzinfo=UTC),
            end_time=datetime(2026, 11, 20, 8, tzinfo=UTC),
            max_results=20,
            tweet_fields=["created_at", "public_metrics"],
            expansions=["author_id"],
        )
    )
    hours = (key_at(datetime(2026, 11, 20, hour, tzinfo=UTC)) for hour in (4, 8))
    posts = list(world.population.between(cast["harbour_news"], *hours))
    assert len(pages) == 3
    assert [p["id"] for page in pages for p in page["data"]] == [str(p.key) for p in posts]
    assert pages[0]["includes"]["users"][0]["username"] == "harbour_news"


def test_tweepy_searches_and_looks_up(client: tweepy.Client):
    found = client.search_recent_tweets("from:harbour_news fog", max_results=10)
    again = client.get_tweets([post["id"] for post in found["data"]])
    assert again["data"] == found["data"]


def test_tweepy_tells_faults_apart(world: World, client: tweepy.Client):
    for fault, error in (
        ("rate_limit", tweepy.TooManyRequests),
        ("unauthorized", tweepy.Unauthorized),
        ("forbidden", tweepy.Forbidden),
        ("not_found_timeline", tweepy.NotFound),
        ("credits_depleted", tweepy.HTTPException),
    ):
        world.faults.add(fault)
        with pytest.raises(error):
            client.get_users(usernames=["harbour_news"])


def test_tweepy_runs_a_compliance_job(own_world: World, cast: dict[str, Account]):
    client = tweepy.Client(TOKEN, return_type=dict)
    client.session.mount("https://", ToSandbox(own_world.x_url))
    own_world.fates.suspend("city_weather")
    job = client.create_compliance_job("users", name="from tweepy")["data"]
    ids, headers = cast["city_weather"].user_id, {"content-type": "text/plain"}
    assert requests.put(job["upload_url"], data=ids, headers=headers, timeout=9).ok
    for expected in ("in_progress", "complete"):
        assert client.get_compliance_job(job["id"])["data"]["status"] == expected
    assert [j["name"] for j in client.get_compliance_jobs("users")["data"]] == ["from tweepy"]
    assert "suspended" in requests.get(job["download_url"], timeout=9).text
