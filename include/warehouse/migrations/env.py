"""Alembic's environment: the connection comes from ``include.warehouse.migrate``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from alembic import context

from include.warehouse.models import Base


def _is_in_the_models(name: str | None, kind: str, _: Mapping[Any, str | None]) -> bool:
    """Everything, but partitions, which ``ensure_metrics_partition`` makes."""
    return kind != "table" or re.fullmatch(r"fact_tweet_metrics_\d{4}_\d{2}", name or "") is None


connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, include_name=_is_in_the_models
)
with context.begin_transaction():
    context.run_migrations()
