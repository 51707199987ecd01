"""One DAG run without Airflow: its own steps, one after the other, in this process."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from include.interval import Interval
from include.lake import Lake
from include.report import AirflowRun

SETTINGS = {
    "bucket": "tweet-lake",
    "alert_to": ["data-team@example.org"],
    "data_docs_url": "http://docs.example.org",
}
"""Those without a default."""


class Remembered:
    """What the steps of one run returned, as Airflow keeps it: a step that is done is done.

    Args:
        folder: where to keep it; None forgets it, so that every step is done again.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def result(self, name: str, step: Callable[..., Any], *arguments: Any) -> Any:
        """What the step returned, once it has ended well; else it runs now."""
        if self._folder is None:
            return step(*arguments)
        kept = self._folder / f"{name}.json"
        if not kept.exists():
            made = kept.with_suffix(".part")
            made.write_text(json.dumps(step(*arguments)), encoding="utf-8")
            made.rename(kept)
        return json.loads(kept.read_text(encoding="utf-8"))


def variables(accounts: Iterable[str], **settings: object) -> dict[str, str]:
    """Airflow's Variables as environment variables."""
    return {
        "AIRFLOW_VAR_TWEET_LAKE": json.dumps({**SETTINGS, **settings}),
        "AIRFLOW_VAR_X_ACCOUNTS": json.dumps([{"username": name} for name in accounts]),
    }


def run(dataset: str, interval: Interval, lake: Lake, remembered: Remembered) -> str:
    """From plan to Data Docs, in the order of ``include/ingest_dag.py``; the report's key.

    Nobody is told: the mail and the last look at the run's tasks are left out. Settings, accounts
    and the way to X come from the environment.
    """
    from include import steps

    done = remembered.result
    with _acted_airflow(lake, interval):
        fetches = done("plan", steps.plan, dataset)
        for fetch in fetches:
            done(f"extract-{fetch['account']}", steps.extract, dataset, fetch)
        for number, batch in enumerate(done("batches", steps.batches, dataset, fetches)):
            done(f"validate-{number}", steps.validate, dataset, batch)
        key = str(done("report", steps.report, dataset, fetches))
        done("publish", steps.publish_data_docs, key)
    return key


@contextmanager
def _acted_airflow(lake: Lake, interval: Interval) -> Iterator[None]:
    """Let the steps find what Airflow would tell them."""
    context = {"outlet_events": defaultdict(SimpleNamespace)}
    run = AirflowRun(dag_id="plain_run", run_id=interval.name)
    with mock.patch.multiple(
        "include.steps",
        open_lake=lambda _settings: lake,
        current_interval=lambda: interval,
        current_run=lambda: run,
        get_current_context=lambda: context,
    ):
        yield
