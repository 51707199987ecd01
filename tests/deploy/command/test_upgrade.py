"""`tweet-lake upgrade` and `rollback`: whatever fails, what ran before runs again."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.deploy.command.machine import NEW, OLD, PARAMETER, client

NEWER = NEW.replace(":2", ":3")


@pytest.fixture
def started(host):
    """A host that runs the old release and has something to lose."""
    host.done("start")
    host.database.sql("CREATE TABLE run (id int); INSERT INTO run SELECT generate_series(1, 5000)")
    return host


def release(host):
    return host.database.sql("SELECT name FROM release")


def runs(host):
    return host.database.sql("SELECT count(*) FROM run")


def backups(host):
    listed = client("s3", host.endpoint).list_objects_v2(Bucket=host.bucket, Prefix="backups/")
    return [entry["Key"] for entry in listed.get("Contents", [])]


def is_as_before(host):
    assert set(host.running().values()) == {OLD}
    assert release(host) == OLD
    assert runs(host) == "5000"
    assert host.database.names() == {"airflow"}
    assert f"image     {OLD}" in host.done("status")


def test_upgrade_to_what_the_stack_names(started):
    client("ssm", started.endpoint).put_parameter(Name=PARAMETER, Value=NEW, Overwrite=True)
    told = started.done("upgrade")
    assert f"{NEW} runs; tweet-lake rollback goes back to {OLD}" in told
    assert set(started.running().values()) == {NEW}
    assert release(started) == NEW
    assert backups(started)[0] in told
    assert started.done("upgrade") == f"{NEW} runs already\n"


def test_nobody_writes_while_the_metadata_is_dumped_and_migrated(started):
    started.done("upgrade", NEW)
    calls = started.calls()
    last_stop = calls.index("compose stop api-server")
    dump = next(n for n, call in enumerate(calls) if "pg_dump" in call)
    migrate = calls.index("compose run --rm -T migrate")
    assert calls.index(f"pull --quiet {NEW}") < last_stop < dump < migrate


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("login", "denied"),
        (f"pull.*{NEW}", "no space left on device"),
        (f"create {NEW}", "no space left on device"),
        ("compose.*stop scheduler", "cannot stop container"),
        ("pg_dump", 'could not write: "No space left on device"'),
        ("run --rm -T migrate", "Can't locate revision identified by 'd2f4e1b3c5a7'"),
        ("up --detach --remove-orphans", "container tweet-lake-scheduler-1 is unhealthy"),
    ],
)
def test_whatever_fails_the_old_release_goes_on(started, call, said):
    started.order(call, said=said)
    told = started.refused("upgrade", NEW)
    assert said in told
    is_as_before(started)
    started.done("upgrade", NEW)


def test_a_migration_that_breaks_half_way_is_undone(started):
    started.image(NEW, migrate="DROP TABLE run; COMMIT; SELECT no_such_column FROM release")
    told = started.refused("upgrade", NEW)
    assert f"{NEW} was not kept, {OLD} runs as before" in told
    assert "no_such_column" in told
    is_as_before(started)


def test_a_release_that_is_not_healthy_is_undone(started):
    started.image(NEW, healthy=False)
    told = started.refused("upgrade", NEW)
    assert f"{NEW} was not kept, {OLD} runs as before" in told
    is_as_before(started)


def test_where_going_back_fails_as_well_it_says_how_to_go_on(started):
    started.image(NEW, healthy=False)
    started.order("pg_restore --dbname", said="the server closed the connection")
    told = started.refused("upgrade", NEW)
    assert "the server closed the connection" in told
    assert "nothing runs; the upgrade to" in told
    assert "was cut short" in started.refused("start")
    started.done("rollback")
    is_as_before(started)


def test_an_upgrade_that_is_killed_is_not_taken_for_done(started):
    started.order("run --rm -T migrate", how="hang")
    process = started.start("upgrade", NEW)
    while not (started.standin / "hangs").exists():
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    told = started.refused("start")
    assert f"the upgrade to {NEW} was cut short" in told
    started.done("upgrade", NEW)
    assert release(started) == NEW
    started.done("rollback")
    is_as_before(started)


def test_rollback_says_what_is_forgotten_and_can_be_taken_back(started):
    started.done("upgrade", NEW)
    started.database.sql("INSERT INTO run VALUES (5001)")
    told = started.done("rollback")
    assert "Airflow forgets what came after it" in told
    assert "X is asked for nothing that costs" in told
    is_as_before(started)
    started.done("rollback")
    assert (release(started), runs(started)) == (NEW, "5001")
    assert set(started.running().values()) == {NEW}


@pytest.mark.parametrize("call", ["pg_dump", "createdb", "pg_restore --dbname", "psql"])
def test_a_rollback_that_fails_has_changed_nothing_and_can_be_tried_again(started, call):
    started.done("upgrade", NEW)
    started.order(call, said="no")
    assert "no" in started.refused("rollback")
    assert (release(started), runs(started)) == (NEW, "5000")
    assert set(started.running().values()) == {NEW}
    started.done("rollback")
    is_as_before(started)


def test_images_that_nobody_goes_back_to_leave_the_disk(started):
    started.image(NEWER)
    started.done("upgrade", NEW)
    started.done("upgrade", NEWER)
    there = {file.name.rpartition("_")[2] for file in (started.standin / "images").iterdir()}
    assert there == {"2", "3"}


def test_what_is_remembered_is_no_secret(started):
    started.done("upgrade", NEW)
    state = json.loads((started.folder / "var" / "state.json").read_text())
    assert state.pop("began").endswith("+00:00")
    assert state == {"image": NEW, "previous": {"image": OLD, "backup": backups(started)[0]}}
