"""A real Airflow over a sandbox of its own, and a real Chromium, for each file of tests.

A test asks for ``airflow`` (what runs, and the one run of ``ingest_tweets`` that it has seen), for
``visit`` (a browser that nobody has logged in), and for ``logged_in`` (its window, past the login).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest
import requests

from include.interval import Interval
from include.lake import Lake

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from sandbox.airflow_home import AirflowHome
    from sandbox.world import World

ACCOUNTS = ("harbour_news", "faulty_feed", "quiet_archive")
"""Of these, ``faulty_feed`` has rows in quarantine."""


@dataclass(frozen=True)
class RunningAirflow:
    """Airflow with its world, after one run over ``interval``; settings are in its database."""

    home: AirflowHome
    world: World
    lake: Lake
    interval: Interval

    @property
    def url(self) -> str:
        return self.home.url

    def log_in(self, page: Page) -> None:
        """Fill in Airflow's login form."""
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password").fill(self.home.password)
        page.get_by_role("button", name="Sign in").click()

    def token(self) -> str:
        """A token for Airflow's API."""
        who = {"username": "admin", "password": self.home.password}
        answer = requests.post(f"{self.url}/auth/token", json=who, timeout=30)
        return str(answer.json()["access_token"])

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request to Airflow's API, which has to succeed."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        answer = requests.request(
            method, f"{self.url}/api/v2/{path}", json=body, headers=headers, timeout=60
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def outcome(self, dag_id: str, url: str) -> str:
        """How the run ends whose page in Airflow is at ``url``; returns once it has."""
        run_id = unquote(url.partition("/runs/")[2].partition("/")[0])
        answer = requests.get(
            f"{self.url}/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}/wait",
            params={"interval": 1},
            headers={"Authorization": f"Bearer {self.token()}"},
            timeout=120,
        )
        return str(json.loads(answer.text.splitlines()[-1])["state"])

    @contextmanager
    def setting(self, value: str) -> Iterator[None]:
        """Let the Variable ``tweet_lake`` be ``value`` for a while."""
        before = self.ask("GET", "variables/tweet_lake")
        self.ask("PATCH", "variables/tweet_lake", {"key": "tweet_lake", "value": value})
        try:
            yield
        finally:
            self.ask(
                "PATCH", "variables/tweet_lake", {"key": "tweet_lake", "value": before["value"]}
            )


@dataclass
class Visit:
    """A browser with one empty window, and what it asks for from now on."""

    context: BrowserContext
    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """What the browser says in its console against what it was given."""

    @property
    def hosts(self) -> set[str]:
        """Whom it has asked for anything."""
        return {url.split("/")[2] for url in self.requests if not url.startswith("data:")}


@pytest.fixture(scope="module")
def browser(chromium: Browser) -> Browser:
    """The browser of a file of these tests."""
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)  # a machine may be busy
    return chromium


@pytest.fixture(scope="module")
def airflow(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAirflow]:
    """Airflow's components, with a lake that one run has filled."""
    from sandbox.airflow_home import AirflowHome
    from sandbox.demo import demo_environment, s3_client
    from sandbox.world import World

    end = datetime(2026, 11, 2, 12, tzinfo=UTC)
    interval = Interval(end - timedelta(hours=4), end)
    folder = tmp_path_factory.mktemp("browser")
    # Moto has one set of buckets for all worlds of a process.
    with World(folder / "world", now=end + timedelta(minutes=1), bucket="browser-lake") as world:
        given = demo_environment(world, data_docs_url="http://docs.example/data-docs")
        given["AIRFLOW_VAR_X_ACCOUNTS"] = json.dumps([{"username": name} for name in ACCOUNTS])
        settings = given.pop("AIRFLOW_VAR_TWEET_LAKE")
        aws = json.loads(given.pop("AIRFLOW_CONN_AWS_DEFAULT"))
        with AirflowHome(folder / "airflow", given) as home:
            lake = Lake(s3_client(world), world.bucket)
            airflow = RunningAirflow(home, world, lake, interval)
            airflow.ask("POST", "variables", {"key": "tweet_lake", "value": settings})
            connection = {"connection_id": "aws_default", **aws, "extra": json.dumps(aws["extra"])}
            airflow.ask("POST", "connections", connection)
            home.command("dags", "test", "ingest_tweets", end.isoformat())
            yield airflow


@pytest.fixture(scope="module")
def cookies(browser: Browser, airflow: RunningAirflow) -> Any:
    """What the browser of a user holds who has logged in through Airflow's form."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(airflow.url)
    airflow.log_in(page)
    page.get_by_role("link", name="Home").first.wait_for()
    cookies = context.cookies()
    context.close()
    return cookies


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """A browser that nobody has logged in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    visit = Visit(context, context.new_page())
    context.on("request", lambda request: visit.requests.append(request.url))
    visit.page.on("console", lambda m: visit.errors.append(m.text) if m.type == "error" else None)
    yield visit
    context.close()


@pytest.fixture
def logged_in(visit: Visit, cookies: Any) -> Page:
    """The window of a browser whose user is logged in."""
    visit.context.add_cookies(cookies)
    return visit.page
