"""A warehouse with posts whose texts are trouble, and what is asked of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, text

from include.exports.order import parse_order
from include.warehouse.models import FactTweet, LoadObject

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
FIRST = 1_900_000_000_000_000_001
TEXTS = (
    "plain",
    "=1+1",
    "'tis quoted",
    "+49 30", "-5", "@nasa hello", "\ttab", "\rreturn", "\nnewline", "＝wide",
    'say "hi", then;\r\ngo\nhome',
    "back\\slash \\n \\\\ and \\.",
    "\\.",
    "🧑‍🚀 \u202eright\u2028to left",
    "  spaces around  ",
    "_x0041_ &amp; <b>",
    "https://example.org/",
    "",
    "long " * 5_000,
)  # fmt: skip


class Warehouse:
    """The warehouse, and how rows come into it."""

    def __init__(self, url: Any) -> None:
        self.engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with self.engine.connect() as connection:
            connection.execute(
                insert(LoadObject).values(
                    dataset="tweets",
                    key="curated/a",
                    etag="e",
                    day=NOON.date(),
                    account="nasa",
                    interval_end=NOON,
                    rows=9,
                    shadowed=0,
                    state="loaded",
                    loaded_at=NOON,
                )
            )

    def ask(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of an answer."""
        with self.engine.connect() as connection:
            answer = connection.execute(text(query), values)
            return [tuple(row) for row in answer] if answer.returns_rows else []

    def user(self, user_id: int, username: str | None, *, until: str = "infinity") -> int:
        """A profile; returns its key."""
        return self.ask(
            "INSERT INTO dim_user (user_id, username, valid_from, valid_to, is_current, "
            "is_inferred, withheld_country_codes, profile_digest) SELECT :user_id, :username, "
            "CASE WHEN v = 'infinity' AND EXISTS (SELECT FROM dim_user WHERE user_id = :user_id) "
            "THEN timestamptz '2026-11-01 00:00+00' ELSE '-infinity' END, v, v = 'infinity', "
            "false, '{}', '0123456789abcdef0123456789abcdef' "
            "FROM (SELECT CAST(:until AS timestamptz) AS v) AS made RETURNING user_key",
            user_id=user_id,
            username=username,
            until=until,
        )[0][0]

    def post(self, number: int, author: tuple[int, int], words: str, **columns: Any) -> None:
        """A post of an author (id and key), an hour after the one before."""
        at = columns.pop("created_at", NOON + timedelta(hours=number, milliseconds=123))
        counts = (
            "character_count", "hashtag_count", "mention_count", "url_count", "media_count",
            "posted_hour", "posted_weekday",
        )  # fmt: skip
        row = {
            "tweet_id": FIRST + number,
            "author_id": author[0],
            "author_key": author[1],
            "created_at": at,
            "created_on": at.date(),
            "account": "nasa",
            "text": words,
            **dict.fromkeys(("is_reply", "is_retweet", "is_quote"), False),
            "kind": "original",
            **dict.fromkeys(counts, 1),
            "link_domains": ["example.org", 'od"d\\'],
            "engagement_rate": 0.25,
            "object_id": 1,
            **columns,
        }
        with self.engine.connect() as connection:
            connection.execute(insert(FactTweet), row)

    def many(self, rows: int, author: tuple[int, int]) -> None:
        """Posts of 2 KB each."""
        self.post(0, author, "long " * 400)
        names = [c.name for c in FactTweet.__table__.columns if c.name != "tweet_id"]
        self.ask(
            f"INSERT INTO fact_tweet (tweet_id, {', '.join(names)}) "  # noqa: S608 - columns
            f"SELECT tweet_id + n, {', '.join(names)} FROM fact_tweet, generate_series(1, :n) n",
            n=rows - 1,
        )


@pytest.fixture
def empty(warehouse):
    """A warehouse of the test's own, with nothing but an object in its ledger."""
    made = Warehouse(warehouse)
    yield made
    made.engine.dispose()


@pytest.fixture
def own(empty):
    """A filled one of the test's own."""
    fill(empty)
    return empty


@pytest.fixture(scope="session")
def shared(databases, migrated):
    url = databases(migrated)
    made = Warehouse(url)
    fill(made)
    yield made, url.set(drivername="postgres").render_as_string(hide_password=False)
    made.engine.dispose()


@pytest.fixture
def filled(shared, monkeypatch):
    """A filled one that the test only reads."""
    made, url = shared
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", url)
    return made


def fill(made: Warehouse) -> None:
    """Posts of nasa, one for each text, and one of esa that a search brought."""
    made.user(7, "old_nasa", until="2026-11-01 00:00+00")
    nasa = (7, made.user(7, "NASA"))
    for number, words in enumerate(TEXTS):
        note = "" if number % 2 else None
        made.post(number, nasa, words, note_text=note, conversation_id=FIRST)
    esa = (2**62 + 1, made.user(2**62 + 1, "esa"))
    made.post(99, esa, "moon", account="moon_search")
    made.ask("INSERT INTO load_mark VALUES ('tweets', '2026-11-02 08:00+00')")
    made.ask("INSERT INTO dim_hashtag (hashtag) VALUES ('moon')")
    made.ask("INSERT INTO bridge_tweet_hashtag VALUES (:a, 1), (:b, 1)", a=FIRST, b=FIRST + 99)
    made.ask(
        "INSERT INTO bridge_tweet_mention VALUES (:id, 0, 'esa', 8), (:id, 1, null, null)", id=FIRST
    )
    made.ask(
        "INSERT INTO bridge_tweet_url (tweet_id, position, title) VALUES (:id, 0, :title)",
        id=FIRST,
        title='=HYPERLINK("https://example.org/")',
    )
    made.ask("INSERT INTO bridge_tweet_reference VALUES (:id, 'quoted', 9)", id=FIRST)
    made.ask("SELECT ensure_metrics_partition('2026-11-01')")
    made.ask(
        "INSERT INTO fact_tweet_metrics (tweet_id, observed_at, observed_on, status, object_id) "
        "VALUES (:id, :at, :at, 'visible', 1)",
        id=FIRST,
        at=NOON,
    )
    made.ask(
        "INSERT INTO fact_user_metrics (user_id, user_key, observed_at, observed_on, object_id) "
        "SELECT 7, 2, :at, :at, 1",
        at=NOON,
    )


@pytest.fixture
def order():
    """An order of posts, all of them and as CSV unless it says otherwise."""

    def order(relation: str = "fact_tweet", format_name: str = "csv", **asked: Any) -> Any:
        return parse_order(relation, format_name=format_name, **asked)

    return order
