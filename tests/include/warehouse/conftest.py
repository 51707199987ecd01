"""A lake of landed rows, and the warehouse that is loaded from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from adbc_driver_postgresql import dbapi
from sqlalchemy import create_engine, text

from include.lake import Lake
from include.warehouse.connection import conninfo
from include.warehouse.load import load
from include.warehouse.worker import Loaded
from tests.include import landed_rows

POSTED = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
_KNOWN = {
    "tweets": {"author_id": "12", "created_at": POSTED, "conversation_id": None},
    "users": {"observed_at": POSTED},
    "tweet_metrics": {"observed_at": POSTED, "status": "visible"},
}


class House:
    """The lake, the warehouse, and what a test wants to know of both."""

    def __init__(self, lake: Lake, url: Any) -> None:
        self.lake = lake
        self.url = url
        self.engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def land(
        self, dataset: str, number: int, *rows: dict[str, Any], account: str = "harbour"
    ) -> str:
        """Put an object of the day's interval of that number; each row has at least ``n``."""
        over = landed_rows.interval(number)
        whose = account if dataset == "tweets" else landed_rows.ALL_ACCOUNTS
        made = [
            landed_rows.row(dataset, one["n"], over, whose)
            | _KNOWN[dataset]
            | {name: value for name, value in one.items() if name != "n"}
            for one in rows
        ]
        return landed_rows.land(self.lake, dataset, over, whose, made)

    def load(self, *datasets: str) -> list[Loaded]:
        """Load datasets, all of them in their order by default."""
        wanted = datasets or ("users", "tweets", "tweet_metrics")
        return [load(self.lake, self.connect, dataset) for dataset in wanted]

    def connect(self) -> Any:
        """A session of its warehouse."""
        return dbapi.connect(conninfo(self.url))

    def ask(self, query: str) -> list[Any]:
        """The rows of an answer, as tuples; of a single column, its values."""
        with self.engine.connect() as connection:
            answer = connection.execute(text(query))
            found = [tuple(row) for row in answer] if answer.returns_rows else []
        return [row[0] for row in found] if found and len(found[0]) == 1 else found


@pytest.fixture
def house(lake, warehouse):
    made = House(lake, warehouse)
    yield made
    made.engine.dispose()


@pytest.fixture
def another_house(s3, another_warehouse):
    bucket = f"another-{uuid4()}"
    s3.create_bucket(Bucket=bucket)
    made = House(Lake(s3, bucket), another_warehouse)
    yield made
    made.engine.dispose()
