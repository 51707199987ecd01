"""`make demo`, as a newcomer runs it."""

from __future__ import annotations

import contextlib
import email
import json
import re
import subprocess
import sys
from email import policy
from pathlib import Path
from typing import Any

import pytest

from tests.security.secret_scan import SANDBOX_SECRETS, files_below, places_of, rows_of

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
DEMO = REPOSITORY / ".local" / "demo"


def run_demo() -> str:
    """Run it; its exit code has to be 0."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox.demo"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def lake() -> dict[str, bytes]:
    """Every object; which of Airflow's runs wrote a report is another each time."""
    folder = DEMO / "lake"
    return {
        str(path.relative_to(folder)): re.sub(rb'"manual__[^"]+"', b'"a run"', path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def printed() -> str:
    return run_demo()


@pytest.fixture(scope="module")
def summary(printed):
    return json.loads((DEMO / "summary.json").read_text(encoding="utf-8"))


def test_the_summary_has_the_promised_keys(summary):
    assert set(summary) == {
        "accounts", "totals", "users", "tweet_metrics", "cost_usd", "saved_usd",
        "month_forecast_usd", "bucket", "warehouse", "data_docs", "mail",
    }  # fmt: skip
    for account in summary["accounts"]:
        assert set(account) == {
            "username", "outcome", "fetched", "curated", "quarantined", "duplicates",
        }  # fmt: skip


def test_every_kind_of_account_is_in_it(summary):
    outcomes = {account["username"]: account["outcome"] for account in summary["accounts"]}
    assert len(outcomes) >= 12
    assert outcomes["harbour_news"] == "landed"
    assert outcomes["shuttered_shop"] == "suspended"
    assert outcomes["members_circle"] == "protected"
    assert outcomes["harbor_newz"] == "not found"
    assert outcomes["former_gazette"] == "deleted"
    assert outcomes["quiet_archive"] == "empty"
    assert outcomes["faulty_feed"] == "rows quarantined"
    assert outcomes["drifting_feed"] == "batch quarantined"


def test_the_sums_agree(summary):
    for account in [*summary["accounts"], summary["totals"]]:
        assert account["fetched"] == (
            account["curated"] + account["quarantined"] + account["duplicates"]
        )
    assert summary["totals"]["fetched"] > 100
    assert summary["cost_usd"] > 0


def test_the_other_datasets_are_in_it(summary):
    assert summary["users"] == 14
    assert summary["tweet_metrics"] == {"visible": 125, "deleted": 1, "protected": 2}
    assert summary["saved_usd"] > 0
    for dataset in ("users", "tweet_metrics"):
        assert list((DEMO / "lake" / "curated" / dataset).rglob("*.parquet"))


def test_what_it_names_is_there(summary, printed):
    page = REPOSITORY / summary["data_docs"]
    assert "faulty_feed" in page.read_text(encoding="utf-8")
    (mail,) = summary["mail"]
    with (REPOSITORY / mail).open(encoding="utf-8") as file:
        message = email.message_from_file(file, policy=policy.default)
    assert "need attention" in message["subject"]
    for account in summary["accounts"]:
        assert f"{account['username']} " in printed


def test_progress_is_shown_task_by_task(printed):
    tasks = r"plan extract\S* batches validate\S* report publish_data_docs notify reconcile"
    datasets = re.findall(rf"run      ingest_(\w+) over .*\n +{tasks}\n", printed)
    assert datasets == ["users", "tweets", "tweet_metrics"]


def test_no_secret_is_in_what_it_leaves(printed):
    left = [
        ("what it prints", printed.encode()),
        *files_below(DEMO, "warehouse"),  # the server's own files
        *rows_of(DEMO / "airflow" / "airflow.db"),
    ]
    places = {place for place, _ in left}
    assert {
        "airflow.log", "mail/0001.eml", "data-docs/index.html", "data-docs/quarantine/index.html",
        "the table xcom", "the table rendered_task_instance_fields",
    } <= places  # fmt: skip
    assert any(place.startswith("lake/raw/") for place in places)
    assert places_of(SANDBOX_SECRETS, left) == []


def test_the_readme_reads_the_lake_as_it_says(summary):
    (code,) = re.findall(r"```python\n(.+?)\n```", README, re.DOTALL)
    found: dict[str, Any] = {}
    with contextlib.chdir(REPOSITORY):
        exec(code, found)  # noqa: S102 - the README's own lines
    assert len(found["tweets"]) == summary["totals"]["curated"]


def test_the_readme_shows_what_the_demo_prints(printed):
    (shown,) = re.findall(r"```text\n(world.+?)```", README, re.DOTALL)
    seconds = re.compile(r"Done in \d+ s\.")
    assert seconds.sub("", shown) == seconds.sub("", printed)


def test_a_second_run_gives_the_same_lake_object_for_object(printed):
    first = lake()
    run_demo()
    second = lake()
    assert first.keys() == second.keys()
    changed = [key for key, body in first.items() if second[key] != body]
    # When people were told goes by the wall clock.
    assert [key for key in changed if not key.startswith("alerts/")] == []
