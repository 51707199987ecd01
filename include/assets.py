"""The data products that other DAGs can be scheduled on."""

from __future__ import annotations

from airflow.sdk import Asset

CURATED_TWEETS = Asset("curated_tweets")
"""A run over ``curated/tweets/`` is reported. An event's extra names the ``interval``, the key of
the run's ``report``, which lists every object, and how many rows were ``curated``: maybe none."""
