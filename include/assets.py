"""The data products that other DAGs can be scheduled on."""

from __future__ import annotations

from airflow.sdk import Asset

CURATED_TWEETS = Asset("curated_tweets")
"""``curated/tweets/`` has new objects; an event's extra names the interval and the run's report,
which lists every key."""
