"""`make demo`: a run of each dataset in a world on this machine, and what came of it."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pyarrow.parquet as pq

from include.data_docs.keys import item_key, quarantine_key, run_page_key
from include.data_docs.words import count_of, interval_in_words
from include.interval import Interval
from include.lake import Lake, run_report_key
from include.lookup import known_key
from include.quarantine.pages import item_page, list_page
from include.quarantine.selection import Selection, select
from include.report import RunReport
from sandbox.airflow_home import REPOSITORY, AirflowHome
from sandbox.cast import demo_accounts
from sandbox.warehouse import Warehouse
from sandbox.world import World

DIRECTORY = REPOSITORY / ".local" / "demo"
DOCS_URL = "http://127.0.0.1:8090"
RUNS = {
    "users": Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)),
    "tweets": Interval(datetime(2026, 11, 2, 8, tzinfo=UTC), datetime(2026, 11, 2, 12, tzinfo=UTC)),
    "tweet_metrics": Interval(
        datetime(2026, 11, 2, 12, tzinfo=UTC), datetime(2026, 11, 2, 14, tzinfo=UTC)
    ),
}
"""What is run, in this order: each a minute after its interval."""
DELETED, HIDDEN = "harbour_news", "old_maps_daily"
"""Before counts are taken down, the one deletes its latest post, the other hides all of its own."""

_STARTED = re.compile(r"\[DAG TEST\] starting task_id=(\S+) map_index=(-?\d+)")


def main() -> int:
    """Run the demo; 0 only if every run succeeded and all that it promises is there."""
    began = time.monotonic()
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    DIRECTORY.mkdir(parents=True)
    with (
        World(DIRECTORY / "world", now=min(i.end for i in RUNS.values())) as world,
        Warehouse(DIRECTORY / "warehouse") as warehouse,
    ):
        lake = Lake(s3_client(world), world.bucket)
        # As an earlier run would have left it: X once showed the account that is deleted now.
        lake.put_json(
            known_key("former_gazette"),
            {"first_seen": "20261031T0800Z_20261031T1200Z", "user_id": "2014110867"},
        )
        connections = {**demo_environment(world), **warehouse.environment()}
        home = AirflowHome(DIRECTORY / "airflow", connections)
        home.environment["AIRFLOW__API__BASE_URL"] = ""  # there will be no UI to lead to
        say("world    X API, S3 and mail server on loopback, PostgreSQL beside them")
        say("airflow  creating its database")
        home.migrate()
        succeeded = True
        for dataset, interval in RUNS.items():
            world.travel(interval.end + timedelta(minutes=1))
            if dataset == "tweet_metrics":
                make_posts_disappear(world, lake)
            say(f"run      ingest_{dataset} over {interval_in_words(interval)}")
            succeeded &= run_dag(home, f"ingest_{dataset}", interval.end)
        say("run      load_warehouse")
        succeeded &= run_dag(home, "load_warehouse", interval.end)
        loaded = count_rows(warehouse)
        copy_lake(lake, DIRECTORY / "lake")
        keep_quarantine_pages(lake)
        mails = copy_mails(world)
        reports = {dataset: stored_report(lake, dataset) for dataset in RUNS}
    missing = [dataset for dataset, report in reports.items() if report is None]
    if missing:
        left = ", ".join(missing)
        say(f"No report was left by: {left}; {DIRECTORY / 'airflow.log'} says why.")
        return 1
    found = {dataset: report for dataset, report in reports.items() if report is not None}
    shutil.copytree(DIRECTORY / "lake" / "data-docs", DIRECTORY / "data-docs", dirs_exist_ok=True)
    summary = summarise(found, world.bucket, mails, loaded)
    (DIRECTORY / "summary.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    print_summary(found, summary, time.monotonic() - began)
    return 0 if succeeded and complete(summary) else 1


def make_posts_disappear(world: World, lake: Lake) -> None:
    """Let happen what happens to posts after they were collected."""
    prefix = f"curated/tweets/dt={RUNS['tweets'].day}/account={DELETED}/"
    posts = pq.read_table(io.BytesIO(lake.get(next(lake.keys(prefix)))), columns=["tweet_id"])
    world.fates.delete_post(max(posts["tweet_id"].to_pylist(), key=int))
    world.fates.protect(HIDDEN)


def demo_environment(world: World, **settings: object) -> dict[str, str]:
    """Connections to the world, the settings, and its accounts, as Airflow reads them."""
    all_settings = {
        "bucket": world.bucket,
        "alert_to": ["data-team@example.org"],
        "data_docs_url": DOCS_URL,
        "csv": True,
        **settings,
    }
    return {
        **world.environment(),
        "AIRFLOW_VAR_TWEET_LAKE": json.dumps(all_settings),
        "AIRFLOW_VAR_X_ACCOUNTS": json.dumps(demo_accounts()),
    }


def s3_client(world: World) -> Any:
    """A client of the world's S3."""
    return boto3.client(
        "s3",
        endpoint_url=world.s3_url,
        aws_access_key_id="test",  # not the runs' login: who records their calls tells them apart
        aws_secret_access_key="test",  # noqa: S106 - the stand-in's, not a secret
        region_name="us-east-1",
    )


def run_dag(home: AirflowHome, dag_id: str, logical_date: datetime) -> bool:
    """Run a DAG in one process, saying each task as it starts; whether it succeeded."""
    with (
        home.start_command("dags", "test", dag_id, logical_date.isoformat()) as process,
        (DIRECTORY / "airflow.log").open("a", encoding="utf-8") as log,
    ):
        assert process.stdout is not None  # noqa: S101 - it was opened as a pipe
        last = ""
        for line in process.stdout:
            log.write(line)
            started = _STARTED.search(line)
            if started is None:
                continue
            task = started[1]
            if task == last:
                sys.stdout.write(".")
            else:
                sys.stdout.write(f"{' ' if last else '         '}{task}")
            sys.stdout.flush()
            last = task
        say("")
    return process.returncode == 0


def copy_lake(lake: Lake, target: Path) -> None:
    """Copy every object to a file of the same name."""
    for key in lake.keys(""):
        path = target / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lake.get(key))


def keep_quarantine_pages(lake: Lake) -> None:
    """Keep as files the pages that are made when somebody asks for them."""
    pages = {quarantine_key(): list_page(lake)}
    for item in select(lake, Selection()):
        pages[item_key(item.dataset, Interval.parse(item.interval), item.account)] = item_page(
            lake, item
        )
    for key, page in pages.items():
        path = DIRECTORY / key / "index.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page)


def copy_mails(world: World) -> list[Path]:
    """Copy the mails beside the lake."""
    (DIRECTORY / "mail").mkdir()
    sources = sorted(world.smtp.folder.glob("*.eml"))
    return [Path(shutil.copy(source, DIRECTORY / "mail")) for source in sources]


def stored_report(lake: Lake, dataset: str) -> RunReport | None:
    """A run's report; None if it left none."""
    body = lake.find(run_report_key(dataset, RUNS[dataset]))
    return None if body is None else RunReport.model_validate_json(body)


def count_rows(warehouse: Warehouse) -> dict[str, int]:
    """How many rows the warehouse has of what a person asks for first."""
    tables = {
        "posts": "fact_tweet",
        "hashtags": "dim_hashtag",
        "accounts": "dim_user WHERE is_current",
        "observations": "fact_tweet_metrics",
    }
    with psycopg.connect(warehouse.url) as connection:
        return {
            name: sum(number for (number,) in connection.execute(f"SELECT count(*) FROM {table}"))  # noqa: S608 - names of ours
            for name, table in tables.items()
        }


def summarise(
    reports: dict[str, RunReport], bucket: str, mails: list[Path], warehouse: dict[str, int]
) -> dict[str, Any]:
    """The figures of `summary.json`; paths are relative to the repository."""
    accounts = [
        {
            "username": account.account,
            "outcome": account.outcome.value,
            "fetched": account.rows_in,
            "curated": account.curated,
            "quarantined": account.quarantined,
            "duplicates": account.duplicates,
        }
        for account in reports["tweets"].accounts
    ]
    counts = ("fetched", "curated", "quarantined", "duplicates")
    page = DIRECTORY / run_page_key("tweets", RUNS["tweets"])
    bills = [report.bill for report in reports.values()]
    return {
        "accounts": accounts,
        "totals": {name: sum(account[name] for account in accounts) for name in counts},
        "users": sum(account.curated for account in reports["users"].accounts),
        "tweet_metrics": Counter(
            pq.read_table(DIRECTORY / "lake/curated/tweet_metrics")["status"].to_pylist()
        ),
        "cost_usd": round(sum(bill.usd for bill in bills), 4),
        "saved_usd": round(sum(bill.saved_usd for bill in bills), 4),
        "month_forecast_usd": bills[-1].month_forecast_usd,
        "bucket": bucket,
        "warehouse": warehouse,
        "data_docs": str(page.relative_to(REPOSITORY)),
        "mail": [str(mail.relative_to(REPOSITORY)) for mail in mails],
    }


def complete(summary: dict[str, Any]) -> bool:
    """Whether all that the demo promises is there: lake, mail, Data Docs, and sums that agree."""
    totals = summary["totals"]
    missing = [
        what
        for what, there in {
            "curated Parquet files": any((DIRECTORY / "lake/curated").rglob("*.parquet")),
            "quarantined rows": any((DIRECTORY / "lake/quarantine").rglob("rows.parquet")),
            "the digest mail": bool(summary["mail"]),
            "the run's page": (REPOSITORY / summary["data_docs"]).is_file(),
            "every curated post in the warehouse": summary["warehouse"]["posts"]
            == totals["curated"],
            "every row": totals["fetched"]
            == totals["curated"] + totals["quarantined"] + totals["duplicates"]
            > 0,
        }.items()
        if not there
    ]
    for what in missing:
        say(f"missing: {what}")
    return not missing


def print_summary(reports: dict[str, RunReport], summary: dict[str, Any], seconds: float) -> None:
    """Say what the runs did, for a person."""
    columns = ("fetched", "curated", "quarantined", "duplicates")
    row = "{:16} {:>8} {:>8} {:>12} {:>11}  {}".format
    say("")
    say(row("account", *columns, "outcome"))
    for account in summary["accounts"]:
        say(row(account["username"], *(account[name] for name in columns), account["outcome"]))
    say(row("total", *(summary["totals"][name] for name in columns), "").rstrip())
    say("")
    say(f"users          {count_of(summary['users'], 'profile')} taken down")
    seen = ", ".join(f"{number} {status}" for status, number in summary["tweet_metrics"].items())
    say(f"tweet_metrics  posts looked at two hours later: {seen}")
    held = ", ".join(f"{number} {what}" for what, number in summary["warehouse"].items())
    say(f"warehouse      {held}")
    say("")
    for dataset, report in reports.items():
        bill = report.bill
        say(
            f"{dataset:14} ${bill.usd:.2f}  {count_of(bill.charged.posts, 'post')}, "
            f"{count_of(bill.charged.users, 'user')} charged; "
            f"${bill.saved_usd:.2f} free: returned before, the same day"
        )
    say(
        f"At X's prices this would have cost ${summary['cost_usd']:.2f}; "
        f"about ${summary['month_forecast_usd']:.2f} a month, were every day like this one."
    )
    say("")
    say(f"lake       {_shown(DIRECTORY / 'lake')}  (a copy of s3://{summary['bucket']})")
    say(f"mail       {', '.join(summary['mail'])}")
    say(f"Data Docs  {summary['data_docs']}  (open the file, or: make docs)")
    say(f"figures    {_shown(DIRECTORY / 'summary.json')}")
    say(f"log        {_shown(DIRECTORY / 'airflow.log')}")
    say(f"Done in {seconds:.0f} s.")


def _shown(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
