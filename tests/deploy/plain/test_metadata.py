"""Backups of a host without Docker: the real program, a real PostgreSQL, and moto."""

from __future__ import annotations

import itertools
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import boto3
import psycopg
import pytest
from airflow import __version__ as installed

from tests.deploy.command.machine import programs

PROGRAM = Path(__file__).parents[3] / "deploy" / "plain" / "metadata.py"
KEY = r"backups/metadata/\d{8}T\d{6}Z\.dump"
_numbers = itertools.count()


class Plain:
    """A host whose services are stopped, with 20,000 rows of metadata."""

    def __init__(self, s3, database, url, capsys, monkeypatch):
        self.s3, self.database, self.bucket = s3, database, f"plain-{next(_numbers)}"
        s3.create_bucket(Bucket=self.bucket)
        self.environment = {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": s3.meta.endpoint_url,
            "PATH": f"{programs()}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TWEET_LAKE_BUCKET": self.bucket,
        }
        self._capsys, self._monkeypatch = capsys, monkeypatch
        self.login = {"host": database.socket, "user": "tweet-lake", "dbname": "airflow"}
        self.sql("CREATE TYPE kind AS ENUM ('scheduled', 'manual')")
        self.sql(
            "CREATE TABLE run (id serial PRIMARY KEY, kind kind);"
            "INSERT INTO run SELECT generate_series(1, 20000), 'manual';"
            "CREATE VIEW newest AS SELECT max(id) FROM run"
        )

    def sql(self, text):
        with psycopg.connect(**self.login) as connection:
            done = connection.execute(text)
            return done.fetchone()[0] if done.description else None

    def run(self, *arguments):
        """Its exit code, what it says and what it complains about; in this process."""
        with self._monkeypatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", [str(PROGRAM), *arguments])
            patch.setattr(sys, "path", list(sys.path))
            self._capsys.readouterr()
            code = runpy.run_path(str(PROGRAM), run_name="in_a_test")["main"]()
        return code, *self._capsys.readouterr()

    def done(self, *arguments):
        code, said, told = self.run(*arguments)
        assert code == 0, told
        return said

    def refused(self, *arguments):
        code, _, told = self.run(*arguments)
        assert code == 1
        (sentence,) = [line for line in told.splitlines() if line.startswith("metadata: ")]
        assert "Traceback" not in told
        return sentence

    def back_up(self):
        (key,) = re.findall(KEY, self.done("backup"))
        return key

    def listed(self):
        """The lines of ours: where a connection was looked for is Airflow's word."""
        lines = self.done("list").splitlines()
        return [line for line in lines if line.startswith("backups/")]

    def damage(self):
        self.sql("DELETE FROM run WHERE id > 7; CREATE TABLE of_a_later_release (id int)")

    def runs(self):
        return self.sql("SELECT count(*) FROM run")


@pytest.fixture(params=[True, False], ids=["owner", "guest"])
def plain(request, s3, database, capsys, monkeypatch):
    url = database.belong_to("tweet-lake", entirely=request.param)
    return Plain(s3, database, url, capsys, monkeypatch)


@pytest.fixture
def owner(s3, database, capsys, monkeypatch):
    url = database.belong_to("tweet-lake", entirely=True)
    return Plain(s3, database, url, capsys, monkeypatch)


def test_what_was_damaged_comes_back_as_often_as_one_likes(plain):
    key = plain.back_up()
    size = plain.s3.head_object(Bucket=plain.bucket, Key=key)["ContentLength"]
    assert plain.listed() == [f"{key}  {size:,} bytes"]
    for _ in range(2):  # the second finds the rights that the first has left
        plain.damage()
        assert "The metadata is that of 20" in plain.done("restore", key)
        assert plain.runs() == 20000
        assert plain.sql("SELECT to_regclass('of_a_later_release')") is None
        assert plain.sql("SELECT max FROM newest") == 20000
        assert plain.sql("SELECT nextval('run_id_seq')") == 1


def test_below_running_services_nothing_is_replaced(owner):
    key = owner.back_up()
    owner.damage()
    with psycopg.connect(**owner.login):  # as the scheduler's
        told = owner.refused("restore", key)
    assert "systemctl stop tweet-lake.target comes first" in told
    assert owner.runs() == 7


def test_a_dump_that_was_cut_changes_nothing(owner):
    key = owner.back_up()
    whole = owner.s3.get_object(Bucket=owner.bucket, Key=key)["Body"].read()
    owner.s3.put_object(Bucket=owner.bucket, Key=key, Body=whole[: len(whole) // 2])
    owner.damage()
    assert f"{key} can't be restored, all is as it was" in owner.refused("restore", key)
    assert owner.runs() == 7


def test_metadata_that_can_t_be_dumped_are_no_backup(owner):
    owner.database.sql("REVOKE ALL ON run FROM PUBLIC; ALTER TABLE run OWNER TO airflow")
    told = owner.refused("backup")
    assert "no backup was made, the metadata can't be dumped: pg_dump: error" in told
    assert "permission denied" in told
    assert owner.listed() == []


def test_a_dump_of_a_newer_airflow_is_not_put_below_an_older_one(owner):
    key, copy = owner.back_up(), "backups/metadata/20990101T000000Z.dump"
    source = {"Bucket": owner.bucket, "Key": key}
    about = {"Metadata": {"airflow": "99.1.0"}, "MetadataDirective": "REPLACE"}
    owner.s3.copy_object(CopySource=source, Bucket=owner.bucket, Key=copy, **about)
    owner.damage()
    told = owner.refused("restore", copy)
    assert f"is of Airflow 99.1.0, and here is {installed}" in told
    assert "install that release first" in told
    assert owner.runs() == 7


def test_a_backup_that_is_not_there(owner):
    newest = owner.back_up()
    told = owner.refused("restore", "backups/metadata/20260101T000000Z.dump")
    assert f"20260101T000000Z.dump is not there; the newest is {newest}" in told


def test_a_host_whose_bucket_nobody_has_named(owner):
    owner.environment["TWEET_LAKE_BUCKET"] = ""
    told = owner.refused("backup")
    assert told.endswith(
        "TWEET_LAKE_BUCKET is not set in /etc/tweet-lake/host.env; name the bucket"
    )


def test_a_bucket_that_is_not_there(owner):
    owner.environment["TWEET_LAKE_BUCKET"] = "a-bucket-of-nobody"
    told = owner.refused("backup")
    assert "s3://a-bucket-of-nobody/backups/metadata/" in told
    assert "is TWEET_LAKE_BUCKET in host.env the right one?" in told


def test_a_bucket_of_somebody_else(owner, monkeypatch):
    sts = boto3.client(
        "sts",
        endpoint_url=owner.s3.meta.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    role = "arn:aws:iam::888888888888:role/somebody"
    login = sts.assume_role(RoleArn=role, RoleSessionName="else")["Credentials"]
    stranger = boto3.client(
        "s3",
        endpoint_url=owner.s3.meta.endpoint_url,
        aws_access_key_id=login["AccessKeyId"],
        aws_secret_access_key=login["SecretAccessKey"],
        aws_session_token=login["SessionToken"],
        region_name="us-east-1",
    )
    monkeypatch.setenv("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")
    owner.environment["TWEET_LAKE_BUCKET"] = f"{owner.bucket}-of-a-stranger"
    stranger.create_bucket(Bucket=f"{owner.bucket}-of-a-stranger")
    assert "it is somebody else's, or this host's role may not" in owner.refused("backup")


def test_no_login(owner):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        owner.environment[name] = ""
    owner.environment |= {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere"}
    told = owner.refused("backup")
    assert "has the host its role or its credentials, and a way to AWS?" in told


def test_a_host_without_pg_dump(owner):
    owner.environment["PATH"] = "/nowhere"
    assert "'pg_dump'" in owner.refused("backup")


def test_it_runs_as_a_unit_runs_it(owner, tmp_path):
    """With no ``aws_default``: Airflow looks for it in the metadata, and has to let go of them."""
    key = owner.back_up()
    owner.damage()
    environment = {**owner.environment, "AIRFLOW_HOME": str(tmp_path)}
    line = [sys.executable, PROGRAM, "restore", key]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert owner.runs() == 20000
