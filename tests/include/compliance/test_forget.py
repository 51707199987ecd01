"""What is left of a lake after forgetting, whatever comes between."""

from __future__ import annotations

from datetime import date
from itertools import count

import pytest

from include.compliance.forget import forget
from include.compliance.keys import record_key
from include.compliance.record import read_record
from include.compliance.subject import Found
from include.datasets import dataset_named, dataset_names
from include.datasets.dataset import Dataset, UnreadablePage
from include.errors import RawPagesGone, RowsUnreadable
from include.lake import account_report_key, curated_key
from include.quality import Quality
from include.raw import RawBatch
from tests.include.compliance.conftest import SETTINGS

RECORD = "compliance/dt=2026-11-03/record.json"


def test_a_rerun_gives_the_lake_that_forgetting_left(small):
    small.fill("harbour_news", "faulty_feed", "repost_relay", "old_maps_daily")
    small.count()
    small.take_profiles()
    posts = small.rows("curated/tweets/")
    small.compact()
    assert {row["tweet_id"] for row in small.rows("compacted/tweets/")} == {
        row["tweet_id"] for row in posts
    }
    small.world.fates.delete_post(posts[0]["tweet_id"])
    small.world.fates.suspend("faulty_feed")
    small.world.fates.protect("old_maps_daily")
    small.forget()
    forgotten = small.objects()
    small.rerun()
    assert small.objects() == forgotten
    assert not [key for key in forgotten if key.startswith(("compacted/", "catalogue/"))]
    left = {row["author_id"] for row in small.rows("curated/tweets/")}
    assert left == {small.accounts["harbour_news"], small.accounts["repost_relay"]}
    assert not [key for key in forgotten if "old_maps_daily" in key and key.startswith("curated/")]


def test_what_had_to_go_is_not_missed(small):
    small.fill("old_maps_daily", "orbit_observer")
    small.count()
    rows = [row for row in small.rows("curated/tweets/") if small.is_of(row, "orbit_observer")]
    small.world.fates.delete_post(rows[0]["tweet_id"])
    small.forget()
    small.volume = (len(rows), len(rows))
    small.land("tweets", small.interval, ["orbit_observer"])
    reports = [
        account
        for dataset, interval in small.runs
        for account in small.report(dataset, interval).accounts
    ]
    assert [(r.account, r.outcome.value, r.failed_expectations) for r in reports] == [
        ("orbit_observer", "landed", []),
        ("all-accounts", "landed", []),
    ]


def test_a_batch_of_which_the_pages_are_gone_is_named_and_the_others_are_made_anew(small):
    small.fill("old_maps_daily", "orbit_observer")
    before = small.objects()
    for name in small.accounts:
        small.world.fates.suspend(name)
    for key in small.lake.keys("raw/tweets/"):
        if "account=orbit_observer/" in key:
            small.lake.delete(key)
    with pytest.raises(RawPagesGone, match="orbit_observer"):
        small.forget()
    assert all(small.is_of(row, "orbit_observer") for row in small.rows("curated/"))
    theirs = [key for key in before if not key.startswith("raw/") and "orbit_observer" in key]
    assert [key for key in theirs if small.lake.find(key) != before[key]] == []


def test_a_batch_of_which_the_pages_are_gone_stops_no_later_day(small):
    small.fill("old_maps_daily", "orbit_observer", "harbour_news")
    for key in list(small.lake.keys("raw/tweets/")):
        if "account=orbit_observer/" in key:
            small.lake.delete(key)

    def forgetting(day, *names):
        users = {small.accounts[name]: "suspended" for name in names}
        found = Found(source="compliance jobs", posts={}, users=users)
        with pytest.raises(RawPagesGone, match="orbit_observer"):
            forget(small.lake, SETTINGS, day, found, dry_run=False)
        return read_record(small.lake, record_key(day, dry_run=False)).begun

    gone = ["orbit_observer", "old_maps_daily"]
    assert forgetting(date(2026, 11, 3), *gone)
    left = small.rows("curated/")
    assert not forgetting(date(2026, 11, 4), *gone)  # there is nothing that could go
    assert small.rows("curated/") == left
    gone.append("harbour_news")
    assert forgetting(date(2026, 11, 5), *gone)
    assert forgetting(date(2026, 11, 5), *gone)  # a retry, which finds nothing any more
    assert {small.is_of(row, "orbit_observer") for row in small.rows("curated/")} == {True}


def test_what_a_run_landed_meanwhile_goes_the_next_time(small):
    small.fill("old_maps_daily", "orbit_observer")
    landed = small.objects()
    small.world.fates.suspend("orbit_observer")
    small.forget()
    forgotten = small.objects()
    for key in landed.keys() - {key for key in landed if key.startswith("raw/")}:
        small.lake.put(key, landed[key])
    small.forget()
    assert small.objects() == forgotten | {RECORD: small.lake.get(RECORD)}


def _before_put(lake, fits, act):
    """Do something once, before the first object is written whose key fits."""
    left = [act]

    def hook(params, **_):
        if left and fits(params["Key"]):
            left.pop()()

    lake.client.meta.events.register("provide-client-params.s3.PutObject", hook)


@pytest.mark.parametrize("fate", ["suspend", "scrub_geo"])
def test_a_rerun_that_is_over_before_the_marks_are_stored_brings_nothing_back(small, fate):
    small.fill("harbour_news", "orbit_observer")
    getattr(small.world.fates, fate)("harbour_news")
    _before_put(small.lake, lambda key: key.startswith("raw/tweets/"), small.rerun)
    small.forget()
    assert not [row for row in small.rows("curated/") if _must_go(small, row, fate)]
    left = small.objects()
    small.rerun()
    assert small.objects() == left


@pytest.mark.parametrize("fate", ["suspend", "scrub_geo"])
def test_a_rerun_that_began_before_the_marks_were_stored_brings_nothing_back(small, fate):
    small.fill("harbour_news", "orbit_observer")
    getattr(small.world.fates, fate)("harbour_news")
    report = account_report_key("tweets", small.interval, "harbour_news")
    _before_put(small.lake, lambda key: key == report, small.forget)
    small.rerun()
    assert not [row for row in small.rows("curated/") if _must_go(small, row, fate)]
    left = small.objects()
    small.rerun()
    assert small.objects() == left


def test_a_rerun_between_two_accounts_of_its_run_brings_nothing_back(small):
    small.fill("harbour_news", "orbit_observer")
    small.world.fates.scrub_geo("harbour_news")
    small.world.fates.suspend("orbit_observer")
    second = account_report_key("tweets", small.interval, "orbit_observer")
    _before_put(small.lake, lambda key: key == second, small.rerun)
    small.forget()
    assert not [row for row in small.rows("curated/") if _must_go(small, row, "scrub_geo")]


def _must_go(small, row, fate):
    is_placed = row["place_id"] is not None or row["longitude"] is not None
    return small.is_of(row, "harbour_news") and (fate == "suspend" or is_placed)


def test_rows_on_a_day_of_which_no_report_tells_go_as_well(small):
    small.fill("old_maps_daily", "orbit_observer")
    day = date(2021, 2, 3)
    for suffix in ("parquet", "csv"):  # as a run leaves them that dies before its report
        there, odd = (
            curated_key("tweets", small.interval, "old_maps_daily", of, suffix)
            for of in (small.interval.day, day)
        )
        small.lake.put(odd, small.lake.get(there))
    small.world.fates.suspend("old_maps_daily")
    small.forget()
    assert not [key for key in small.lake.keys("curated/") if "old_maps_daily" in key]


def test_a_batch_that_lacks_some_of_its_pages_is_named(small):
    small.fill("old_maps_daily", "orbit_observer")
    for name in small.accounts:
        small.world.fates.suspend(name)
    small.lake.delete(RawBatch(small.lake, "tweets", small.interval, "orbit_observer").page_keys[0])
    with pytest.raises(RawPagesGone, match="orbit_observer"):
        small.forget()
    assert all(small.is_of(row, "orbit_observer") for row in small.rows("curated/"))


@pytest.mark.parametrize(
    ("zone", "error"),
    [
        ("raw/tweets/", UnreadablePage),
        ("curated/tweets/", RowsUnreadable),
        ("curated/tweet_metrics/", RowsUnreadable),
    ],
)
@pytest.mark.parametrize("cut", [slice(-9), slice(10, None)], ids=["end", "beginning"])
def test_an_object_that_is_damaged_is_named(small, zone, error, cut):
    small.fill("harbour_news")
    small.count()
    small.world.fates.suspend("harbour_news")
    key = next(k for k in small.lake.keys(zone) if k.endswith((".json.gz", ".parquet")))
    small.lake.put(key, small.lake.get(key)[cut])
    with pytest.raises(error, match=f"^{key} is no"):
        small.forget()


def test_forgetting_again_changes_nothing(small):
    small.fill("old_maps_daily", "orbit_observer")
    small.world.fates.suspend("orbit_observer")
    small.forget()
    first, asked = small.objects(), len(small.world.requests)
    small.forget()
    assert small.objects() == first
    assert len(small.world.requests) == asked


def test_a_dry_run_says_what_would_go_and_changes_nothing(small):
    small.fill("old_maps_daily", "orbit_observer")
    small.count()
    small.take_profiles()
    small.world.fates.suspend("orbit_observer")
    before = small.objects()
    would = small.forget(dry_run=True)
    after = small.objects()
    assert {key: body for key, body in after.items() if key in before} == before
    assert all(key.startswith("compliance/") for key in after.keys() - before.keys())
    did = small.forget()
    assert (would.posts, would.users, would.objects) == (did.posts, did.users, did.objects)
    changed = {key for key in before if small.lake.find(key) != before[key]}
    assert changed >= set(would.keys)
    assert sum(would.objects.values()) == len(would.keys) > 0
    assert did.keys == []


def test_posts_that_only_lost_their_place_stay_without_it(small):
    small.fill("harbour_news")
    before = {row["tweet_id"]: row for row in small.rows("curated/tweets/")}
    placed = {i for i, row in before.items() if row["place_id"] or row["longitude"] is not None}
    assert placed
    small.world.fates.scrub_geo("harbour_news")
    done = small.forget()
    after = {row["tweet_id"]: row for row in small.rows("curated/tweets/")}
    assert after.keys() == before.keys()
    place = ("place_id", "place_full_name", "place_country_code", "longitude", "latitude")
    assert {after[i][name] for i in after for name in place} == {None}
    assert all(after[i]["text"] == before[i]["text"] for i in before)
    assert set(done.posts.values()) == {"scrub_geo"}
    assert placed <= done.posts.keys()


@pytest.fixture
def quick_suites(monkeypatch):
    """Great Expectations says of the same rows what it said of them before."""
    check, said = Quality.check, {}
    quality = {name: dataset_named(name).quality() for name in dataset_names()}

    def remembered(self, frame, **arguments):
        key = (id(self), str(arguments), frame.to_json(date_format="iso"))
        if key not in said:
            said[key] = check(self, frame, **arguments)
        return said[key]

    monkeypatch.setattr(Quality, "check", remembered)
    monkeypatch.setattr(Dataset, "quality", lambda dataset: quality[dataset.name])


def test_wherever_it_is_killed_the_next_try_ends_at_the_same_lake(small, killer, quick_suites):
    small.fill("old_maps_daily", "orbit_observer")
    small.count()
    small.world.fates.suspend("orbit_observer")
    small.world.fates.delete_post(small.rows("curated/tweets/")[0]["tweet_id"])
    small.compact()
    small.ask()
    start, etags = small.objects(), small.etags()
    small.forget()
    expected = small.etags()
    assert expected.keys() < etags.keys() | {RECORD}
    for last in count(1):
        small.restore(start, etags)
        if not killer.kills(small.forget, last):
            break
        small.forget()
        assert small.etags() == expected, last
    assert last > 30
