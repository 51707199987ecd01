"""A load whose process is killed leaves all of an object or nothing; the next brings the rest."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from include.lake import Lake
from include.warehouse.connection import conninfo
from tests.include.warehouse.conftest import POSTED, House
from tests.include.warehouse.killed_loads import Steps, load_everything
from tests.include.warehouse.test_load import RICH, contents

REPOSITORY = Path(__file__).parents[3]
S3 = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
DAYS = 2
"""Posts and counts of both are loaded at the same time."""

# One statement, so one snapshot: the server may still be ending what the dead have begun.
_HALVES = """
WITH held AS (
    SELECT object_id, count(*) AS rows FROM fact_user_metrics GROUP BY 1
    UNION ALL SELECT object_id, count(*) FROM fact_tweet GROUP BY 1
    UNION ALL SELECT object_id, count(*) FROM fact_tweet_metrics GROUP BY 1)
SELECT coalesce(key, 'no key') FROM load_object FULL JOIN held USING (object_id)
WHERE state IS DISTINCT FROM 'loaded' OR load_object.rows - shadowed <> coalesce(held.rows, 0)
UNION ALL
SELECT f.tweet_id::text FROM fact_tweet f WHERE (2, 2, 1, 2) <> (
    (SELECT count(*) FROM bridge_tweet_hashtag b WHERE b.tweet_id = f.tweet_id),
    (SELECT count(*) FROM bridge_tweet_mention b WHERE b.tweet_id = f.tweet_id),
    (SELECT count(*) FROM bridge_tweet_url b WHERE b.tweet_id = f.tweet_id),
    (SELECT count(*) FROM bridge_tweet_reference b WHERE b.tweet_id = f.tweet_id))
"""


@pytest.fixture(scope="module")
def lake(s3):
    """Two objects of each dataset a day, which nobody changes."""
    s3.create_bucket(Bucket="killed")
    made = House(Lake(s3, "killed"), "postgresql+psycopg://")
    for number in (n for day in range(DAYS) for n in (6 * day, 6 * day + 1)):
        at = POSTED + timedelta(hours=4 * number)
        author = {"author_id": "12", "created_at": at}
        made.land("users", number, {"n": 12, "username": f"name {number}", "observed_at": at})
        made.land("tweets", number, *({"n": 2 * number + n, **author, **RICH} for n in (0, 1)))
        made.land("tweet_metrics", number, {"n": number, "observed_at": at})
    return made.lake


@pytest.fixture(scope="module")
def unkilled(lake, databases, migrated):
    """What is in the tables after a load that nobody killed, and how many steps that took."""
    house = House(lake, databases(migrated))
    steps = Steps()
    load_everything(lake, conninfo(house.url), steps)
    yield contents(house), steps.made
    house.engine.dispose()


@pytest.fixture(scope="module")
def killer():
    """The process whose children are killed."""
    command = [sys.executable, "-m", "tests.include.warehouse.killed_loads"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


@pytest.fixture
def house(lake, warehouse):
    """Whoever still held a lock would fail its loads, instead of keeping them waiting."""
    made = House(lake, warehouse.update_query_dict({"options": "-c lock_timeout=20s"}))
    yield made
    made.engine.dispose()


@pytest.fixture
def killed(killer, lake, warehouse):
    """Load everything in a process that is killed at a step; how it ended."""
    place = {
        "s3": {"endpoint_url": lake.client.meta.endpoint_url, **S3},
        "bucket": lake.bucket,
        "conninfo": conninfo(warehouse),
    }

    def killed(kind, number):
        killer.stdin.write(json.dumps({**place, "kind": kind, "number": number}) + "\n")
        killer.stdin.flush()
        return int(killer.stdout.readline())

    return killed


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("statement", 0.3),
        ("statement", 0.95),
        ("copy", 0.3),
        ("copy", 0.7),
        ("commit", 0.7),
        ("commit", 0.95),
    ],
)
def test_whole_objects_are_left_and_the_next_load_brings_the_rest(
    house, killed, unkilled, kind, part
):
    wanted, steps = unkilled

    assert killed(kind, 1 + int(part * steps[kind])) == -signal.SIGKILL

    assert house.ask(_HALVES) == []
    assert house.ask("SELECT count(*) FROM load_object") < [6 * DAYS]

    assert [done.failed for done in house.load()] == [{}] * 3
    assert house.ask(_HALVES) == []
    assert contents(house) == wanted
