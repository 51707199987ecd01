"""Publishing Data Docs after one run, in a lake with few old results and in one with many."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from benchmarks.feed import put_batch
from benchmarks.local_s3 import s3
from benchmarks.measure import in_turns
from benchmarks.tweets import DATASET, PAGE_POSTS
from include.data_docs import page_key
from include.data_docs.site import publish
from include.datasets import dataset_named
from include.interval import Interval
from include.lake import Lake, account_prefix
from include.report import AccountReport, RunReport
from include.run import UNLIKELY_VOLUME
from include.spending.purse import Bill
from include.validation import validate_batch

ACCOUNTS = 30
OLD_RESULTS = (30, 3_000)
PUBLISHED = Interval(datetime(2026, 11, 28, 8, tzinfo=UTC), datetime(2026, 11, 28, 12, tzinfo=UTC))
"""Late in its month, so that most old runs are on the page of the same month."""
HOURS = timedelta(hours=4)


def measure(
    runs: int, accounts: int = ACCOUNTS, old_results: tuple[int, int] = OLD_RESULTS
) -> dict[str, Any]:
    """Seconds with many old results divided by those with few; every run publishes the same."""
    print(f"docs: a run of {accounts} accounts")
    with s3() as client:
        subjects: dict[str, Callable[[], float]] = {}
        for results in old_results:
            lake = Lake(client, f"with-{results}-old-results")
            client.create_bucket(Bucket=lake.bucket)
            report = published_history(lake, accounts, results // accounts)
            subjects[f"{results} old results"] = partial(publish_once, lake, report)
        seconds = in_turns(runs, subjects)
    few, many = (median(found) for found in seconds.values())
    return {"docs_growth": many / few, "raw": {"seconds": seconds, "accounts": accounts}}


def publish_once(lake: Lake, report: RunReport) -> float:
    """Seconds that it takes to publish a run again."""
    began = time.perf_counter()
    publish(lake, report)
    return time.perf_counter() - began


def published_history(lake: Lake, accounts: int, old_runs: int) -> RunReport:
    """Fill the lake with results and pages of old runs; the report of the last."""
    results, reports = _validated(lake, accounts)
    for age in range(old_runs, -1, -1):
        interval = Interval(PUBLISHED.start - age * HOURS, PUBLISHED.end - age * HOURS)
        run = _run(lake, interval, results, reports)
        publish(lake, run)
    return run


def _validated(lake: Lake, accounts: int) -> tuple[list[bytes], list[AccountReport]]:
    """Results and reports of real batches, two posts of each bad."""
    dataset = dataset_named(DATASET)
    quality = dataset.quality()
    results, reports = [], []
    for number in range(accounts):
        account = f"docs_{number:04d}"
        put_batch(lake, PUBLISHED, account, PAGE_POSTS)
        report = validate_batch(
            lake,
            dataset,
            quality,
            interval=PUBLISHED,
            account=account,
            volume=(0, UNLIKELY_VOLUME),
            csv=False,
        )
        reports.append(report)
        (key,) = report.validation_keys
        results.append(lake.get(key))
    return results, reports


def _run(
    lake: Lake, interval: Interval, results: list[bytes], reports: list[AccountReport]
) -> RunReport:
    """A run over ``interval`` with the same results; they are put into the lake."""
    accounts = []
    for result, report in zip(results, reports, strict=True):
        prefix = account_prefix("validations", DATASET, interval.day, report.account)
        key = f"{prefix}{interval.name}.json"
        lake.put(key, result.replace(PUBLISHED.name.encode(), interval.name.encode()))
        keys = {"validation_keys": [key], "data_docs_keys": [page_key(key)]}
        accounts.append(report.model_copy(update=keys))
    return RunReport(
        dataset=DATASET,
        interval=interval.name,
        accounts=accounts,
        bill=Bill(),
    )
