"""What is done all the same where Glue refuses, or something is damaged."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime

import pytest

from include.catalogue.glue import Glue
from include.catalogue.manifest import read_manifest
from include.compaction import steps
from include.compaction.compact import compact, purge
from include.connections import load_settings, open_glue, open_lake
from include.errors import GlueUnavailable
from include.quarantine.items import ItemsUnreadable, items_key
from tests.include.landed_rows import interval, land, row

DAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 5, 2, 30, tzinfo=UTC)


@pytest.fixture
def settings(world, monkeypatch):
    told = (
        f'{{"bucket": "{world.bucket}", "alert_to": ["a@b"], "data_docs_url": "http://d", '
        '"glue_database": "of_steps"}'
    )
    for name, value in {**world.environment(), "AIRFLOW_VAR_TWEET_LAKE": told}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(steps, "current_interval", lambda: interval(6))
    return load_settings()


@pytest.fixture
def lake(settings):
    """With one post of one day."""
    lake = open_lake(settings)
    over = interval(0)
    land(lake, "tweets", over, "nasa", [row("tweets", 1, over, "nasa")])
    return lake


@pytest.fixture
def denied(monkeypatch):
    """Glue refuses everything until it is undone."""

    def refuse(glue, *_):
        raise GlueUnavailable(glue.database, "denied")

    for name in ("days", "keep"):
        monkeypatch.setattr(Glue, name, refuse)


def location(glue):
    (partition,) = glue.client.get_partitions(DatabaseName="of_steps", TableName="tweets")[
        "Partitions"
    ]
    return partition["StorageDescriptor"]["Location"]


def test_days_are_compacted_while_glue_refuses(lake, settings, denied):
    with pytest.raises(ExceptionGroup, match=r"2 failures:\n.*'of_steps': denied"):
        steps.compact("tweets")
    assert read_manifest(lake, "tweets", DAY) is not None


def test_a_forgotten_day_is_shown_though_glue_refused_it_when_it_was_compacted(
    lake, settings, monkeypatch
):
    glue = open_glue(settings)
    compact(lake, "tweets", DAY, NOW)
    glue.keep(lake, "tweets")
    purge(lake, "tweets", DAY)
    compact(lake, "tweets", DAY, NOW)  # and the worker died, or Glue refused
    steps.compact_forgotten(settings)
    assert location(glue).endswith(read_manifest(lake, "tweets", DAY).prefix)


def test_rules_are_written_though_a_list_of_the_quarantine_is_damaged(lake, monkeypatch):
    told = json.loads(os.environ["AIRFLOW_VAR_TWEET_LAKE"]) | {"quarantine_days": 90}
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps(told))
    lake.put(items_key("tweets", "2025-01"), b"[]")
    with pytest.raises(ItemsUnreadable):
        steps.apply_retention()
    rules = lake.client.get_bucket_lifecycle_configuration(Bucket=lake.bucket)["Rules"]
    assert "quarantine/tweets/" in {rule["Filter"]["Prefix"] for rule in rules}
