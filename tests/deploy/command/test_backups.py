"""`tweet-lake backup` and `restore`: whole, or not at all."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import boto3
import psycopg
import pytest

from tests.deploy.command.machine import NEW, OLD, HostMachine, client


@pytest.fixture
def started(host):
    """A host with 20,000 rows of metadata."""
    host.done("start")
    host.database.sql("CREATE TABLE run AS SELECT generate_series(1, 20000) AS id")
    return host


def runs(host):
    return host.database.sql("SELECT count(*) FROM run")


def keys(host):
    listed = client("s3", host.endpoint).list_objects_v2(Bucket=host.bucket)
    return [entry["Key"] for entry in listed.get("Contents", [])]


def test_a_backup_comes_back(started):
    place = started.done("backup").strip()
    assert place.startswith(f"s3://{started.bucket}/backups/metadata/2")
    assert place.endswith("Z.dump")
    started.database.sql("DELETE FROM run WHERE id > 7; CREATE TABLE of_a_later_release (id int)")
    started.done("stop")
    told = started.done("restore")
    assert "tweet-lake start goes on" in told
    assert runs(started) == "20000"
    assert started.database.sql("SELECT to_regclass('of_a_later_release')") == ""
    assert started.database.names() == {"airflow"}
    started.done("start")


def test_what_a_restore_replaces_is_kept(started):
    started.done("backup")
    started.database.sql("DELETE FROM run WHERE id > 7")
    started.done("stop")
    told = started.done("restore")
    assert runs(started) == "20000"
    (kept,) = re.findall(rf"as it was left is kept as s3://{started.bucket}/(\S+)", told)
    # What was put aside is the newest, and yet not what anybody means.
    (backup,) = set(keys(started)) - {kept}
    assert f"backup    {backup}\n" in started.done("status")
    started.done("restore")
    assert runs(started) == "20000"
    started.done("restore", kept)
    assert runs(started) == "7"


def test_metadata_that_can_t_be_dumped_can_be_replaced(started):
    started.done("backup")
    started.database.sql("DELETE FROM run WHERE id > 7")
    started.done("stop")
    started.order("pg_dump", said="invalid page in block 7")
    assert "invalid page in block 7" in started.done("restore")
    assert runs(started) == "20000"


@pytest.mark.parametrize(
    ("program", "said"),
    [("pg_restore --file=", "no such container"), ("pg_restore --dbname", "No space left")],
    ids=["what is there can't be kept", "the backup can't be read in"],
)
def test_a_restore_that_can_t_be_done_leaves_all_as_it_was(started, program, said):
    started.done("backup")
    started.database.sql("DELETE FROM run WHERE id > 7")
    started.done("stop")
    started.order(program, said=said)
    assert said in started.refused("restore")
    assert runs(started) == "7"
    assert started.database.names() == {"airflow"}, "half a copy fills the disk"


def test_a_restore_takes_what_the_backup_has_printed(started):
    place = started.done("backup").strip()
    started.done("stop")
    assert started.done("restore", place).startswith("the metadata as it was left")


def test_status_says_what_it_can_where_aws_says_nothing(started):
    started.set(TWEET_LAKE_BUCKET="of-nobody")
    process = started.start("status")
    told, refused = process.communicate()
    assert process.returncode == 1
    assert "disk " in told
    assert "tweet-lake-scheduler-1" in told
    assert "s3://of-nobody/backups/metadata/" in refused


def test_the_backup_tells_of_which_release_it_is(started):
    started.done("backup")
    about = client("s3", started.endpoint).head_object(Bucket=started.bucket, Key=keys(started)[0])
    assert about["Metadata"] == {"image": OLD}


def test_a_named_backup_comes_back_and_one_that_is_not_there_does_not(started):
    started.done("backup")
    first = keys(started)[0]
    s3, older = client("s3", started.endpoint), "backups/metadata/20260101T000000Z.dump"
    source = {"Bucket": started.bucket, "Key": first}
    s3.copy_object(CopySource=source, Bucket=started.bucket, Key=older)
    started.done("stop")
    assert "2026-01-01 00:00 UTC" in started.done("restore", older)
    told = started.refused("restore", "backups/metadata/20270101T000000Z.dump")
    assert f"20270101T000000Z.dump is not there; the newest is {first}" in told


def test_without_any_backup(started):
    started.done("stop")
    assert f"s3://{started.bucket}/backups/metadata/ is not there" in started.refused("restore")


def test_nothing_is_restored_below_a_running_airflow(started):
    started.done("backup")
    started.database.sql("DELETE FROM run")
    told = started.refused("restore")
    assert "api-server, dag-processor, scheduler, triggerer use the metadata" in told
    assert "tweet-lake stop comes first" in told
    assert runs(started) == "0"


def test_somebody_who_is_connected_to_the_metadata_keeps_it(started):
    started.done("backup")
    started.database.sql("DELETE FROM run")
    started.done("stop")
    with psycopg.connect(host=started.database.socket, user="airflow", dbname="airflow"):
        assert "somebody else is connected to the metadata" in started.refused("restore")
    assert runs(started) == "0"
    started.done("restore")
    assert runs(started) == "20000"


@pytest.mark.parametrize("code", [0, 1], ids=["and nobody says so", "and fails"])
def test_half_a_dump_is_no_backup(started, code):
    said = 'pg_dump: error: could not write: "No space left on device"'
    started.order("pg_dump", how="cut", said=said, code=code)
    told = started.refused("backup")
    assert "no backup was made" in told
    assert said in told
    assert keys(started) == []
    uploads = client("s3", started.endpoint).list_multipart_uploads(Bucket=started.bucket)
    assert "Uploads" not in uploads


def test_a_dump_that_can_t_be_checked_is_no_backup(started):
    started.order("pg_restore --file=", said="no such container")
    assert "no backup was made" in started.refused("backup")
    assert keys(started) == []


def test_a_backup_that_was_cut_in_the_bucket_changes_nothing(started):
    started.done("backup")
    key, s3 = keys(started)[0], client("s3", started.endpoint)
    whole = s3.get_object(Bucket=started.bucket, Key=key)["Body"].read()
    there = {"Bucket": started.bucket, "Key": key, "Metadata": {"image": OLD}}
    s3.put_object(**there, Body=whole[: len(whole) // 2])
    started.database.sql("DELETE FROM run WHERE id > 7")
    started.done("stop")
    told = started.refused("restore")
    assert f"{key} can't be restored, all is as it was" in told
    assert runs(started) == "7"
    s3.put_object(**there, Body=b"no dump at all")
    assert "can't be restored" in started.refused("restore")
    assert runs(started) == "7"


def test_a_bucket_that_is_not_there(started):
    started.set(TWEET_LAKE_BUCKET="a-bucket-of-nobody")
    told = started.refused("backup")
    assert "s3://a-bucket-of-nobody/backups/metadata/" in told
    assert "is TWEET_LAKE_BUCKET in host.env the right one?" in told


@pytest.mark.parametrize("command", ["backup", "status"])
def test_a_bucket_of_somebody_else(started, command, monkeypatch):
    sts = client("sts", started.endpoint)
    role = "arn:aws:iam::999999999999:role/somebody"
    login = sts.assume_role(RoleArn=role, RoleSessionName="else")["Credentials"]
    stranger = boto3.client(
        "s3",
        endpoint_url=started.endpoint,
        aws_access_key_id=login["AccessKeyId"],
        aws_secret_access_key=login["SecretAccessKey"],
        aws_session_token=login["SessionToken"],
        region_name="us-east-1",
    )
    monkeypatch.setenv("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")
    stranger.create_bucket(Bucket=f"{started.bucket}-of-a-stranger")
    started.set(TWEET_LAKE_BUCKET=f"{started.bucket}-of-a-stranger")
    told = started.refused(command)
    assert f"s3://{started.bucket}-of-a-stranger/backups/metadata/" in told
    assert "it is somebody else's, or this host's role may not" in told


def test_no_credentials(started):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del started.environment[name]
    started.environment["AWS_EC2_METADATA_DISABLED"] = "true"
    _, told = started.start("backup").communicate()
    assert told.startswith("tweet-lake: ")
    assert "has the host its role" in told


def test_the_database_in_rds_is_dumped_over_tls_and_its_password_is_in_no_call(started):
    login = {"username": "airflow", "password": "s3cret", "host": "db.example", "port": 5432}
    secrets, name = client("secretsmanager", started.endpoint), "tweet-lake/airflow/database"
    secrets.create_secret(Name=name, SecretString=json.dumps({**login, "dbname": "airflow"}))
    started.set(TWEET_LAKE_DATABASE="rds")
    started.done("backup")
    dump = next(call for call in started.calls() if "pg_dump" in call)
    names = (
        "--env PGHOST --env PGPORT --env PGUSER --env PGPASSWORD --env PGDATABASE --env PGSSLMODE"
    )
    assert f"run --rm --interactive {names} postgres:17 pg_dump" in dump
    assert "s3cret" not in "".join(started.calls())
    started.done("stop")
    started.done("restore")
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    told = started.refused("backup")
    assert "the secret tweet-lake/airflow/database" in told
    assert "the stack makes it" in told


def test_rds_s_secret_that_is_not_complete_yet(started):
    secrets, name = client("secretsmanager", started.endpoint), "tweet-lake/airflow/database"
    secrets.create_secret(Name=name, SecretString='{"username": "airflow", "password": "s3cret"}')
    started.set(TWEET_LAKE_DATABASE="rds")
    told = started.refused("backup")
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    assert (
        f"the secret {name} does not say how to log in to RDS (KeyError('host') is amiss)" in told
    )
    assert "s3cret" not in told


def test_what_else_lies_there_is_no_backup(started):
    place, s3 = started.done("backup").strip(), client("s3", started.endpoint)
    for name in ("", "before-cleanup.dump", "20991231T235959Z.dump.part"):
        s3.put_object(Bucket=started.bucket, Key=f"backups/metadata/{name}", Body=b"")
    assert place.endswith(re.findall(r"^backup +(\S+)$", started.done("status"), re.MULTILINE)[0])
    started.done("stop")
    assert "before-cleanup.dump is not there" in started.refused(
        "restore", "backups/metadata/before-cleanup.dump"
    )
    started.done("restore")


def test_two_backups_in_a_second_are_two(started):
    assert started.done("backup") != started.done("backup")
    assert len(keys(started)) == 2


@pytest.fixture
def replaced(started, tmp_path):
    """A host in the place of one that was lost: its database is new, and so is its disk."""
    started.done("backup")
    kept = aged(started, days=1)
    started.database.make()
    (tmp_path / "new").mkdir()
    new = HostMachine(tmp_path / "new", started.endpoint, started.bucket, started.database)
    new.image(OLD)
    new.image(NEW)
    new.done("start")
    return new, kept


def aged(host, days):
    """The only backup, as if it had been made some days ago; its key."""
    (key,) = keys(host)
    made = datetime.now(UTC) - timedelta(days=days)
    older = f"backups/metadata/{made:%Y%m%dT%H%M%SZ}.dump"
    s3, source = client("s3", host.endpoint), {"Bucket": host.bucket, "Key": key}
    s3.copy_object(CopySource=source, Bucket=host.bucket, Key=older)
    s3.delete_object(**source)
    return older


def test_a_new_host_takes_the_backup_of_the_one_that_was_lost(replaced):
    host, _ = replaced
    host.done("stop")
    host.done("restore")
    assert runs(host) == "20000"


def test_a_new_host_never_takes_its_own_empty_metadata_for_what_was_lost(replaced):
    host, kept = replaced
    own = host.done("backup").strip().partition(f"{host.bucket}/")[2]  # as the timer does at night
    host.done("stop")
    told = host.refused("restore")
    assert f"  {kept} of {OLD}\n" in told
    assert f"  {own} of {OLD}, made on this host\n" in told
    assert "name it (tweet-lake restore KEY)" in told
    host.done("restore", kept)
    assert runs(host) == "20000"
    host.done("start")
    host.done("backup")
    host.database.sql("DELETE FROM run")
    host.done("stop")
    host.done("restore")  # now what it backs up is what everybody means
    assert runs(host) == "20000"


def test_what_a_rollback_has_kept_of_a_newer_release_is_not_taken_unasked(started):
    started.done("upgrade", NEW)
    started.done("rollback")
    of_old, of_new = keys(started)
    started.done("stop")
    told = started.refused("restore")
    assert f"{of_old} of {OLD}" in told
    assert f"{of_new} of {NEW}" in told


def test_metadata_that_the_release_can_t_take_changes_nothing(started):
    started.done("backup")
    started.database.sql("DELETE FROM run WHERE id > 7")
    started.done("stop")
    started.order("run --rm -T migrate", said="Can't locate revision identified by 'd2f4e1b3c5a7'")
    told = started.refused("restore")
    assert f"{keys(started)[0]} is of {OLD}, and {OLD} can't migrate the metadata" in told
    assert "Can't locate revision" in told
    assert "all is as it was" in told
    assert runs(started) == "7"
    started.done("restore")
    assert runs(started) == "20000"
    assert started.database.names() == {"airflow"}


@pytest.mark.parametrize(
    ("at", "left"),
    [("pg_restore --dbname", "7"), ("after psql", "20000"), ("after run --rm -T migrate", "20000")],
)
def test_a_restore_that_is_killed_leaves_the_one_or_the_other(started, at, left):
    started.done("backup")
    started.database.sql("DELETE FROM run WHERE id > 7")
    started.done("stop")
    started.killed("restore", at=at)
    started.done("start")
    assert runs(started) == left
    started.done("stop")
    started.done("restore")
    assert runs(started) == "20000"
    assert started.database.names() == {"airflow"}


def test_right_after_an_upgrade_the_backup_of_before_comes_back_and_is_migrated(started):
    started.done("upgrade", NEW)
    started.done("stop")
    started.done("restore")
    assert started.database.sql("SELECT name FROM release") == NEW
