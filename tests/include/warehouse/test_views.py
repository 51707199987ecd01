"""What analysts read: a few rows by hand, and the figures that they come to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import create_engine, insert, text

from include.warehouse.models import (
    FactTweet,
    FactTweetMetrics,
    FactUserMetrics,
    LoadObject,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
COUNTS = ("like_count", "reply_count", "retweet_count", "quote_count")


@pytest.fixture
def connection(warehouse):
    engine = create_engine(warehouse)
    with engine.begin() as connection:
        connection.execute(
            insert(LoadObject).values(
                dataset="tweets",
                key="curated/a",
                etag="e",
                day=NOON.date(),
                interval_end=NOON,
                rows=9,
                shadowed=0,
                state="loaded",
                loaded_at=NOON,
            )
        )
        yield connection
    engine.dispose()


def user(connection, user_id, username, valid_from="-infinity", valid_to="infinity"):
    return connection.scalar(
        text(
            "INSERT INTO dim_user (user_id, username, name, valid_from, valid_to, is_current, "
            "is_inferred) SELECT :id, :username, upper(CAST(:username AS text)), "
            "CAST(:from AS timestamptz), valid_to, "
            "valid_to = 'infinity', false FROM (SELECT CAST(:to AS timestamptz) AS valid_to) AS v "
            "RETURNING user_key"
        ),
        {"id": user_id, "username": username, "from": valid_from, "to": valid_to},
    )


def post(connection, tweet_id, author_key, counts, **columns):
    kind = "retweet" if columns.get("is_retweet") else "original"
    row = {
        "tweet_id": tweet_id,
        "author_id": 7,
        "author_key": author_key,
        "created_at": NOON,
        "created_on": columns.get("created_at", NOON).date(),
        "account": "nasa",
        "text": "Moon",
        "is_reply": False,
        "is_retweet": False,
        "is_quote": False,
        "edit_count": 1,
        "kind": kind,
        "engagement_count": sum(counts),
        "engagement_rate": 0.5,
        **dict.fromkeys(
            (
                "character_count", "word_count", "hashtag_count", "mention_count", "url_count",
                "media_count", "photo_count", "video_count", "posted_hour", "posted_weekday",
            ),
            1,
        ),
        "link_domains": [],
        "object_id": 1,
        **dict(zip(COUNTS, counts, strict=True)),
        **columns,
    }  # fmt: skip
    connection.execute(insert(FactTweet), row)


def counted(connection, tweet_id, after, counts, *, status="visible", views=None):
    at = NOON + after
    connection.execute(text("SELECT ensure_metrics_partition(:day)"), {"day": at.date()})
    row = {
        "tweet_id": tweet_id,
        "observed_at": at,
        "observed_on": at.date(),
        "status": status,
        "engagement_count": sum(counts) if counts else None,
        "impression_count": views,
        "object_id": 1,
        **dict(zip(COUNTS, counts or (None,) * 4, strict=True)),
    }
    connection.execute(insert(FactTweetMetrics), row)


def test_the_latest_counts_stand_and_a_tombstone_has_none(connection):
    key = user(connection, 7, "nasa_old", valid_to="2026-11-03 00:00+00")
    user(connection, 7, "nasa", valid_from="2026-11-03 00:00+00")
    post(connection, 1, key, (1, 0, 0, 0))
    post(connection, 2, key, (2, 0, 0, 0))
    counted(connection, 1, timedelta(days=40), (30, 4, 5, 1), views=80)
    counted(connection, 1, timedelta(days=1), (10, 1, 1, 0), views=20)
    counted(connection, 1, timedelta(days=50), None, status="deleted")
    rows = connection.execute(
        text(
            "SELECT tweet_id, username, name, counted_at, like_count, engagement_count, "
            "engagement_rate FROM tweets_latest ORDER BY tweet_id"
        )
    ).all()
    assert [tuple(row) for row in rows] == [
        (1, "nasa", "NASA", NOON + timedelta(days=40), 30, 40, 0.5),
        (2, "nasa", "NASA", None, 2, 2, 0.5),
    ]


def test_without_views_there_is_no_rate(connection):
    post(connection, 1, user(connection, 7, "nasa"), (1, 0, 0, 0))
    for days, views in ((1, None), (2, 0)):
        counted(connection, 1, timedelta(days=days), (1, 1, 1, 1), views=views)
        rate = connection.scalar(text("SELECT engagement_rate FROM tweets_latest"))
        assert rate is None


def test_a_repost_has_no_engagement_of_its_own(connection):
    key = user(connection, 7, "nasa")
    post(connection, 1, key, (0, 0, 99, 0), is_retweet=True, engagement_count=None)
    counted(connection, 1, timedelta(days=1), (0, 0, 999, 0), views=10)
    row = connection.execute(
        text("SELECT retweet_count, engagement_count, engagement_rate FROM tweets_latest")
    ).one()
    assert tuple(row) == (999, None, None)


def test_an_author_of_whom_nothing_is_known_keeps_the_posts(connection):
    key = user(connection, 7, None)
    post(connection, 1, key, (1, 0, 0, 0))
    row = connection.execute(text("SELECT username, posts FROM engagement_daily")).one()
    assert tuple(row) == (None, 1)


def test_engagement_by_day_counts_a_repost_but_not_what_its_original_got(connection):
    key = user(connection, 7, "nasa")
    post(connection, 1, key, (10, 0, 0, 0))
    post(connection, 2, key, (1, 2, 3, 4), is_reply=True)
    post(connection, 3, key, (0, 0, 9_999, 0), is_retweet=True)
    post(connection, 4, key, (5, 0, 0, 0), created_at=NOON + timedelta(days=1))
    counted(connection, 1, timedelta(hours=1), (20, 0, 0, 0))
    rows = connection.execute(
        text(
            "SELECT created_on, posts, replies, retweets, like_count, retweet_count, "
            "engagement_count, mean_engagement FROM engagement_daily ORDER BY created_on"
        )
    ).all()
    assert [tuple(row) for row in rows] == [
        (date(2026, 11, 2), 3, 1, 1, 21, 3, 30, 15.0),
        (date(2026, 11, 3), 1, 0, 0, 5, 0, 5, 5.0),
    ]


def test_growth_is_since_the_day_before_that_was_observed(connection):
    for user_id, counts in ((7, (100, 120, None, 90)), (8, (5,))):
        key = user(connection, user_id, f"user_{user_id}")
        for days, followers in zip((0, 1, 2, 5), counts, strict=False):
            at = NOON + timedelta(days=days)
            connection.execute(
                insert(FactUserMetrics),
                {
                    "user_id": user_id,
                    "user_key": key,
                    "observed_at": at,
                    "observed_on": at.date(),
                    "followers_count": followers,
                    "object_id": 1,
                },
            )
    rows = connection.execute(
        text(
            "SELECT username, days, followers_count, followers_change FROM account_growth "
            "ORDER BY user_id, observed_on"
        )
    ).all()
    assert [tuple(row) for row in rows] == [
        ("user_7", None, 100, None),
        ("user_7", 1, 120, 20),
        ("user_7", 1, None, None),
        ("user_7", 3, 90, None),
        ("user_8", None, 5, None),
    ]
