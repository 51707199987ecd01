"""Whose profiles are asked for, as far as the budget goes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks.directory_lake import DirectoryLake
from include.accounts import parse_accounts
from include.datasets.users.source import Profiles
from include.interval import Interval
from include.lake import ALL_ACCOUNTS
from include.raw import RawBatch
from include.settings import Settings
from include.source import Planning
from include.spending.ledger import run_name
from include.spending.purse import Purse

DAY = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
USER_USD = 0.01


@pytest.mark.parametrize(("room", "left_out"), [(17, 0), (16, 1)])
def test_all_that_is_left_may_go_into_the_day_s_profiles(
    tmp_path: Path, room: int, left_out: int
) -> None:
    lake, now = DirectoryLake(tmp_path), DAY.end + timedelta(minutes=1)
    settings = Settings(
        bucket="lake",
        alert_to=("data-team@example.org",),
        data_docs_url="http://docs.example.org",
        usd_per_day=room * USER_USD,
    )
    entries = [{"username": f"quay_{n}", "start_date": "2026-01-01"} for n in range(17)]
    accounts = parse_accounts(json.dumps(entries), "test")
    purse = Purse(lake, settings, run_name("users", DAY), now)
    nobody = cast("Any", None)
    Profiles().plan(Planning(lake, nobody, accounts, DAY, settings, now, purse))
    wanted = RawBatch(lake, "users", DAY, ALL_ACCOUNTS).wanted()
    assert wanted is not None
    assert (len(wanted.names), wanted.left_out) == (17 - left_out, left_out)


@pytest.mark.parametrize(("room", "left_out"), [(17, 0), (5, 12)])
def test_what_a_crashed_attempt_left_is_set_aside_anew(
    tmp_path: Path, room: int, left_out: int
) -> None:
    lake, now = DirectoryLake(tmp_path), DAY.end + timedelta(minutes=1)
    settings = Settings(
        bucket="lake",
        alert_to=("data-team@example.org",),
        data_docs_url="http://docs.example.org",
    )
    accounts = parse_accounts(json.dumps([{"username": f"quay_{n}"} for n in range(17)]), "test")
    nobody = cast("Any", None)
    for cap in (None, room * USER_USD):
        budget = settings.model_copy(update={"usd_per_day": cap})
        purse = Purse(lake, budget, run_name("users", DAY), now)
        purse.release()
        Profiles().plan(Planning(lake, nobody, accounts, DAY, budget, now, purse))
    wanted = RawBatch(lake, "users", DAY, ALL_ACCOUNTS).wanted()
    assert wanted is not None
    assert (len(wanted.names), wanted.left_out) == (17 - left_out, left_out)
    assert not purse.has_room(1)
