"""Which ids X is asked about, by which jobs, and what is known where it may not be asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from include.compliance.ask import ask
from include.x_api.errors import JobNotOver, JobUnderWay

AFTERWARDS = datetime(2026, 11, 3, 0, 31, tzinfo=UTC)
DAY = AFTERWARDS.date()


def jobs(small):
    return {
        kind: len(list(small.world.compliance.newest_first(kind))) for kind in ("tweets", "users")
    }


def test_a_job_under_way_is_gone_on_with_and_what_it_found_is_kept(small):
    small.fill("old_maps_daily", "orbit_observer")
    small.world.travel(AFTERWARDS)
    small.world.fates.suspend("orbit_observer")
    small.world.compliance.polls = 2
    for _ in range(2):
        with pytest.raises(JobNotOver):
            ask(small.lake, small.api, DAY)
    found = ask(small.lake, small.api, DAY)
    assert jobs(small) == {"tweets": 1, "users": 1}
    assert found.users == {small.accounts["orbit_observer"]: "suspended"}
    theirs = {
        row["tweet_id"] for row in small.rows("curated/tweets/") if row["author_id"] in found.users
    }
    assert found.posts == dict.fromkeys(theirs, "suspended")
    asked = len(small.world.requests)
    assert ask(small.lake, small.api, DAY) == found
    assert len(small.world.requests) == asked


def test_wherever_asking_is_killed_there_is_one_job_of_each_kind(small, killer):
    small.fill("old_maps_daily")
    start, etags = small.objects(), small.etags()
    small.ask()
    expected = small.etags()
    for last in count(1):
        small.restore(start, etags)
        small.world.compliance.clear()
        if not killer.kills(small.ask, last):
            break
        small.ask()
        assert small.etags() == expected, last
        assert jobs(small) == {"tweets": 1, "users": 1}
    assert last > 10


def test_a_job_that_waited_too_long_for_its_ids_is_followed_by_another(small, killer):
    small.fill("old_maps_daily")
    assert killer.kills(small.ask, 1)
    small.world.travel(AFTERWARDS + timedelta(minutes=20))
    assert small.ask().posts == {}
    assert jobs(small) == {"tweets": 2, "users": 1}


def test_who_deletes_the_answer_and_the_jobs_has_x_asked_again(small):
    small.fill("orbit_observer")
    assert small.ask().users == {}
    small.world.fates.suspend("orbit_observer")
    assert small.ask().users == {}
    for key in list(small.lake.keys("compliance/")):
        small.lake.delete(key)
    assert list(small.ask().users.values()) == ["suspended"]
    assert jobs(small) == {"tweets": 2, "users": 2}


def test_a_job_of_somebody_else_is_waited_for(small):
    small.fill("old_maps_daily")
    small.api.submit_compliance_job("tweets", "theirs")
    with pytest.raises(JobUnderWay):
        ask(small.lake, small.api, DAY)


def test_an_empty_lake_asks_for_no_job(small):
    assert ask(small.lake, small.api, DAY).posts == {}
    assert jobs(small) == {"tweets": 0, "users": 0}


def test_without_access_to_jobs_the_lake_s_tombstones_tell(small):
    small.fill("orbit_observer", "old_maps_daily", "members_circle")
    kept, deleted, withheld = [
        row["tweet_id"]
        for row in small.rows("curated/tweets/")
        if row["author_id"] == small.accounts["orbit_observer"]
    ][:3]
    small.world.fates.delete_post(deleted)
    small.world.fates.withhold_post(withheld, ["DE"])
    small.world.fates.protect("old_maps_daily")
    small.count()
    small.world.faults.add("forbidden", path="compliance", times=None)
    found = ask(small.lake, small.api, DAY)
    assert found.source == "tombstones"
    theirs = {
        row["tweet_id"]
        for row in small.rows("curated/tweets/")
        if row["author_id"] == small.accounts["old_maps_daily"]
    }
    assert found.posts == {
        deleted: "deleted",
        withheld: "withheld",
        **dict.fromkeys(theirs, "protected"),
    }
    assert kept not in found.posts
    small.forget()
    assert not {deleted, withheld, *theirs} & {r["tweet_id"] for r in small.rows("curated/tweets/")}
    tombstones = {
        row["tweet_id"]: row["status"]
        for row in small.rows("curated/tweet_metrics/")
        if row["status"] != "visible"
    }
    assert tombstones == {deleted: "deleted", **dict.fromkeys(theirs, "protected")}
