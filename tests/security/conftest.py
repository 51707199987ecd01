"""A lake, a warehouse and a site that are full of poison, made as every run makes them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from sqlalchemy import URL

from include.data_docs.app import create_app, from_lake
from include.data_docs.site import publish
from include.drift import unknown_fields
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, Lake
from include.outcomes import Outcome
from include.quarantine.web import quarantine_router
from include.raw import Fetched, RawBatch
from include.report import RunReport
from include.reports.publish import publish_reports
from include.rerun import Reruns
from include.run import report
from include.settings import Settings
from include.source import Fetch
from include.x_api.answer import Answer
from tests.include.warehouse.conftest import House
from tests.security.poison import SCRIPTS, START, page_of_posts, page_of_profiles

SETTINGS = Settings(
    bucket="poisoned-lake",
    alert_to=("data-team@example.org",),
    data_docs_url="http://docs.example",
    csv=True,
)
INTERVALS = {
    "tweets": Interval(START, START + timedelta(hours=4)),
    "users": Interval(START - timedelta(hours=8), START + timedelta(hours=16)),
}


@dataclass(frozen=True)
class Poisoned:
    """What came of it; nobody changes it."""

    lake: Lake
    runs: dict[str, RunReport]
    house: House

    @property
    def url(self) -> URL:
        """Where the warehouse is."""
        found: URL = self.house.url
        return found


@pytest.fixture(scope="session")
def poisoned(s3: Any, databases: Callable[[str], URL], migrated: str) -> Iterator[Poisoned]:
    """X has sent poison: it was landed, put aside, told of, loaded and shown."""
    s3.create_bucket(Bucket=SETTINGS.bucket)
    lake = Lake(s3, SETTINGS.bucket)
    runs = {
        "users": run(lake, "users", ALL_ACCOUNTS, page_of_profiles()),
        "tweets": run(lake, "tweets", "nasa", page_of_posts(START)),
    }
    house = House(lake, databases(migrated))
    assert [done.failed for done in house.load()] == [{}, {}, {}]
    publish_reports(lake, house.engine)
    yield Poisoned(lake, runs, house)
    house.engine.dispose()


def run(lake: Lake, dataset: str, account: str, answer: dict[str, Any]) -> RunReport:
    """Store an answer of X as a fetch does; land, report and publish it as a run does."""
    interval = INTERVALS[dataset]
    at = interval.end + timedelta(minutes=1)
    raw = RawBatch(lake, dataset, interval, account)
    raw.add_page(Answer(json.dumps(answer).encode(), at))
    fetched = Fetched(
        account=account,
        outcome="fetched",
        detail="",
        author_id="11348282" if dataset == "tweets" else None,
        pages=1,
        posts_returned=len(answer["data"]),
        users_returned=0,
        requests=1,
        unknown_fields=unknown_fields(raw.pages(), "posts" if dataset == "tweets" else "users"),
    )
    raw.finish(fetched)
    fetches = [Fetch(account=account, planned_at=at)]
    if dataset == "tweets":
        # What X says of an account goes into its report as well.
        said = {"outcome": Outcome.SUSPENDED, "detail": " ".join(SCRIPTS[:-1]), "pages": 0}
        unreadable = fetched.model_copy(update={"account": "esa", "unknown_fields": {}, **said})
        RawBatch(lake, dataset, interval, "esa").finish(unreadable)
        fetches.append(Fetch(account="esa", planned_at=at))
    Reruns(lake, SETTINGS).validate(lake, dataset, interval, [f.account for f in fetches])
    made = report(lake, dataset, interval, fetches, SETTINGS)
    publish(lake, made)
    return made


@pytest.fixture(scope="session")
def site(poisoned: Poisoned) -> Iterator[str]:
    """The application that Airflow's API server runs, without Airflow's login before it."""

    async def nobody(*_) -> str:
        raise AssertionError("nobody decides here")

    router = quarantine_router(lambda: poisoned.lake, nobody)
    app = create_app(from_lake(lambda: poisoned.lake), routers=[router])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
