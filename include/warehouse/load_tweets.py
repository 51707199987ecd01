"""Staged posts into ``fact_tweet``, its bridges and the dimensions that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.warehouse.fact import Fact, keep, settle, write, write_bridge

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor

TWEETS = Fact(
    table="fact_tweet",
    stage="staged_tweet",
    key=("tweet_id",),
    day="created_on",
    keys={"author_key": "author.user_key"},
    joins="""LEFT JOIN dim_user author ON author.user_id = s.author_id
        AND s.created_at >= author.valid_from AND s.created_at < author.valid_to""",
    children=("staged_hashtag", "staged_mention", "staged_url", "staged_reference"),
)
_BRIDGES = {
    "bridge_tweet_hashtag": """SELECT s.tweet_id, tag.hashtag_key
        FROM staged_hashtag s LEFT JOIN dim_hashtag tag USING (hashtag)""",
    "bridge_tweet_mention": """SELECT s.tweet_id, s.position, s.username, s.user_id
        FROM staged_mention s""",
    "bridge_tweet_url": """SELECT s.tweet_id, s.position, s.url, s.expanded_url, s.display_url,
            s.unwound_url, s.title, s.domain
        FROM staged_url s""",
    "bridge_tweet_reference": """SELECT s.tweet_id, s.kind, s.referenced_tweet_id
        FROM staged_reference s""",
}


def add_members(cursor: Cursor) -> None:
    """Add authors and hashtags that the dimensions lack: by their id, or their text, alone."""
    cursor.execute(
        """INSERT INTO dim_user (user_id, valid_from, valid_to, is_current, is_inferred)
        SELECT DISTINCT author_id, '-infinity'::timestamptz, 'infinity'::timestamptz, true, true
        FROM staged_tweet s
        WHERE NOT EXISTS (SELECT FROM dim_user u WHERE u.user_id = s.author_id)
        ORDER BY author_id
        ON CONFLICT DO NOTHING"""
    )
    keep(cursor, "dim_user", "d.user_id IN (SELECT author_id FROM staged_tweet)")
    cursor.execute(
        """INSERT INTO dim_hashtag (hashtag)
        SELECT DISTINCT hashtag FROM staged_hashtag s
        WHERE NOT EXISTS (SELECT FROM dim_hashtag t WHERE t.hashtag = s.hashtag)
        ORDER BY hashtag
        ON CONFLICT DO NOTHING"""
    )
    keep(cursor, "dim_hashtag", "d.hashtag IN (SELECT hashtag FROM staged_hashtag)")


def merge(cursor: Cursor, *, has_copies: bool) -> tuple[int, int]:
    """Bring the warehouse's posts to what is staged.

    Returns:
        How many posts are new, and how many were changed.
    """
    has_known = settle(cursor, TWEETS, has_copies=has_copies)
    add_members(cursor)
    counts = write(cursor, TWEETS, has_known=has_known)
    for bridge, query in _BRIDGES.items():
        write_bridge(cursor, TWEETS, bridge, query, has_known=has_known)
    return counts


def delete_orphans(cursor: Cursor) -> None:
    """Delete what was known of authors and hashtags only through posts that are gone.

    For when nobody else loads: a post that comes meanwhile may name them.
    """
    cursor.execute(
        """DELETE FROM dim_user u WHERE is_inferred
        AND NOT EXISTS (SELECT FROM fact_tweet f WHERE f.author_id = u.user_id)"""
    )
    cursor.execute(
        """DELETE FROM dim_hashtag t
        WHERE NOT EXISTS (SELECT FROM bridge_tweet_hashtag b WHERE b.hashtag_key = t.hashtag_key)"""
    )
