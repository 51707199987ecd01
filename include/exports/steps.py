"""The step of the DAG ``export_warehouse``."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import get_current_context

log = logging.getLogger(__name__)


def carry_out() -> dict[str, Any]:
    """Export what the form asks for.

    Returns:
        Where it is, its rows, bytes and checksum.
    """
    # The DAG processor reads this file, and needs no database for it.
    from include.exports.buckets import open_bucket
    from include.exports.destination import parse_destination
    from include.exports.export import export
    from include.exports.manifest import IN_A_LINE
    from include.exports.order import parse_order

    asked = get_current_context()["params"]
    order = parse_order(
        asked["relation"],
        columns=asked["columns"] or (),
        account=asked["account"],
        since=asked["since"],
        until=asked["until"],
        format_name=asked["format"],
    )
    destination = parse_destination(asked["to"], order, open_bucket)
    made = export(order, destination, at=datetime.now(UTC))
    log.info("%s: %s rows of %s. %s", destination.place, f"{made.rows:,}", order, IN_A_LINE)
    return {"place": destination.place, **made.model_dump(include={"rows", "bytes", "sha256"})}
