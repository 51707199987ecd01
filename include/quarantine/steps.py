"""The steps of the DAG ``review_quarantine``: they open connections and call what is beside them.

A step takes and returns keys and counts, never rows.
"""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import AssetAlias, get_current_context
from pydantic import JsonValue

from include.assets import curated
from include.connections import load_settings, open_lake
from include.context import airflow_url
from include.interval import Interval
from include.lake import run_report_key
from include.quarantine.plan import Plan
from include.quarantine.selection import parse_selection, select_open
from include.quarantine.verdicts import VERDICTS
from include.quarantine.words import plan_in_words

log = logging.getLogger(__name__)

ALL = "all"
"""What the form calls every dataset."""
REVIEWED = AssetAlias("reviewed")
"""Stands for the curated datasets that a decision changes: which these are, it knows in the end."""


def select() -> dict[str, str]:
    """Find what the form asks for and count what the decision would do.

    Returns:
        The key of the plan and, for the person who approves it, the counts in Markdown.
    """
    from include.quarantine.plan import make_plan  # Great Expectations is slow to import

    context = get_current_context()
    asked = dict(context["params"])
    verdict, why, ids = VERDICTS[asked.pop("decision")], asked.pop("why"), asked.pop("ids")
    if asked["dataset"] == ALL:
        asked["dataset"] = None
    selection = parse_selection(**asked)
    settings = load_settings()
    lake = open_lake(settings)
    lake.check()
    plan = make_plan(
        lake,
        settings,
        select_open(lake, selection),
        name=re.sub(r"[^\w.-]", "-", context["run_id"]),
        verdict=verdict,
        why=why,
        reason=selection.reason,
        ids=ids or (),
    )
    lake.put_json(plan.key, plan.model_dump(mode="json"))
    return {"key": plan.key, "counts": plan_in_words(plan)}


def decide(key: str, answer: dict[str, Any]) -> list[str]:
    """Carry out what was approved, in the name of who approved it; returns the items."""
    from include.quarantine.carry_out import carry_out

    settings = load_settings()
    lake = open_lake(settings)
    at = answer["responded_at"]
    carried = carry_out(
        lake,
        settings,
        Plan.model_validate(lake.get_json(key)),
        by=answer["responded_by_user"]["name"],
        at=datetime.fromtimestamp(at.timestamp(), UTC),
        airflow_url=airflow_url(),
    )
    events = get_current_context()["outlet_events"][REVIEWED]
    for dataset, interval in sorted({(item.dataset, item.interval) for item in carried.done}):
        extra: dict[str, JsonValue] = {
            "interval": interval,
            "report": run_report_key(dataset, Interval.parse(interval)),
            "curated": sum(
                item.curated
                for item in carried.done
                if (item.dataset, item.interval) == (dataset, interval)
            ),
        }
        events.add(curated(dataset), extra=extra)
    carried.check()
    return [item.name for item in carried.done]
