"""A warehouse with a little of everything, and its reports as a reader finds them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from include.data_docs.keys import report_key
from include.lake import Lake
from include.reports.publish import publish_reports
from tests.include.warehouse.conftest import House, house  # noqa: F401 - a fixture

MORNING = datetime(2026, 11, 2, 8, tzinfo=UTC)
NASTY = (
    "</text></svg><script>alert(1)</script>",
    '"><img src=http://elsewhere.example/x.png onerror=alert(1)>',
    "مرحبا_بالعالم",
    "\u202egnp.exe",
    "w" * 200,
    "𠮷" * 60,
)


class Report(HTMLParser):
    """A page's words, and the table of each of its pictures: rows of cells, without the head."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.tables = [], [], "", defaultdict(list)
        self._figure, self._cell = "", False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "section":
            self._figure = dict(attrs)["aria-labelledby"]
        elif tag == "tr":
            self.tables[self._figure].append([])
        self._cell = tag in {"th", "td"} or (self._cell and tag == "bdi")
        if tag in {"th", "td"}:
            self.tables[self._figure][-1].append("")

    def handle_endtag(self, tag):
        self._cell = self._cell and tag not in {"th", "td"}

    def handle_data(self, data):
        self.text += data
        if self._cell:
            self.tables[self._figure][-1][-1] += data

    def rows(self, figure):
        """The rows of a table below its head."""
        return [tuple(row) for row in self.tables[figure][1:]]


def published(lake, engine):
    """Publish what is in the warehouse; returns the reports by dataset."""
    publish_reports(lake, engine)
    return {
        dataset: Report(lake.get(report_key(dataset)).decode())
        for dataset in ("tweets", "users", "tweet_metrics")
    }


@pytest.fixture(scope="session")
def full(s3, databases, migrated):
    """A house with posts of two days, three accounts, and observations; nobody changes it."""
    s3.create_bucket(Bucket="reported-lake")
    made = House(Lake(s3, "reported-lake"), databases(migrated))
    connection = made.url.set(drivername="postgres").render_as_string(hide_password=False)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW_CONN_WAREHOUSE", connection)
        fill(made)
        assert [done.failed for done in made.load()] == [{}, {}, {}]
    yield made
    made.engine.dispose()


@pytest.fixture(scope="session")
def reports(full):
    """Its reports."""
    return published(full.lake, full.engine)


def fill(made):
    """Land them."""
    counts = {"like_count": 1, "reply_count": 1, "retweet_count": 1, "quote_count": 1}
    post = {"is_reply": False, "is_quote": False, "is_retweet": False, "lang": "en", **counts}
    link = {"url": "https://t.co/a", "expanded_url": "https://www.nasa.gov/x"}
    made.land(
        "users", 0, {"n": 12, "username": "harbour", "followers_count": 200},
        {"n": 13, "username": "weather", "followers_count": 1000},
    )  # fmt: skip
    made.land(
        "users", 7, {"n": 12, "username": "harbour", "followers_count": 250, **later(days=1)},
        {"n": 14, "username": "added", "followers_count": 7, **later(days=1)},
    )  # fmt: skip
    made.land(
        "tweets", 2,
        {"n": 1, **post, "hashtags": ["Rain", *NASTY], "urls": [link]},
        {"n": 2, **post, "is_reply": True, "hashtags": ["rain"], "lang": "es"},
        {"n": 3, **post, "is_reply": True, "is_quote": True},
        {"n": 4, **post, "is_retweet": True, "like_count": 9_999},
    )  # fmt: skip
    made.land("tweets", 8, {"n": 5, **post, "created_at": MORNING + timedelta(days=1)})
    made.land(
        "tweet_metrics", 3,
        *({"n": n, **counts, "like_count": 10 * n, **later(hours=5)} for n in (1, 2, 3)),
        {"n": 4, **counts, **later(hours=5)},
    )  # fmt: skip
    gone = {"status": "deleted", **dict.fromkeys(counts)}
    made.land("tweet_metrics", 8, {"n": 1, **gone, **later(hours=26)})


def later(**after):
    """Observed so long after the morning."""
    return {"observed_at": MORNING + timedelta(**after)}
