"""The steps of an ingesting DAG: each opens its connections and calls the business below it.

DAG files name the steps; a step takes and returns small dicts, never rows.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import get_current_context
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowSkipException

from include import fetch as fetching
from include import run as running
from include.assets import curated
from include.connections import load_accounts, load_settings, open_lake, open_x_api
from include.context import airflow_url, current_interval, current_run
from include.datasets import dataset_named
from include.errors import BadConfiguration, RunFailedError
from include.failures import Failures
from include.gaps import fillable
from include.lake import Lake, run_report_key
from include.raw import RawBatch
from include.report import RunReport
from include.run import Batch
from include.source import Fetch, Planning
from include.spending import usage
from include.spending.ledger import run_name
from include.spending.purse import Purse
from include.x_api.errors import XError

log = logging.getLogger(__name__)


def plan(dataset: str) -> list[dict[str, Any]]:
    """One fetch per account, after everything that can be known to be wrong was looked at."""
    from include.notify.channels import check

    interval = current_interval()
    settings, accounts = load_settings(), load_accounts()
    target = dataset_named(dataset)
    target.quality()  # a bad suite is said before anything is spent
    check(settings)
    _check_map_length(sum(account.enabled for account in accounts))
    lake, api = open_lake(settings), open_x_api(settings)
    lake.check()
    fetching.wait_until_readable(interval)
    run = run_name(dataset, interval)
    now = usage.ask_x(lake, api, run)
    purse = Purse(lake, settings, run, now)
    running.give_back(lake, dataset, interval, purse)
    try:
        fetches = target.source.plan(Planning(lake, api, accounts, interval, settings, now, purse))
    except BaseException:  # a timeout among them
        # No task comes after it that would settle.
        running.give_back(lake, dataset, interval, purse)
        raise
    # Every mapped task asks Airflow for the whole list.
    return [fetch.model_dump(mode="json", exclude_defaults=True) for fetch in fetches]


def extract(dataset: str, fetch: dict[str, Any]) -> dict[str, Any]:
    """Store one account's pages; returns counts."""
    interval, settings = current_interval(), load_settings()
    planned = Fetch.model_validate(fetch)
    lake = open_lake(settings)
    fetched = fetching.extract(
        RawBatch(lake, dataset, interval, planned.account),
        dataset_named(dataset).source,
        open_x_api(settings),
        planned,
        page_size=settings.page_size,
        purse=running.purse_of(lake, settings, dataset, interval, [planned]),
    )
    log.info("%s: %s, %d posts", fetched.account, fetched.outcome, fetched.posts_returned)
    return {"outcome": fetched.outcome, "posts": fetched.posts_returned}


def batches(dataset: str, fetches: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Accounts whose pages are complete, divided among the validation tasks."""
    settings = load_settings()
    divided = running.batches(
        open_lake(settings), dataset, current_interval(), _planned(fetches), settings
    )
    return [batch.model_dump(mode="json") for batch in divided]


def validate(dataset: str, batch: dict[str, Any]) -> dict[str, Any]:
    """Validate each account of one batch; returns counts."""
    from include.validation import validate_batch

    interval, settings = current_interval(), load_settings()
    lake, target = open_lake(settings), dataset_named(dataset)
    quality = target.quality()
    counts = {"curated": 0, "quarantined": 0, "duplicates": 0}
    failures = Failures()
    for account, volume in Batch.model_validate(batch).volumes.items():
        # The accounts after one that fails land all the same; the task fails in the end.
        with failures.kept(f"validating {account}"):
            done = validate_batch(
                lake,
                target,
                quality,
                interval=interval,
                account=account,
                volume=volume,
                csv=settings.csv,
            )
            log.info(
                "%s: %s, %d curated, %d quarantined",
                account,
                done.outcome,
                done.curated,
                done.quarantined,
            )
            counts = {name: count + getattr(done, name) for name, count in counts.items()}
    failures.tell()
    return counts


def report(dataset: str, fetches: list[dict[str, Any]] | None) -> str:
    """Store the run's report and name it in the asset's event; returns its key."""
    settings = load_settings()
    lake, interval = open_lake(settings), current_interval()
    run = running.report(
        lake, dataset, interval, _planned(fetches), settings, airflow_run=current_run()
    )
    key = run_report_key(dataset, interval)
    rows = sum(account.curated for account in run.accounts)
    event = get_current_context()["outlet_events"][curated(dataset)]
    event.extra = {"interval": interval.name, "report": key, "curated": rows}
    return key


def publish_data_docs(report_key: str) -> str:
    """Publish this run's pages; returns the key of its own."""
    from include.data_docs.site import publish

    lake = open_lake(load_settings())
    while True:
        told = _stored_report(lake, report_key)
        page = publish(lake, told, airflow_url=airflow_url())
        if _stored_report(lake, report_key) == told:
            return page
        # Somebody has decided about one of its accounts, whose pages are told of anew.


def notify(report_key: str | None) -> str | None:
    """Send the digest if somebody has to look; returns its subject."""
    from include.notify.digest import tell_digest

    if report_key is None:
        raise AirflowSkipException("there is no report to tell of")
    settings = load_settings()
    lake = open_lake(settings)
    message = tell_digest(lake, settings, _stored_report(lake, report_key), datetime.now(UTC))
    if message is None:
        log.info("nothing new to tell")
        return None
    return str(message["subject"])


def reconcile(report_key: str | None) -> None:
    """Fail the run where a task failed, or the lake lacks what the report promises.

    Where an earlier failure was told, and nothing failed, that is told as well.
    """
    from include.notify.green import tell_green

    context = get_current_context()
    run_id = context["dag_run"].run_id
    states = context["ti"].get_task_states(dag_id=context["dag"].dag_id, run_ids=[run_id])
    failed = sorted(
        name
        for name, state in states.get(run_id, {}).items()
        if state in {"failed", "upstream_failed"}
    )
    if report_key is not None:
        lake = open_lake(load_settings())
        running.reconcile(lake, _stored_report(lake, report_key))
    if failed or report_key is None:
        raise RunFailedError(f"tasks failed: {', '.join(failed)}; see their logs")
    settings = load_settings()
    tell_green(
        open_lake(settings),
        settings,
        context["dag"].dag_id,
        current_interval(),
        now=datetime.now(UTC),
        airflow_url=_airflow_url(),
    )


def find_gaps(dataset: str) -> list[str]:
    """Logical dates of runs that fill what is missing of the look-back, oldest first.

    A date lies some seconds after the interval that it is for: the scheduler's own runs are dated
    by an interval's start, and a second attempt at the same interval needs a date of its own.
    """
    settings = load_settings()
    lake = open_lake(settings)
    try:
        now = usage.x_clock(open_x_api(settings))
    except XError as error:
        # The next run of the dataset fails of it, and tells.
        log.warning("Nothing is filled while X can't be asked: %s", error)
        return []
    look_back = timedelta(days=settings.look_back_days)
    found = []
    for interval in fillable(lake, dataset, load_accounts(), now, look_back):
        purse = Purse(lake, settings, run_name(dataset, interval), now)
        if purse.has_room(fetching.LEAST_POSTS):
            log.info("%s over %s is to be run again", dataset, interval)
            found.append(interval)
        else:
            log.warning("%s is not filled; %s", interval, purse.explain())
    return [
        (
            interval.end + timedelta(seconds=1 + (now - interval.end) // timedelta(hours=1))
        ).isoformat()
        for interval in found
    ]


def watch() -> list[str]:
    """Tell of datasets that are late, or back; returns those that are late."""
    from include.notify.late import tell_late

    settings = load_settings()
    return tell_late(
        open_lake(settings),
        settings,
        occasion=str(get_current_context()["run_id"]),
        now=datetime.now(UTC),
        airflow_url=_airflow_url(),
    )


def _airflow_url() -> str:
    return airflow_url() or "http://localhost:8080"  # Airflow's own default


def _check_map_length(accounts: int) -> None:
    most = conf.getint("core", "max_map_length")
    if accounts > most:
        raise BadConfiguration(
            f"{accounts} accounts are enabled, but Airflow maps at most {most} tasks; set "
            f"AIRFLOW__CORE__MAX_MAP_LENGTH to at least {accounts}"
        )


def _planned(fetches: list[dict[str, Any]] | None) -> list[Fetch]:
    if fetches is None:
        raise AirflowSkipException("nothing was planned")
    return [Fetch.model_validate(fetch) for fetch in fetches]


def _stored_report(lake: Lake, key: str) -> RunReport:
    return RunReport.model_validate(lake.get_json(key))
