"""One run seen as a whole: dividing validation, gathering the report, finding what is missing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from include.errors import RunFailedError, RunIncompleteError
from include.interval import Interval
from include.lake import Lake, account_report_key, day_prefix, run_report_key
from include.lookup import lookup_prefix
from include.outcomes import Outcome
from include.raw import Fetched, RawBatch, fetched_key
from include.report import AccountReport, RunReport
from include.settings import Settings
from include.source import Fetch
from include.x_api.answer import read_answer

LEAST_HISTORY = 12
"""Runs that an account must have had before its volume is compared with them."""
VOLUME_FACTOR = 3
"""How far outside its recent range a volume may lie."""
UNLIKELY_VOLUME = 1_000_000
REQUESTS_AT_ONCE = 8
"""Requests to S3 under way at once where a task needs one object of every account."""


class Batch(BaseModel):
    """What one validation task takes: accounts with the bounds of their expected volume."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    volumes: dict[str, tuple[int, int]]
    """Account → least and most posts that its recent past makes likely."""


def batches(
    lake: Lake, dataset: str, interval: Interval, fetches: Sequence[Fetch], settings: Settings
) -> list[Batch]:
    """Divide the accounts whose raw pages are complete among the validation tasks.

    Accounts are dealt out by size, so that the tasks take about the same time.
    """

    def size(fetch: Fetch) -> int | None:
        body = lake.find(fetched_key(dataset, interval, fetch.account))
        return None if body is None else Fetched.model_validate_json(body).posts_returned

    with ThreadPoolExecutor(max_workers=REQUESTS_AT_ONCE) as pool:
        found = zip(fetches, pool.map(size, fetches), strict=True)
        sizes = {fetch.account: posts for fetch, posts in found if posts is not None}
    history = _history(lake, dataset, interval, settings.history_days)
    dealt: list[list[str]] = [[] for _ in range(min(settings.validation_tasks, len(sizes)))]
    for place, account in enumerate(sorted(sizes, key=lambda a: (-sizes[a], a))):
        dealt[place % len(dealt)].append(account)
    return [
        Batch(
            label=accounts[0] if len(accounts) == 1 else f"{accounts[0]} +{len(accounts) - 1}",
            volumes={account: _likely_volume(history[account]) for account in accounts},
        )
        for accounts in dealt
    ]


def _history(lake: Lake, dataset: str, interval: Interval, days: int) -> dict[str, list[int]]:
    """Rows per account in the runs of the last ``days`` days before ``interval``."""
    keys = [
        key
        for age in range(days + 1)
        for key in lake.keys(
            f"{day_prefix('validations', dataset, interval.day - timedelta(days=age))}run/"
        )
        if Interval.parse(key.rpartition("/")[2].removesuffix(".json")).end <= interval.start
    ]
    history: dict[str, list[int]] = defaultdict(list)
    with ThreadPoolExecutor(max_workers=REQUESTS_AT_ONCE) as pool:
        for body in pool.map(lake.get, keys):
            for account in RunReport.model_validate_json(body).accounts:
                if account.outcome.tells_volume:
                    history[account.account].append(account.rows_in)
    return history


def _likely_volume(history: Sequence[int]) -> tuple[int, int]:
    if len(history) < LEAST_HISTORY:
        return 0, UNLIKELY_VOLUME
    return min(history) // VOLUME_FACTOR, max(history) * VOLUME_FACTOR + 10


def report(
    lake: Lake, dataset: str, interval: Interval, fetches: Sequence[Fetch], settings: Settings
) -> RunReport:
    """Gather what became of every planned account, and store it as the run's report."""
    # One listing for the day is cheaper than one for every account.
    stored = set(lake.keys(day_prefix("raw", dataset, interval.day)))
    with ThreadPoolExecutor(max_workers=REQUESTS_AT_ONCE) as pool:
        accounts = list(
            pool.map(
                lambda fetch: _account_report(
                    lake,
                    dataset,
                    interval,
                    fetch,
                    is_complete=fetched_key(dataset, interval, fetch.account) in stored,
                ),
                sorted(fetches, key=lambda fetch: fetch.account),
            )
        )
    looked_up = _users_looked_up(lake, interval)
    posts = sum(account.posts_returned for account in accounts)
    users = looked_up + sum(account.users_returned for account in accounts)
    run = RunReport(
        dataset=dataset,
        interval=interval.name,
        accounts=accounts,
        users_looked_up=looked_up,
        cost_usd=round(posts * settings.post_read_usd + users * settings.user_read_usd, 4),
    )
    lake.put_json(run_report_key(dataset, interval), run.model_dump(mode="json"))
    return run


def _account_report(
    lake: Lake, dataset: str, interval: Interval, fetch: Fetch, *, is_complete: bool
) -> AccountReport:
    body = lake.find(account_report_key(dataset, interval, fetch.account)) if is_complete else None
    if body is not None:
        return AccountReport.model_validate_json(body)
    raw = RawBatch(lake, dataset, interval, fetch.account)
    fetched = raw.fetched()
    if fetched is None:
        return AccountReport(
            account=fetch.account,
            outcome=Outcome.FAILED,
            detail=raw.failure() or "The fetch did not finish: see the log of task 'extract'.",
        )
    return AccountReport(
        account=fetch.account,
        outcome=Outcome.FAILED,
        detail="Its pages are in raw/ but were not validated: see the log of task 'validate'.",
        posts_returned=fetched.posts_returned,
        users_returned=fetched.users_returned,
        requests=fetched.requests,
    )


def _users_looked_up(lake: Lake, interval: Interval) -> int:
    return sum(
        len(read_answer(lake.get_page(key)).get("data", []))
        for key in lake.keys(lookup_prefix(interval))
    )


def reconcile(lake: Lake, run: RunReport) -> None:
    """Compare the run's report with what lies in the lake.

    Raises:
        RunIncompleteError: names every object that the report promises and the lake lacks.
        RunFailedError: names every account that failed.
    """
    promised = {key: account.account for account in run.accounts for key in account.keys}
    # One listing for a day's partition and zone is cheaper than a request for every object.
    folders = {re.split(r"account=|[^/]+$", key, maxsplit=1)[0] for key in promised}
    there = {key for folder in folders for key in lake.keys(folder)}
    missing = [
        f"{account}: s3://{lake.bucket}/{key} is not there"
        for key, account in promised.items()
        if key not in there
    ]
    if missing:
        raise RunIncompleteError(
            f"{len(missing)} objects of {run.dataset} {run.interval} are missing; clear "
            "'validate' and what follows it to make them anew:\n" + "\n".join(missing)
        )
    failed = [
        f"{account.account}: {account.detail}"
        for account in run.accounts
        if account.outcome is Outcome.FAILED
    ]
    if failed:
        raise RunFailedError(
            f"{len(failed)} accounts of {run.dataset} {run.interval} failed; what landed stays, "
            "clear their failed tasks to get the rest:\n" + "\n".join(failed)
        )
