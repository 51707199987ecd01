"""Views for analysts. They hold nothing, so every migration makes them anew from here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, TextClause, text

from include.warehouse.models import FactTweet

_SENT = {
    "like_count": "Likes",
    "reply_count": "Replies",
    "retweet_count": "Reposts",
    "quote_count": "Quotes",
    "bookmark_count": "Bookmarks, null where X sent none",
    "impression_count": "Views, null where X sent none",
}
_COUNTS = {**_SENT, "engagement_count": "Likes, replies, reposts and quotes, null of a repost"}
_COPIED = {
    column.name: column.comment or ""
    for column in FactTweet.__table__.columns
    if column.name not in {*_COUNTS, "engagement_rate"}
}


@dataclass(frozen=True, slots=True)
class View:
    """A view: what a row of it is, what its columns mean, in their order, and its query."""

    name: str
    comment: str
    columns: dict[str, str]
    query: str


def _each(expression: str, names: Iterable[str]) -> str:
    return ", ".join(expression.format(name) for name in names)


TWEETS_LATEST = View(
    "tweets_latest",
    "One row per tweet, with its author's profile of today and the counts of its latest "
    "observation, or of the fetch where there is none. When a post was fetched is not known here: "
    "of one that was fetched anew since it was observed, fact_tweet has newer counts.",
    {
        **_COPIED,
        "username": "Handle of the author today; null where no profile was loaded.",
        "name": "Display name of the author today; null where no profile was loaded.",
        "counted_at": "When the counts were observed; null where they are those of the fetch.",
        **{
            name: f"{meaning}: of counted_at, or of the fetch." for name, meaning in _COUNTS.items()
        },
        "engagement_rate": "engagement_count per view; null where X sent no views, or 0.",
    },
    f"""
    SELECT {_each("t.{}", _COPIED)}, author.username, author.name, seen.observed_at,
           {_each("CASE WHEN seen.tweet_id IS NULL THEN t.{0} ELSE seen.{0} END", _SENT)},
           CASE WHEN seen.tweet_id IS NULL THEN t.engagement_count
                WHEN NOT t.is_retweet THEN seen.engagement_count END,
           CASE WHEN seen.tweet_id IS NULL THEN t.engagement_rate
                WHEN NOT t.is_retweet
                THEN seen.engagement_count::double precision / nullif(seen.impression_count, 0) END
    FROM fact_tweet t
    LEFT JOIN dim_user author ON author.user_id = t.author_id AND author.is_current
    LEFT JOIN LATERAL (
        SELECT * FROM fact_tweet_metrics
        WHERE tweet_id = t.tweet_id AND status = 'visible'
        ORDER BY observed_at DESC LIMIT 1
    ) seen ON true
    """,
)

ENGAGEMENT_DAILY = View(
    "engagement_daily",
    "One row per author and UTC day of posting. Engagement leaves reposts out: X counts at them "
    "what the original got.",
    {
        "author_id": "X's id of the author.",
        "username": "Handle of the author today; null where no profile was loaded.",
        "created_on": "UTC day of posting.",
        "posts": "Posts of the day, replies and reposts among them.",
        "replies": "Posts of them that answer a post.",
        "retweets": "Posts of them that are reposts.",
        **{name: f"{meaning}: the sum over its posts." for name, meaning in _COUNTS.items()},
        "mean_engagement": "Mean engagement_count of its posts; null where none has any.",
    },
    f"""
    SELECT author_id, username, created_on, count(*), count(*) FILTER (WHERE is_reply),
           count(*) FILTER (WHERE is_retweet),
           {", ".join(f"(sum({name}) FILTER (WHERE NOT is_retweet))::bigint" for name in _COUNTS)},
           (avg(engagement_count) FILTER (WHERE NOT is_retweet))::double precision
    FROM tweets_latest
    GROUP BY author_id, username, created_on
    """,
)

_GROWTH = {
    "followers_count": "Accounts that follow it",
    "following_count": "Accounts that it follows",
    "tweet_count": "Posts it has made, reposts too",
    "listed_count": "Lists that it is on",
    "like_count": "Posts that it likes",
    "media_count": "Posts of it with media",
}

ACCOUNT_GROWTH = View(
    "account_growth",
    "One row per user and day on which its profile was observed.",
    {
        "user_id": "X's id of the account.",
        "username": "Its handle today; null where no profile was loaded.",
        "observed_on": "UTC day of the observation.",
        "days": "Days since the previous observation; null at the first.",
        **{name: f"{meaning}." for name, meaning in _GROWTH.items()},
        **{
            name.replace("_count", "_change"): f"{meaning}: more than at the previous observation; "
            "null at the first, or where X sent none."
            for name, meaning in _GROWTH.items()
        },
    },
    f"""
    SELECT f.user_id, u.username, f.observed_on, f.observed_on - lag(f.observed_on) OVER days,
           {_each("f.{}", _GROWTH)},
           {_each("f.{0} - lag(f.{0}) OVER days", _GROWTH)}
    FROM fact_user_metrics f
    LEFT JOIN dim_user u ON u.user_id = f.user_id AND u.is_current
    WINDOW days AS (PARTITION BY f.user_id ORDER BY f.observed_on)
    """,
)

VIEWS = (TWEETS_LATEST, ENGAGEMENT_DAILY, ACCOUNT_GROWTH)
"""All of them; each may read those before it."""


def create(connection: Connection) -> None:
    """Make all views, with their comments."""
    quote = connection.dialect.identifier_preparer.quote
    for view in VIEWS:
        names = ", ".join(quote(name) for name in view.columns)
        connection.execute(text(f"CREATE VIEW {view.name} ({names}) AS {view.query}"))
        connection.execute(_comment(f"VIEW {view.name}", view.comment))
        for name, meaning in view.columns.items():
            connection.execute(_comment(f"COLUMN {view.name}.{quote(name)}", meaning))


def drop(connection: Connection) -> None:
    """Remove all views that are there."""
    for view in reversed(VIEWS):
        connection.execute(text(f"DROP VIEW IF EXISTS {view.name}"))


def _comment(on: str, words: str) -> TextClause:
    quoted = words.replace("'", "''").replace(":", r"\:")  # COMMENT takes no parameter
    return text(f"COMMENT ON {on} IS '{quoted}'")
