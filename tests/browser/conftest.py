"""A real Airflow over a sandbox of its own, and a real Chromium, once for all tests of this room.

A test asks for ``airflow`` (what runs, and the one run of ``ingest_tweets`` that it has seen) and
for ``page`` (a new browser, nobody logged in) or ``logged_in`` (the same, past the login form).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from include.interval import Interval
from include.lake import Lake, run_report_key
from include.report import RunReport

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from sandbox.airflow_home import AirflowHome
    from sandbox.world import World

ROOM = Path(__file__).parent
INTERVAL = Interval(datetime(2026, 11, 2, 8, tzinfo=UTC), datetime(2026, 11, 2, 12, tzinfo=UTC))
ACCOUNTS = ("harbour_news", "faulty_feed", "quiet_archive")
"""Of these, ``faulty_feed`` has rows in quarantine."""
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
HOW = "no Chromium was found; `apt-get install chromium` brings one"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last, so that Airflow runs beside no other test."""
    items.sort(key=lambda item: ROOM in item.path.parents)


@dataclass(frozen=True)
class RunningAirflow:
    """Airflow with its world, after one run over ``INTERVAL``."""

    home: AirflowHome
    world: World
    lake: Lake

    @property
    def url(self) -> str:
        return self.home.url

    @property
    def report(self) -> RunReport:
        key = run_report_key("tweets", INTERVAL)
        return RunReport.model_validate(self.lake.get_json(key))


@dataclass
class Visit:
    """One browser window with nothing in it yet, and what it has asked for."""

    context: BrowserContext
    page: Page
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What the browser said against the pages in its console."""

    def hosts(self) -> set[str]:
        return {url.split("/")[2] for url in self.requests if url.startswith(("http", "ws"))}


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the system's Chromium is; CI, which sets REQUIRE_BROWSER, does not do without."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(HOW)
        pytest.skip(HOW)
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def airflow(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAirflow]:
    """Airflow's components, with a lake that one run has filled."""
    import json

    from sandbox.airflow_home import AirflowHome
    from sandbox.demo import demo_environment, s3_client
    from sandbox.world import World

    folder = tmp_path_factory.mktemp("browser")
    with World(
        folder / "world", now=INTERVAL.end.replace(minute=1), bucket="browser-lake"
    ) as world:
        home = AirflowHome(folder / "airflow", {})
        accounts = json.dumps([{"username": name} for name in ACCOUNTS])
        home.environment |= {
            **demo_environment(world, data_docs_url=f"{home.url}/data-docs"),
            "AIRFLOW_VAR_X_ACCOUNTS": accounts,
        }
        with home:
            home.command("dags", "test", "ingest_tweets", INTERVAL.end.isoformat())
            yield RunningAirflow(home, world, Lake(s3_client(world), world.bucket))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """A browser that nobody has logged in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    visit = Visit(context, context.new_page())
    context.on("request", lambda request: visit.requests.append(request.url))
    visit.page.on(
        "console",
        lambda said: visit.refused.append(said.text) if said.type == "error" else None,
    )
    yield visit
    context.close()


@pytest.fixture
def page(visit: Visit) -> Page:
    """Its window."""
    return visit.page


@pytest.fixture(scope="session")
def session(browser: Browser, airflow: RunningAirflow) -> Any:
    """The cookies of a user who has logged in through Airflow's form."""
    context = browser.new_context()
    window = context.new_page()
    window.goto(airflow.url)
    log_in(window, airflow)
    window.get_by_role("link", name="Home").first.wait_for()
    cookies = context.cookies()
    context.close()
    return cookies


@pytest.fixture
def logged_in(visit: Visit, session: Any) -> Page:
    """The same window, its user logged in."""
    visit.context.add_cookies(session)
    return visit.page


def log_in(page: Page, airflow: RunningAirflow) -> None:
    """Fill in Airflow's login form."""
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(airflow.home.password)
    page.get_by_role("button", name="Sign in").click()
