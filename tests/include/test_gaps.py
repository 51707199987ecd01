"""Which accounts and intervals are missing, as the raw zone tells it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from include import gaps_command
from include.accounts import parse_accounts
from include.gaps import Gap, State, fillable, gaps, intervals_between, missed_before
from include.gaps_table import lines
from include.interval import Interval
from include.lake import ALL_ACCOUNTS, account_report_key, batch_prefix, run_report_key
from include.lookup import known_key

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)
WEEK = timedelta(days=7)
FOUR_HOURS = [Interval(MIDNIGHT + timedelta(hours=h), MIDNIGHT + timedelta(hours=h + 4))
              for h in (0, 4, 8)]  # fmt: skip


def accounts(*names, **fields):
    return parse_accounts(json.dumps([{"username": name, **fields} for name in names]), "test")


@pytest.fixture
def mark(lake):
    def mark(account, interval, name, content=None, dataset="tweets"):
        lake.put_json(f"{batch_prefix('raw', dataset, interval, account)}{name}", content or {})
        lake.put_json(account_report_key(dataset, interval, account), {})
        lake.put_json(run_report_key(dataset, interval), {})

    return mark


def test_scheduled_intervals_lie_in_the_span_as_a_whole():
    assert intervals_between("tweets", MIDNIGHT, NOON) == FOUR_HOURS
    minute = timedelta(minutes=1)
    assert intervals_between("tweets", MIDNIGHT + minute, NOON - minute) == [FOUR_HOURS[1]]
    assert intervals_between("users", MIDNIGHT - timedelta(days=1), NOON) == [
        Interval(MIDNIGHT - timedelta(days=1), MIDNIGHT)
    ]
    assert len(intervals_between("tweet_metrics", MIDNIGHT, NOON)) == 6


def test_every_state_is_told_apart_with_its_reason(lake, mark):
    first, second, third = FOUR_HOURS
    mark("nasa", first, "fetch.json")
    mark("nasa", first, "page-0000.json.gz")
    mark("nasa", second, "partial.json", {"partial": "The budget is used up."})
    mark("nasa", second, "error.json", {"message": "an older one"})
    mark("nasa", third, "error.json", {"message": "X is down"})
    mark("esa", first, "page-0000.json.gz")
    mark("esa", second, "fetch.json")
    mark("esa", second, "lacks.json", {"lacks": "no reposts"})
    assert gaps(lake, "tweets", accounts("nasa", "esa"), MIDNIGHT, NOON) == [
        Gap("tweets", "esa", first, State.FAILED, "The fetch did not finish."),
        Gap("tweets", "esa", second, State.LIMITED, "no reposts"),
        Gap("tweets", "esa", third, State.NOT_RUN, ""),
        Gap("tweets", "nasa", second, State.PARTIAL, "The budget is used up."),
        Gap("tweets", "nasa", third, State.FAILED, "X is down"),
    ]


def test_a_complete_span_has_no_gaps(lake, mark):
    for interval in FOUR_HOURS:
        mark("nasa", interval, "fetch.json")
    assert gaps(lake, "tweets", accounts("nasa"), MIDNIGHT, NOON) == []


def test_what_was_fetched_and_is_in_no_report_has_not_landed(lake, mark):
    """As a host leaves it that dies in a run, and whose metadata is lost with it."""
    first, second, third = FOUR_HOURS
    seen_first(lake, "nasa", first)
    for interval in FOUR_HOURS:
        mark("nasa", interval, "fetch.json")
    mark("nasa", second, "lacks.json", {"lacks": "no reposts"})
    for interval in (first, second):
        lake.delete(run_report_key("tweets", interval))
    found = gaps(lake, "tweets", accounts("nasa"), MIDNIGHT, NOON)
    why = "All of it is fetched, and its run did not end."
    assert found == [Gap("tweets", "nasa", i, State.UNLANDED, why) for i in (first, second)]
    now = NOON + timedelta(hours=2)
    assert fillable(lake, "tweets", accounts("nasa"), now, WEEK) == [first, second]
    lake.delete(run_report_key("tweets", third))
    assert fillable(lake, "tweets", accounts("nasa"), now, WEEK) == []  # its run may be at work


def make_older(lake):
    """Let S3 have written a minute ago what it holds: its clock tells seconds."""
    bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[lake.bucket]
    for key in bucket.keys.values():
        key.last_modified -= timedelta(minutes=1)


@pytest.mark.parametrize("cut_short_after", ["fetch", "landing", "another account's landing"])
def test_a_rerun_that_is_cut_short_is_told_apart_from_the_run_before_it(
    lake, mark, cut_short_after
):
    (interval, *_) = FOUR_HOURS
    mark("nasa", interval, "partial.json", {"partial": "The budget is used up."})
    mark("esa", interval, "fetch.json")
    make_older(lake)
    lake.put_json(f"{batch_prefix('raw', 'tweets', interval, 'nasa')}fetch.json", {})
    if cut_short_after == "landing":
        lake.put_json(account_report_key("tweets", interval, "nasa"), {})
    if cut_short_after == "another account's landing":
        lake.put_json(account_report_key("tweets", interval, "esa"), {})
        lake.put_json(run_report_key("tweets", interval), {})
    (gap,) = gaps(lake, "tweets", accounts("nasa", "esa"), MIDNIGHT, interval.end)
    assert (gap.account, gap.state) == ("nasa", State.UNLANDED)


def test_disabled_accounts_and_time_before_the_start_date_are_not_missing(lake):
    late = accounts("nasa", start_date="2026-11-03")
    assert gaps(lake, "tweets", late, MIDNIGHT, NOON) == []
    both = parse_accounts('[{"username": "nasa", "enabled": false}, {"username": "esa"}]', "test")
    assert {gap.account for gap in gaps(lake, "tweets", both, MIDNIGHT, NOON)} == {"esa"}


def test_a_dataset_of_all_accounts_is_missing_as_a_whole(lake, mark):
    (first, *rest) = intervals_between("tweet_metrics", MIDNIGHT, NOON)
    mark(ALL_ACCOUNTS, first, "fetch.json", dataset="tweet_metrics")
    found = gaps(lake, "tweet_metrics", accounts("nasa", "esa"), MIDNIGHT, NOON)
    assert [(gap.account, gap.interval) for gap in found] == [(ALL_ACCOUNTS, i) for i in rest]


def seen_first(lake, account, interval):
    lake.put_json(known_key(account), {"user_id": "1", "first_seen": interval.name})


def test_what_was_missed_after_an_account_was_seen_is_filled(lake, mark):
    first, second, third = FOUR_HOURS
    seen_first(lake, "nasa", first)
    mark("nasa", first, "fetch.json")
    mark("nasa", third, "partial.json", {"partial": "The budget is used up."})
    now = NOON + timedelta(hours=2)
    assert fillable(lake, "tweets", accounts("nasa"), now, WEEK) == [second, third]


def test_the_first_interval_of_an_account_is_filled_too(lake, mark):
    seen_first(lake, "nasa", FOUR_HOURS[0])
    mark("nasa", FOUR_HOURS[0], "partial.json", {"partial": "The budget is used up."})
    mark("nasa", FOUR_HOURS[1], "fetch.json")
    mark("nasa", FOUR_HOURS[2], "fetch.json")
    now = NOON + timedelta(hours=2)
    assert fillable(lake, "tweets", accounts("nasa"), now, WEEK) == [FOUR_HOURS[0]]


def test_what_is_not_complete_is_not_limited_yet(lake, mark):
    """As a run that was killed between the two objects leaves it."""
    mark("nasa", FOUR_HOURS[0], "lacks.json", {"lacks": "no reposts"})
    (gap, *_) = gaps(lake, "tweets", accounts("nasa"), MIDNIGHT, NOON)
    assert gap.state is State.FAILED


def test_a_new_account_does_not_fetch_the_days_before_by_itself(lake, mark):
    seen_first(lake, "nasa", FOUR_HOURS[2])
    mark("nasa", FOUR_HOURS[2], "fetch.json")
    assert fillable(lake, "tweets", accounts("nasa", "never_run"), NOON, WEEK) == []


def test_an_account_that_fails_still_is_left_alone(lake, mark):
    first, second, third = FOUR_HOURS
    seen_first(lake, "nasa", first)
    seen_first(lake, "esa", first)
    mark("nasa", first, "fetch.json")
    mark("esa", first, "fetch.json")
    for account in ("nasa", "esa"):
        mark(account, second, "error.json", {"message": "X is down"})
    mark("nasa", third, "fetch.json")
    mark("esa", third, "error.json", {"message": "X is down"})
    now = NOON + timedelta(hours=2)
    assert fillable(lake, "tweets", accounts("esa"), now, WEEK) == []
    assert fillable(lake, "tweets", accounts("nasa", "esa"), now, WEEK) == [second]


def test_a_search_counts_from_its_first_run(lake, mark):
    search = parse_accounts('[{"name": "moon", "query": "moon"}]', "test")
    mark("moon", FOUR_HOURS[0], "fetch.json")
    now = NOON + timedelta(hours=2)
    assert fillable(lake, "tweets", search, now, WEEK) == FOUR_HOURS[1:]


def test_what_its_own_run_may_be_at_work_on_is_left_to_it(lake, mark):
    seen_first(lake, "nasa", FOUR_HOURS[0])
    mark("nasa", FOUR_HOURS[0], "fetch.json")
    mark("nasa", FOUR_HOURS[1], "fetch.json")
    soon = NOON + timedelta(minutes=20)
    assert fillable(lake, "tweets", accounts("nasa"), soon, WEEK) == []


def test_what_lies_before_the_look_back_stays(lake):
    seen_first(lake, "nasa", Interval(MIDNIGHT - timedelta(days=30), MIDNIGHT - timedelta(days=29)))
    found = fillable(lake, "tweets", accounts("nasa"), NOON, timedelta(days=2))
    assert found[0].start == NOON - timedelta(days=2)
    assert len(found) == 11


@pytest.fixture
def reported(lake):
    def reported(*intervals):
        for interval in intervals:
            lake.put_json(run_report_key("tweets", interval), {})

    return reported


def test_the_first_run_after_an_outage_tells_of_it_and_no_other(lake, reported):
    first, second, third = FOUR_HOURS
    long_ago = Interval(first.start - timedelta(days=2), first.end - timedelta(days=2))
    reported(long_ago, third)
    assert missed_before(lake, "tweets", third, WEEK) == Interval(long_ago.end, third.start)
    reported(second)
    assert missed_before(lake, "tweets", second, WEEK) is None
    assert missed_before(lake, "tweets", third, WEEK) is None


def test_the_very_first_run_has_missed_nothing(lake, reported):
    reported(FOUR_HOURS[0])
    assert missed_before(lake, "tweets", FOUR_HOURS[0], WEEK) is None


def test_stretches_and_accounts_share_a_line(lake, mark):
    names = ("a", "b", "c", "d", "e")
    mark("e", FOUR_HOURS[0], "error.json", {"message": "X is down"})
    table = list(lines(gaps(lake, "tweets", accounts(*names), MIDNIGHT, NOON)))
    assert table == [
        "failed    2026-11-02 00:00–04:00 UTC (1 interval)  e: X is down",
        "not run   2026-11-02 00:00–12:00 UTC (3 intervals)  a, b, c and 1 more",
        "not run   2026-11-02 04:00–12:00 UTC (2 intervals)  e",
    ]


@pytest.fixture
def configured(monkeypatch, lake):
    monkeypatch.setattr(gaps_command, "open_lake", lambda _: lake)
    settings = {
        "bucket": lake.bucket,
        "alert_to": ["a@example.org"],
        "data_docs_url": "http://docs.example.org",
    }
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", json.dumps(settings))
    monkeypatch.setenv("AIRFLOW_VAR_X_ACCOUNTS", '[{"username": "nasa"}]')


@pytest.mark.usefixtures("configured")
def test_the_command_prints_every_dataset(capsys):
    assert gaps_command.main(["--since", "2026-11-02", "--until", "2026-11-03"]) == 0
    printed = capsys.readouterr().out
    assert "tweets, 2026-11-02 00:00 to 2026-11-03 00:00 UTC: 6 gaps\n" in printed
    assert "  not run   2026-11-02 00:00–24:00 UTC (6 intervals)  nasa\n" in printed
    assert "users, " in printed
    assert "tweet_metrics, " in printed


@pytest.mark.usefixtures("configured")
def test_a_wrong_date_is_named(capsys):
    with pytest.raises(SystemExit):
        gaps_command.main(["--since", "yesterday"])
    assert "'yesterday' is no date; write 2026-11-01" in capsys.readouterr().err


def test_without_settings_the_command_says_what_is_missing(capsys, monkeypatch):
    monkeypatch.delenv("AIRFLOW_VAR_TWEET_LAKE", raising=False)
    assert gaps_command.main([]) == 2
    assert "'tweet_lake' is not set" in capsys.readouterr().err
