"""The restore drill: a host is lost in the middle of a run, a new one goes on.

Airflow's metadata is real, in a real PostgreSQL; `tweet-lake` backs it up and restores it; the
runs are the DAG's own. X is asked on the days on which the runs are due.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.accounts import parse_accounts
from include.gaps import gaps, intervals_between
from include.interval import Interval
from include.lake import Lake
from sandbox.population import key_at
from sandbox.world import World
from tests.deploy.command.machine import OLD, PARAMETER, HostMachine, client
from tests.deploy.command.real_airflow import RealAirflow

ACCOUNTS = ["harbour_news", "orbit_observer"]
MINUTE, FOUR_HOURS = timedelta(minutes=1), timedelta(hours=4)


@pytest.fixture
def world(tmp_path):
    # Airflow's scheduler goes by the real clock.
    with World(tmp_path / "world", now=datetime.now(UTC), bucket="drill") as world:
        yield world


@pytest.fixture
def lake(world):
    client = boto3.client(
        "s3",
        endpoint_url=world.s3_url,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        region_name="us-east-1",
    )
    return Lake(client, world.bucket)


@pytest.fixture
def airflow(world, database, tmp_path):
    return RealAirflow(tmp_path / "airflow", database, world, *ACCOUNTS)


@pytest.fixture
def a_host(world, migrated, database, tmp_path):
    """A new instance with its image: its disk is new, what is in AWS is as it was."""
    ssm = client("ssm", world.s3_url)
    ssm.put_parameter(Name=PARAMETER, Value=OLD, Type="String", Overwrite=True)

    def make(name):
        (tmp_path / name).mkdir()
        # What a first start makes of the metadata; test_upgrade_drill.py migrates for real.
        database.make(migrated)
        host = HostMachine(tmp_path / name, world.s3_url, world.bucket, database)
        host.image(OLD, migrate="SELECT 1")
        return host

    return make


def curated(lake):
    """Ids of curated posts by interval and account."""
    found = {}
    for key in lake.keys("curated/tweets/"):
        *_, account, name = key.split("/")
        rows = pq.read_table(pa.BufferReader(lake.get(key)), columns=["tweet_id"])
        batch = Interval.parse(name.removesuffix(".parquet")), account.removeprefix("account=")
        found.setdefault(batch, []).extend(rows["tweet_id"].to_pylist())
    return found


def posted(world, account, interval):
    """Ids of what the account posted: what an undisturbed run brings."""
    known = world.population.directory.by_username(account)
    posts = world.population.between(known, key_at(interval.start), key_at(interval.end))
    return sorted(str(post.post_id) for post in posts)


def key_of(place):
    """What `tweet-lake restore` takes."""
    return place.split("/", 3)[3]


def test_a_lost_host_is_replaced_without_a_gap_and_without_paying_twice(
    world, lake, airflow, a_host
):
    now = datetime.now(UTC)
    known, later, dying = intervals_between("tweets", now - 6 * FOUR_HOURS, now)[:3]

    host = a_host("first")
    host.done("start")
    with airflow.process() as first:
        first.order("begin")
        world.travel(known.end + MINUTE)
        assert first.order("run", known.name) == "success"
        kept = host.done("backup").strip()
        world.travel(later.end + MINUTE)
        assert first.order("run", later.name) == "success"
        world.travel(dying.end + MINUTE)
        assert first.order("die", dying.name) is None
    # The host is lost: its disk, and its database with it.
    shutil.rmtree(host.folder)

    new = a_host("second")
    new.done("start")
    with airflow.process() as without_backup:
        # Not one run for each interval since 2022.
        assert without_backup.order("begin") == "12 of 12 were paused"
        (begun,) = without_backup.order("schedule").split()
        assert Interval.parse(begun).start >= dying.end
    own = new.done("backup").strip()  # the timer's, at night
    new.done("stop")
    told = new.refused("restore")
    assert f"{key_of(own)} of {OLD}, made on this host" in told
    assert key_of(kept) in told
    new.done("restore", key_of(kept))
    new.done("start")
    world.travel(datetime.now(UTC))
    with airflow.process() as second:
        (newest,) = second.order("schedule").split()
        assert second.order("run", newest) == "success"
        filled = second.order("fill").split()

    newest = Interval.parse(newest)
    missed = intervals_between("tweets", dying.end, newest.start)
    assert filled == [f"{interval.name}=success" for interval in (dying, *missed)]
    everything = intervals_between("tweets", known.start, newest.end)
    followed = parse_accounts(airflow.environment["AIRFLOW_VAR_X_ACCOUNTS"], "the drill")
    assert gaps(lake, "tweets", followed, known.start, newest.end) == []
    landed = curated(lake)
    for interval in everything:
        for account in ACCOUNTS:
            assert sorted(map(str, landed[interval, account])) == posted(world, account, interval)
    days = {(known.end + timedelta(days=n)).date() for n in range(3)}
    posts = sum(map(len, landed.values()))
    assert sum(world.usage.posts_on(day) for day in days) == world.usage.returned_posts == posts
