"""One run seen as a whole: dividing validation, gathering the report, finding what is missing."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict

from include import drift
from include.data_docs.words import count_of, interval_in_words
from include.datasets import dataset_named
from include.errors import RunFailedError, RunIncompleteError
from include.fetch import spent_by_day
from include.gaps import missed_before
from include.interval import Interval
from include.lake import (
    ALL_ACCOUNTS,
    Lake,
    account_report_key,
    at_once,
    day_prefix,
    json_bytes,
    run_report_key,
)
from include.lookup import spent_on_lookups
from include.outcomes import Outcome
from include.quarantine import items
from include.raw import Fetched, RawBatch, fetched_key, partial_key
from include.report import AccountReport, AirflowRun, RunReport, reported_runs
from include.settings import Settings
from include.source import Fetch
from include.spending import usage
from include.spending.ledger import run_name
from include.spending.purse import Purse, Spent

LEAST_HISTORY = 12
"""Runs that an account must have had before its volume is compared with them."""
VOLUME_FACTOR = 3
"""How far outside its recent range a volume may lie."""
UNLIKELY_VOLUME = 1_000_000


class Batch(BaseModel):
    """What one validation task takes: accounts with the bounds of their expected volume."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    volumes: dict[str, tuple[int, int]]
    """Account → least and most posts that its recent past makes likely."""


def batches(
    lake: Lake, dataset: str, interval: Interval, fetches: Sequence[Fetch], settings: Settings
) -> list[Batch]:
    """Divide the accounts that were fetched among the validation tasks, and settle the cost.

    Accounts are dealt out by size, so that the tasks take about the same time.
    """

    def fetched(fetch: Fetch) -> Fetched | None:
        for key in (fetched_key, partial_key):
            body = lake.find(key(dataset, interval, fetch.account))
            if body is not None:
                return Fetched.model_validate_json(body)
        return None

    found = at_once(fetched, fetches)
    complete = {done.account: done for done in found if done is not None and not done.partial}
    purse = purse_of(lake, settings, dataset, interval, fetches)
    purse.settle(_spent(lake, dataset, interval, complete))
    sizes = {done.account: done.posts_returned for done in found if done is not None}
    volumes = likely_volumes(lake, dataset, interval, settings)
    dealt: list[list[str]] = [[] for _ in range(min(settings.validation_tasks, len(sizes)))]
    for place, account in enumerate(sorted(sizes, key=lambda a: (-sizes[a], a))):
        dealt[place % len(dealt)].append(account)
    return [
        Batch(
            label=accounts[0] if len(accounts) == 1 else f"{accounts[0]} +{len(accounts) - 1}",
            volumes={account: volumes[account] for account in accounts},
        )
        for accounts in dealt
    ]


def likely_volumes(
    lake: Lake, dataset: str, interval: Interval, settings: Settings
) -> Mapping[str, tuple[int, int]]:
    """Least and most rows of any account that its recent past makes likely."""
    history = _history(lake, dataset, interval, settings.history_days)
    known = {account: _likely_volume(volumes) for account, volumes in history.items()}
    return defaultdict(lambda: _likely_volume([]), known)


def give_back(lake: Lake, dataset: str, interval: Interval, purse: Purse) -> None:
    """Let the run begin anew: of what it had set aside stays what X has returned for it."""
    if purse.has_reserved():
        purse.settle(_spent(lake, dataset, interval, {}))
    purse.release()


def _spent(
    lake: Lake, dataset: str, interval: Interval, complete: Mapping[str, Fetched]
) -> dict[date, Spent]:
    """All that X ever returned to the run, for accounts that are not planned any more as well."""
    kind = dataset_named(dataset).source.kind

    def spent(account: str) -> Mapping[date, Spent]:
        if account in complete:
            return complete[account].days
        raw = RawBatch(lake, dataset, interval, account)
        done = raw.fetched()
        # Of a partial one, a later attempt may have stored more before it failed.
        if done is not None and (not done.partial or done.pages == len(raw.page_keys)):
            return done.days
        return spent_by_day(raw, raw.pages(), kind)

    days: dict[date, Spent] = defaultdict(Spent)
    if kind == "posts":
        days.update(spent_on_lookups(lake, interval))
    for account_days in at_once(spent, _stored_accounts(lake, dataset, interval)):
        for day, part in account_days.items():
            days[day] += part
    return days


def _stored_accounts(lake: Lake, dataset: str, interval: Interval) -> list[str]:
    """Accounts of which the runs of the day have stored anything."""
    folders = lake.folders(day_prefix("raw", dataset, interval.day))
    names = (folder.rstrip("/").rpartition("/")[2].partition("account=") for folder in folders)
    return sorted({account or ALL_ACCOUNTS for _, _, account in names})


def purse_of(
    lake: Lake,
    settings: Settings,
    dataset: str,
    interval: Interval,
    fetches: Sequence[Fetch],
) -> Purse:
    """The budget as the run saw it when it planned the fetches."""
    now = fetches[0].planned_at if fetches else interval.end
    return Purse(lake, settings, run_name(dataset, interval), now)


def _history(lake: Lake, dataset: str, interval: Interval, days: int) -> dict[str, list[int]]:
    """Rows per account in the runs of the last ``days`` days before ``interval``."""
    runs = reported_runs(lake, dataset, interval.day, days)
    keys = [key for run, key in runs.items() if run.end <= interval.start]
    history: dict[str, list[int]] = defaultdict(list)
    for body in at_once(lake.get, keys):
        for account in RunReport.model_validate_json(body).accounts:
            if account.outcome.tells_volume:
                history[account.account].append(account.rows_in)
    return history


def _likely_volume(history: Sequence[int]) -> tuple[int, int]:
    if len(history) < LEAST_HISTORY:
        return 0, UNLIKELY_VOLUME
    return min(history) // VOLUME_FACTOR, max(history) * VOLUME_FACTOR + 10


def report(
    lake: Lake,
    dataset: str,
    interval: Interval,
    fetches: Sequence[Fetch],
    settings: Settings,
    *,
    airflow_run: AirflowRun | None = None,
) -> RunReport:
    """Gather what became of every planned account, and store it as the run's report.

    Where the run was run before, somebody may decide about an account of it meanwhile: whoever
    writes the report last has read what the other did.
    """
    key = run_report_key(dataset, interval)

    def gathered(_: bytes | None) -> bytes:
        run = _gathered(lake, dataset, interval, fetches, settings)
        run = run.model_copy(update={"airflow_run": airflow_run})
        return json_bytes(run.model_dump(mode="json"))

    while True:
        run = RunReport.model_validate_json(lake.update(key, gathered))
        items.record(lake, dataset, interval, run.accounts)
        if RunReport.model_validate_json(lake.get(key)).accounts == run.accounts:
            return run


def _gathered(
    lake: Lake,
    dataset: str,
    interval: Interval,
    fetches: Sequence[Fetch],
    settings: Settings,
) -> RunReport:
    # One listing for the day is cheaper than one for every account.
    stored = set(lake.keys(day_prefix("raw", dataset, interval.day)))
    purse = purse_of(lake, settings, dataset, interval, fetches)
    accounts = at_once(
        lambda fetch: _account_report(
            lake,
            dataset,
            interval,
            fetch,
            is_fetched=any(
                key(dataset, interval, fetch.account) in stored
                for key in (fetched_key, partial_key)
            ),
        ),
        sorted(fetches, key=lambda fetch: fetch.account),
    )
    name = run_name(dataset, interval)
    return RunReport(
        dataset=dataset,
        interval=interval.name,
        accounts=accounts,
        bill=purse.bill(),
        remarks=[
            *_missed(lake, dataset, interval, settings),
            *usage.remarks(lake, name, purse.today),
            *drift.remarks(lake, name, _unknown_fields(accounts)),
        ],
    )


def _unknown_fields(accounts: Sequence[AccountReport]) -> Counter[str]:
    return sum((Counter(account.unknown_fields) for account in accounts), Counter())


def _missed(lake: Lake, dataset: str, interval: Interval, settings: Settings) -> list[str]:
    """What the run has to say of the time before it."""
    look_back = timedelta(days=settings.look_back_days)
    missed = missed_before(lake, dataset, interval, look_back)
    if missed is None:
        return []
    stays = dataset_named(dataset).source.of_all_accounts
    rest = (
        "It stays a gap: X shows these things as they are now."
        if stays
        else "The DAG fill_gaps makes up for it, as far as the budget goes."
    )
    return [f"Nothing was run over {interval_in_words(missed)}. {rest}"]


def _account_report(
    lake: Lake, dataset: str, interval: Interval, fetch: Fetch, *, is_fetched: bool
) -> AccountReport:
    body = lake.find(account_report_key(dataset, interval, fetch.account)) if is_fetched else None
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
        unknown_fields=fetched.unknown_fields,
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
            f"{count_of(len(failed), 'account')} of {run.dataset} {run.interval} failed; what "
            "landed stays, clear what failed to get the rest:\n" + "\n".join(failed)
        )
