"""The table of deploy/host/command/move.py: wherever a move is killed, both ways out lead on."""

from __future__ import annotations

import json

import pytest

from tests.deploy.command.machine import NEW, OLD, PARAMETER, client

NEWER = NEW.replace(":2", ":3")
WAYS_OUT = {"upgrade": ("upgrade", NEW), "rollback": ("rollback",)}
MIGRATE, UP = "run --rm -T migrate", "up --detach --remove-orphans"


@pytest.fixture
def started(host):
    """A host with something to lose: three runs of the old release."""
    host.done("start")
    host.database.sql("CREATE TABLE run (id int); INSERT INTO run VALUES (1), (2), (3)")
    return host


@pytest.fixture
def upgraded(started):
    """The same with the new release, and a fourth run of its own."""
    started.done("upgrade", NEW)
    started.database.sql("INSERT INTO run VALUES (4)")
    return started


def runs(host):
    return host.database.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM run")


def state(host):
    return json.loads((host.folder / "var" / "state.json").read_text())


def is_at(host, image, of):
    """All of it is one release's: what runs, the metadata, and what is said."""
    assert set(host.running().values()) == {image}
    assert host.database.sql("SELECT name FROM release") == image
    assert runs(host) == of
    assert host.database.names() == {"airflow"}
    told = host.done("status")
    assert f"image     {image}\n" in told
    assert "cut short" not in told
    assert host.done("start") == f"{image} runs\n"


def is_cut_short(host, what, image):
    """It is said, with both ways out; nothing is begun on top of it."""
    assert f"cut short the {what}" in host.done("status")
    for command in ("start", "restore"):
        told = host.refused(command)
        assert f"the {what} was cut short: tweet-lake {what.split()[0]} tries again" in told
        assert f"goes back to {image}" in told


def reboot(host):
    """Docker starts again what ran; here nothing did."""
    (host.standin / "running.json").unlink()


def expire(host, key):
    client("s3", host.endpoint).delete_object(Bucket=host.bucket, Key=key)


@pytest.mark.parametrize("at", ["compose.*stop scheduler", "compose.*stop api-server", "pg_dump"])
def test_before_the_backup_is_whole_a_start_is_all_it_takes(started, at):
    started.killed("upgrade", NEW, at=at)
    reboot(started)
    started.done("start")
    is_at(started, OLD, "1 2 3")


@pytest.mark.parametrize("way_out", WAYS_OUT)
@pytest.mark.parametrize("at", [MIGRATE, f"after {MIGRATE}", f"after {UP}"])
def test_an_upgrade_that_is_killed(started, at, way_out):
    started.killed("upgrade", NEW, at=at)
    is_cut_short(started, f"upgrade to {NEW}", OLD)
    started.done(*WAYS_OUT[way_out])
    is_at(started, NEW if way_out == "upgrade" else OLD, "1 2 3")
    assert ("previous" in state(started)) == (way_out == "upgrade")


@pytest.mark.parametrize("way_out", WAYS_OUT)
@pytest.mark.parametrize("at", ["createdb", "after psql", f"after {UP}"])
def test_a_rollback_that_is_killed(upgraded, at, way_out):
    upgraded.killed("rollback", at=at)
    is_cut_short(upgraded, f"rollback to {OLD}", NEW)
    upgraded.done(*WAYS_OUT[way_out])
    if way_out == "upgrade":
        is_at(upgraded, NEW, "1 2 3 4")
        upgraded.done("rollback")
        is_at(upgraded, OLD, "1 2 3")
    else:
        is_at(upgraded, OLD, "1 2 3")
        upgraded.done("rollback")
        is_at(upgraded, NEW, "1 2 3 4")


@pytest.mark.parametrize("way_out", WAYS_OUT)
@pytest.mark.parametrize("at", ["after psql", f"after {UP}"])
def test_a_way_back_that_is_killed_itself(upgraded, at, way_out):
    upgraded.image(NEWER)
    upgraded.killed("upgrade", NEWER, at=f"after {UP}")
    upgraded.killed("rollback", at=at)
    is_cut_short(upgraded, f"upgrade to {NEWER}", NEW)
    if way_out == "upgrade":
        upgraded.done("upgrade", NEWER)
        is_at(upgraded, NEWER, "1 2 3 4")
    else:
        upgraded.done("rollback")
        is_at(upgraded, NEW, "1 2 3 4")
        upgraded.done("rollback")
        is_at(upgraded, OLD, "1 2 3")


def test_what_a_release_did_after_its_upgrade_was_killed_is_kept(started):
    started.killed("upgrade", NEW, at=f"after {UP}")
    # Docker goes on with the containers that are there, for hours if nobody looks.
    started.database.sql("INSERT INTO run VALUES (4)")
    told = started.done("rollback")
    is_at(started, OLD, "1 2 3")
    (kept,) = [line for line in told.splitlines() if "as it was left is kept as" in line]
    key = kept.partition(f"{started.bucket}/")[2]
    started.done("upgrade", NEW)
    started.done("stop")
    assert f"{key} of no release" in started.done("restore", key)
    started.done("start")
    is_at(started, NEW, "1 2 3 4")


def test_a_backup_of_what_was_cut_short_says_what_it_is_worth(started):
    started.killed("upgrade", NEW, at=f"after {UP}")
    expire(started, state(started)["move"]["kept"])
    told = started.done("backup")
    assert f"s3://{started.bucket}/backups/metadata/aside/" in told
    assert "it was put aside, for who names it" in told
    assert f"the upgrade to {NEW} was cut short: tweet-lake upgrade tries again" in told
    assert "backup    none\n" in started.done("status")


def test_going_on_loses_nothing_of_what_was_done_meanwhile(started):
    started.killed("upgrade", NEW, at=f"after {UP}")
    started.database.sql("INSERT INTO run VALUES (4)")
    started.done("upgrade", NEW)
    is_at(started, NEW, "1 2 3 4")


def test_metadata_that_can_t_be_dumped_is_no_reason_to_stay_where_nothing_runs(started):
    started.killed("upgrade", NEW, at=f"after {MIGRATE}")
    started.order("pg_dump", said="invalid page in block 7")
    assert "can't be kept" in started.done("rollback")
    is_at(started, OLD, "1 2 3")


def test_a_third_release_does_not_migrate_what_a_second_has_left(started):
    table = "CREATE TABLE of_the_second (id int)"
    started.image(NEW, migrate=table)
    started.image(NEWER)
    started.killed("upgrade", NEW, at=f"after {MIGRATE}")
    client("ssm", started.endpoint).put_parameter(Name=PARAMETER, Value=NEWER, Overwrite=True)
    started.done("upgrade")  # as the workflow does
    is_at(started, NEWER, "1 2 3")
    assert started.database.sql("SELECT to_regclass('of_the_second')") == ""
    started.done("rollback")
    is_at(started, OLD, "1 2 3")


def test_after_an_upgrade_that_came_back_rollback_leads_to_the_release_before(upgraded):
    upgraded.image(NEWER, healthy=False)
    assert f"{NEW} runs as before" in upgraded.refused("upgrade", NEWER)
    is_at(upgraded, NEW, "1 2 3 4")
    upgraded.done("rollback")
    is_at(upgraded, OLD, "1 2 3")


def test_a_rollback_to_a_release_that_does_not_get_healthy_comes_back(upgraded):
    image = upgraded.standin / "images" / OLD.replace("/", "_").replace(":", "_") / "image.json"
    image.write_text(json.dumps({**json.loads(image.read_text()), "healthy": False}))
    assert f"{OLD} was not kept, {NEW} runs as before" in upgraded.refused("rollback")
    is_at(upgraded, NEW, "1 2 3 4")


def test_a_rollback_whose_backup_has_expired_stops_nothing(upgraded):
    key = state(upgraded)["previous"]["backup"]
    expire(upgraded, key)
    told = upgraded.refused("rollback")
    assert f"{key}, the metadata of {OLD}, has expired or was deleted" in told
    assert f"tweet-lake upgrade {OLD} tries it with the metadata of now" in told
    is_at(upgraded, NEW, "1 2 3 4")
    upgraded.done("upgrade", OLD)
    is_at(upgraded, OLD, "1 2 3 4")


def test_where_the_backup_of_a_way_out_has_expired_the_other_way_is_told(upgraded):
    upgraded.image(NEWER)
    upgraded.killed("upgrade", NEWER, at=f"after {UP}")
    expire(upgraded, state(upgraded)["move"]["kept"])
    told = upgraded.refused("rollback")
    assert (
        f"nothing was stopped, and tweet-lake upgrade {NEWER} is the way out that is left" in told
    )
    assert set(upgraded.running().values()) == {NEWER}
    upgraded.done("upgrade", NEWER)
    is_at(upgraded, NEWER, "1 2 3 4")


def test_the_backup_of_a_rollback_that_was_cut_short_may_have_expired_too(upgraded):
    upgraded.killed("rollback", at="after psql")
    expire(upgraded, state(upgraded)["move"]["with"])
    told = upgraded.refused("rollback")
    assert f"tweet-lake upgrade {NEW} is the way out that is left" in told
    upgraded.done("upgrade", NEW)
    is_at(upgraded, NEW, "1 2 3 4")


def test_where_nothing_can_be_started_it_says_so(upgraded):
    upgraded.order("pg_dump", said="no space left on device")
    upgraded.order(UP, said="no space left on device")
    told = upgraded.refused("rollback")
    assert "nothing runs: tweet-lake start tries again" in told
    upgraded.done("start")
    is_at(upgraded, NEW, "1 2 3 4")
