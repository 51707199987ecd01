"""The relations that the suites judge, as SQL: few rows each, one for each thing to judge.

``what`` names the thing. ``span`` has the times of a check and ``lake_object`` the objects of the
lake, both as :mod:`include.warehouse.checks.listing` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping

LAKE = """
WITH stored AS (
    SELECT object_id, created_on AS day, count(*) AS rows FROM fact_tweet GROUP BY 1, 2
    UNION ALL
    SELECT object_id, observed_on, count(*) FROM fact_user_metrics GROUP BY 1, 2
    UNION ALL
    SELECT object_id, observed_on, count(*) FROM fact_tweet_metrics GROUP BY 1, 2
), counted AS (
    SELECT object_id, sum(s.rows) AS rows,
        coalesce(sum(s.rows) FILTER (WHERE s.day <> o.day), 0) AS misplaced
    FROM stored s JOIN load_object o USING (object_id) GROUP BY object_id
), bridged AS (
    SELECT object_id, count(*) FILTER (
            WHERE mention_count <> coalesce(mentions, 0) OR url_count <> coalesce(urls, 0)
                OR (hashtag_count > 0) <> (tag.tweet_id IS NOT NULL)
        ) AS torn
    FROM fact_tweet
    LEFT JOIN (SELECT tweet_id, count(*) AS mentions FROM bridge_tweet_mention GROUP BY 1) mention
        USING (tweet_id)
    LEFT JOIN (SELECT tweet_id, count(*) AS urls FROM bridge_tweet_url GROUP BY 1) url
        USING (tweet_id)
    LEFT JOIN (SELECT DISTINCT tweet_id FROM bridge_tweet_hashtag) tag USING (tweet_id)
    GROUP BY object_id
), object AS (
    SELECT coalesce(o.dataset, l.dataset) AS dataset, coalesce(o.day, l.day) AS day,
        coalesce(o.account, l.account) AS account, regexp_replace(key, '.*/', '') AS name,
        o.rows, replace(o.error, key || ' ', '') AS error, coalesce(c.misplaced, 0) AS misplaced,
        coalesce(b.torn, 0) AS torn,
        coalesce(c.rows, 0) + o.shadowed AS rows_stored,
        l.rows AS lake_rows,
        l.key IS NULL AS is_gone,
        coalesce(o.state, '') = 'failed' AS is_failed,
        coalesce(o.state = 'loaded' AND o.etag = l.etag, false) AS is_loaded,
        coalesce(l.is_settled, false) AS is_settled
    FROM load_object o FULL JOIN lake_object l USING (key) LEFT JOIN counted c USING (object_id)
        LEFT JOIN bridged b USING (object_id)
)
SELECT concat_ws(' ', dataset, day, account) AS what,
    string_agg(name, ', ' ORDER BY name)
        FILTER (WHERE is_settled AND NOT is_loaded AND NOT is_failed) AS not_loaded,
    string_agg(name || ': ' || coalesce(error, ''), ', ' ORDER BY name)
        FILTER (WHERE is_failed) AS failed,
    string_agg(name, ', ' ORDER BY name) FILTER (WHERE is_gone) AS gone,
    sum(lake_rows) FILTER (WHERE is_loaded) AS rows_in_lake,
    sum(rows) FILTER (WHERE is_loaded AND lake_rows IS NOT NULL) AS rows_loaded,
    coalesce(sum(rows), 0) AS rows_of_ledger,
    coalesce(sum(rows_stored), 0) AS rows_stored,
    sum(misplaced) AS rows_misplaced,
    sum(torn) AS rows_torn
FROM object GROUP BY dataset, day, account
"""
"""One row per dataset, day and account: the lake beside the ledger beside the facts."""

PROFILES = """
WITH neighbour AS (
    SELECT user_id, valid_from, valid_to, is_current,
        max(valid_to) OVER before AS ended,
        lead(valid_from) OVER (PARTITION BY user_id ORDER BY valid_from) AS next_begins
    FROM dim_user
    WINDOW before AS (PARTITION BY user_id ORDER BY valid_from
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), version AS (
    SELECT user_id,
        count(*) FILTER (WHERE is_current AND valid_to = 'infinity') AS current_versions,
        count(*) FILTER (WHERE ended > valid_from) AS overlapping,
        count(*) FILTER (WHERE coalesce(ended, '-infinity') < valid_from)
            + count(*) FILTER (WHERE next_begins IS NULL AND valid_to <> 'infinity') AS holes
    FROM neighbour GROUP BY user_id
), tweet AS (
    SELECT f.author_id AS user_id, count(*) AS misled
    FROM fact_tweet f JOIN dim_user d ON d.user_key = f.author_key
    WHERE d.user_id <> f.author_id OR f.created_at < d.valid_from OR f.created_at >= d.valid_to
    GROUP BY 1
), day AS (
    SELECT f.user_id, count(*) AS misled
    FROM fact_user_metrics f JOIN dim_user d USING (user_key)
    WHERE d.user_id <> f.user_id OR f.observed_at < d.valid_from OR f.observed_at >= d.valid_to
    GROUP BY 1
)
SELECT user_id::text AS what, coalesce(current_versions, 0) AS current_versions,
    coalesce(overlapping, 0) AS overlapping, coalesce(holes, 0) AS holes,
    coalesce(tweet.misled, 0) AS tweets_misled, coalesce(day.misled, 0) AS days_misled
FROM version FULL JOIN tweet USING (user_id) FULL JOIN day USING (user_id)
"""
"""One row per account: its versions in ``dim_user``, and the facts that are led to them."""

METRICS = """
WITH partition AS (
    SELECT c.oid AS part, pg_get_expr(c.relpartbound, c.oid) AS bounds
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'fact_tweet_metrics'::regclass
), placed AS (
    SELECT m.tableoid AS part, observed_on AS day, count(*) AS rows,
        count(*) FILTER (WHERE t.tweet_id IS NULL AND m.status = 'visible'
            AND observed_at < (SELECT settled FROM span)) AS without_tweet
    FROM fact_tweet_metrics m LEFT JOIN fact_tweet t USING (tweet_id) GROUP BY 1, 2
), stored AS (
    SELECT day, sum(without_tweet) AS without_tweet,
        coalesce(sum(rows) FILTER (WHERE bounds IS DISTINCT FROM format(
            'FOR VALUES FROM (%L) TO (%L)',
            date_trunc('month', day::timestamp)::timestamptz,
            (date_trunc('month', day::timestamp) + interval '1 month')::timestamptz
        )), 0) AS rows_misplaced
    FROM placed LEFT JOIN partition USING (part) GROUP BY day
), course AS (
    SELECT observed_on AS day,
        like_count < lag(like_count) OVER past AS likes_fell,
        impression_count < lag(impression_count) OVER past AS views_fell
    FROM fact_tweet_metrics
    WHERE status = 'visible' AND tweet_id IN (
        SELECT tweet_id FROM fact_tweet_metrics WHERE observed_at >= (SELECT since FROM span))
    WINDOW past AS (PARTITION BY tweet_id ORDER BY observed_at)
), fallen AS (
    SELECT day, count(*) FILTER (WHERE views_fell) AS views_fell,
        CASE WHEN count(likes_fell) >= 20
            THEN (count(*) FILTER (WHERE likes_fell))::float / count(likes_fell)
        END AS likes_fell_share
    FROM course WHERE day >= (SELECT since::date FROM span) GROUP BY day
)
SELECT day::text AS what, without_tweet, rows_misplaced, views_fell, likes_fell_share
FROM stored LEFT JOIN fallen USING (day)
"""
"""One row per day of observation: counts without their tweet, in another month, and that fell."""

FRESHNESS = """
WITH lake AS (
    SELECT dataset, max(interval_end) AS lake_until FROM lake_object WHERE is_settled GROUP BY 1
), loaded AS (
    SELECT dataset, max(interval_end) AS loaded_until FROM load_object
    WHERE state = 'loaded' GROUP BY 1
)
SELECT dataset AS what, loaded_until,
    round(greatest(0, extract(epoch FROM lake_until - loaded_until)) / 3600, 1) AS hours_behind
FROM lake LEFT JOIN loaded USING (dataset)
"""
"""One row per dataset that the lake has: how far its newest loaded object is behind."""

VOLUME = """
WITH bounds AS (
    SELECT until::date AS today, until::date - 2 AS since, until::date - 2 - 28 AS first FROM span
), daily AS (
    SELECT account, created_on AS day, count(*) AS posts FROM fact_tweet
    WHERE created_at >= (SELECT first FROM bounds) AND created_at < (SELECT today FROM bounds)
    GROUP BY 1, 2
), calendar AS (
    SELECT known.account, date_key AS day, coalesce(daily.posts, 0) AS posts
    FROM (SELECT account, min(day) AS begin FROM daily GROUP BY 1) known
    JOIN dim_date ON date_key >= begin AND date_key < (SELECT today FROM bounds)
    LEFT JOIN daily ON daily.account = known.account AND daily.day = date_key
)
SELECT now.account || ' ' || now.day AS what, now.posts,
    CASE WHEN count(past.day) >= 14
        THEN floor(percentile_cont(0.05) WITHIN GROUP (ORDER BY past.posts) / 3) END AS least,
    CASE WHEN count(past.day) >= 14
        THEN ceil(percentile_cont(0.95) WITHIN GROUP (ORDER BY past.posts) * 3) + 5 END AS most
FROM calendar now
LEFT JOIN calendar past ON past.account = now.account
    AND past.day >= now.day - 28 AND past.day < now.day
WHERE now.day >= (SELECT since FROM bounds)
GROUP BY now.account, now.day, now.posts
"""
"""One row per account and each of the last two whole days: its posts, and what its 28 days before
make likely. Two, so that a check that did not run is made up for; more would tell a burst for long.
"""

RELATIONS: Mapping[str, str] = {
    "lake": LAKE,
    "profiles": PROFILES,
    "metrics": METRICS,
    "freshness": FRESHNESS,
    "volume": VOLUME,
}
"""By the name of the check: its suite is ``expectations/warehouse_<name>.json``."""
