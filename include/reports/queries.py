"""What the reports ask the warehouse: it adds up, so that an answer has few rows.

``:since`` and ``:until`` bound the days of a report, ``:most`` the rows of a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

DAYS = 90
"""How far back a report goes."""
MOST = 15
"""Rows of a list such as that of hashtags."""
AGES = (1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 336, 720)
"""Where one group of ages of a post ends and the next begins, in hours."""
_LINES = 5

LAST_DAY = "SELECT max(day) FROM load_object WHERE dataset = :dataset AND state = 'loaded'"

POSTS_BY_DAY = """
    SELECT created_on AS day, kind, count(*) AS posts,
           (sum(engagement_count) FILTER (WHERE NOT is_retweet))::bigint AS engagement,
           count(engagement_count) FILTER (WHERE NOT is_retweet) AS counted
    FROM tweets_latest
    WHERE created_at >= :since AND created_at < :until
    GROUP BY 1, 2 ORDER BY 1, 2
"""
HASHTAGS = """
    SELECT '#' || hashtag AS name, count(*) AS posts
    FROM fact_tweet
    JOIN bridge_tweet_hashtag USING (tweet_id)
    JOIN dim_hashtag USING (hashtag_key)
    WHERE created_at >= :since AND created_at < :until
    GROUP BY hashtag ORDER BY posts DESC, name LIMIT :most
"""
DOMAINS = """
    SELECT name, count(*) AS posts
    FROM fact_tweet, unnest(link_domains) AS name
    WHERE created_at >= :since AND created_at < :until
    GROUP BY name ORDER BY posts DESC, name LIMIT :most
"""
LANGUAGES = """
    SELECT coalesce(nullif(lang, 'und'), detected_lang, 'und') AS name, count(*) AS posts
    FROM fact_tweet
    WHERE created_at >= :since AND created_at < :until
    GROUP BY 1 ORDER BY posts DESC, name LIMIT :most
"""

# An account counts with its latest number also on a day on which it was not observed: the sum of
# all changes so far, its first number being the first change.
FOLLOWERS = """
    WITH observed AS (
        SELECT observed_on,
               followers_count - coalesce(lag(followers_count) OVER days, 0) AS change,
               CASE WHEN row_number() OVER days = 1 THEN 1 ELSE 0 END AS is_first
        FROM fact_user_metrics
        WHERE followers_count IS NOT NULL AND observed_at < :until
        WINDOW days AS (PARTITION BY user_id ORDER BY observed_on)
    ), summed AS (
        SELECT observed_on AS day,
               (sum(sum(change)) OVER (ORDER BY observed_on))::bigint AS followers,
               (sum(sum(is_first)) OVER (ORDER BY observed_on))::bigint AS accounts
        FROM observed GROUP BY observed_on
    )
    SELECT * FROM summed WHERE day >= :since_day ORDER BY day
"""
_GROWN = """
    WITH counted AS (
        SELECT user_id, observed_on, followers_count,
               first_value(followers_count) OVER days AS began,
               last_value(followers_count) OVER days AS ended,
               count(*) OVER days AS observations
        FROM fact_user_metrics
        WHERE followers_count IS NOT NULL AND observed_at >= :since AND observed_at < :until
        WINDOW days AS (PARTITION BY user_id ORDER BY observed_on
                        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), handle AS (
        SELECT user_id, username, count(*) OVER (PARTITION BY lower(username)) AS holders
        FROM dim_user WHERE is_current AND username IS NOT NULL
    ), named AS (
        SELECT c.*, CASE WHEN holders > 1 THEN username || ' (' || c.user_id || ')'
            ELSE coalesce(username, c.user_id::text) END AS name
        FROM counted c LEFT JOIN handle ON handle.user_id = c.user_id
        WHERE observations > 1 AND began > 0
    )
"""
LARGEST = f"""{_GROWN}
    SELECT observed_on AS day, name, followers_count AS followers,
           followers_count::double precision / began - 1 AS growth
    FROM named WHERE user_id IN (
        SELECT user_id FROM named GROUP BY user_id, ended ORDER BY ended DESC, user_id
        LIMIT {_LINES}
    ) ORDER BY ended DESC, user_id, day
"""
GROWTH = f"""{_GROWN},
    grown AS (
        SELECT name, began, ended, ended::double precision / began - 1 AS growth
        FROM named GROUP BY user_id, name, began, ended
    ), ranked AS (
        SELECT *, row_number() OVER (ORDER BY growth DESC, name) AS place,
               count(*) OVER () AS accounts
        FROM grown
    )
    SELECT * FROM ranked WHERE place <= :most OR place > accounts - :most ORDER BY place
"""

ENGAGEMENT_BY_AGE = f"""
    SELECT width_bucket(
               extract(epoch FROM m.observed_at - t.created_at) / 3600,
               ARRAY[{", ".join(map(str, AGES))}]::numeric[]
           ) AS age,
           count(*) AS observations,
           percentile_cont(ARRAY[0.25, 0.5, 0.75])
               WITHIN GROUP (ORDER BY m.engagement_count) AS quartiles
    FROM fact_tweet_metrics m JOIN fact_tweet t USING (tweet_id)
    WHERE m.observed_at >= :since AND m.observed_at < :until AND m.status = 'visible'
      AND m.engagement_count IS NOT NULL AND NOT t.is_retweet AND m.observed_at >= t.created_at
    GROUP BY age ORDER BY age
"""
OBSERVATIONS = """
    SELECT observed_on AS day, status, count(*) AS observations
    FROM fact_tweet_metrics
    WHERE observed_at >= :since AND observed_at < :until
    GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Questions:
    """The warehouse as it is in one transaction, over the days of one report."""

    connection: Connection
    last: date
    """The last day of which something was loaded, in UTC."""

    @property
    def first(self) -> date:
        """The first day of the report."""
        return self.last - timedelta(days=DAYS - 1)

    def ask(self, query: str) -> Sequence[Row[Any]]:
        """The rows of one of this module's queries."""
        midnight = datetime.combine(self.first, datetime.min.time(), UTC)
        given = {
            "since": midnight,
            "since_day": self.first,
            "until": midnight + timedelta(days=DAYS),
            "most": MOST,
        }
        known = {name: value for name, value in given.items() if f":{name}" in query}
        return self.connection.execute(text(query), known).all()


def last_day(connection: Connection, dataset: str) -> date | None:
    """The last day of which something of the dataset was loaded; None where nothing was."""
    day: date | None = connection.scalar(text(LAST_DAY), {"dataset": dataset})
    return day
