"""Backups of Airflow's metadata in the bucket: `backup`, `list`, and `restore KEY`.

As root: ``tweet-lake-run python /opt/tweet-lake/deploy/plain/metadata.py list``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from functools import cached_property
from pathlib import Path

from airflow import __version__ as installed
from airflow import settings
from airflow.configuration import conf
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from packaging.version import Version
from sqlalchemy.engine import make_url

# A host with containers makes its backups with the same.
sys.path.insert(0, str(Path(__file__).parents[1] / "host"))
from command.backups import Backups, made_at
from command.trouble import Trouble, asking_aws, run

CLEAR = """
SET client_min_messages = warning;
SET lock_timeout = '60s';
DO $$ BEGIN
    IF EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
    ) THEN
        RAISE 'somebody is connected to the metadata; systemctl stop tweet-lake.target comes first';
    END IF;
    EXECUTE (
        SELECT coalesce(string_agg(format('DROP %s CASCADE', what), ';'), '') FROM (
            SELECT 'TABLE IF EXISTS ' || oid::regclass, relnamespace, relowner
            FROM pg_class WHERE relkind IN ('r', 'p')
            UNION ALL SELECT 'VIEW IF EXISTS ' || oid::regclass, relnamespace, relowner
            FROM pg_class WHERE relkind = 'v'
            UNION ALL SELECT 'SEQUENCE IF EXISTS ' || oid::regclass, relnamespace, relowner
            FROM pg_class WHERE relkind = 'S'
            UNION ALL SELECT 'TYPE IF EXISTS ' || oid::regtype, typnamespace, typowner
            FROM pg_type WHERE typtype = 'e'
            UNION ALL SELECT 'ROUTINE IF EXISTS ' || oid::regprocedure, pronamespace, proowner
            FROM pg_proc
        ) AS owned (what, place, owner)
        WHERE owner = current_user::regrole AND place::regnamespace::text !~ '^pg_'
    );
END $$;
"""
"""Drops what the user owns; DROP OWNED would take the user's rights away as well."""


def main() -> int:
    """Do what the command line says; 1 with a sentence if it can't be done."""
    parser = argparse.ArgumentParser(prog="metadata", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("backup", help="dump the metadata into the bucket")
    commands.add_parser("list", help="list the dumps, oldest first")
    restore_parser = commands.add_parser("restore", help="replace the metadata by a dump's")
    restore_parser.add_argument("key", help="as `list` shows it")
    asked = parser.parse_args()
    try:
        backups = open_backups()
        if asked.command == "backup":
            print(backups.place(backups.write(OnHost(), {"airflow": installed})))
        elif asked.command == "list":
            for key, size in backups.sizes().items():
                print(f"{key}  {size:,} bytes")
        else:
            restore(backups, asked.key)
    except (Trouble, OSError) as error:  # OSError: the disk is full, or pg_dump is not there
        print(f"metadata: {error}", file=sys.stderr)
        return 1
    return 0


def open_backups() -> Backups:
    """The bucket of host.env, with the login of ``aws_default`` or of the instance's role."""
    bucket = os.environ.get("TWEET_LAKE_BUCKET")
    if not bucket:
        raise Trouble("TWEET_LAKE_BUCKET is not set in /etc/tweet-lake/host.env; name the bucket")
    with asking_aws("the connection aws_default"):
        s3 = S3Hook("aws_default").get_conn()
        sts = AwsBaseHook("aws_default", client_type="sts").get_conn()
    if settings.engine is not None:  # the connection was looked for in the metadata, too
        settings.engine.dispose()
    return Backups(bucket, s3, sts)


def restore(backups: Backups, key: str) -> None:
    """Replace the metadata by a dump's: all of it, or nothing; the services must be stopped.

    Their next start migrates what an older version had dumped.
    """
    key, there = backups.key(key), list(backups.sizes())
    if key not in there:
        newest = f"; the newest is {there[-1]}" if there else ""
        raise Trouble(f"{backups.place(key)} is not there{newest}")
    of = backups.about(key).get("airflow", installed)
    if Version(of) > Version(installed):
        raise Trouble(
            f"{key} is of Airflow {of}, and here is {installed}, which can't read it; install that "
            "release first"
        )
    programs = OnHost()
    with tempfile.TemporaryFile() as script:
        backups.feed(
            key, programs, "pg_restore", "--no-owner", "--no-acl", "--file=-", output=script
        )
        script.seek(0)
        psql = ("psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
        orders = ("--single-transaction", f"--command={CLEAR}", "--file=-")
        run(
            *programs.line(*psql, *orders),
            what=f"{backups.place(key)} can't be restored, all is as it was",
            feed=script,
            env=programs.environment,
        )
    print(f"The metadata is that of {made_at(key):%Y-%m-%d %H:%M} UTC")


class OnHost:
    """PostgreSQL's programs of this machine, on the database that Airflow is told of."""

    def line(self, *command: str) -> list[str]:
        """The line that runs one of them."""
        return list(command)

    @cached_property
    def environment(self) -> dict[str, str]:
        """As libpq finds the metadata."""
        url = make_url(conf.get_mandatory_value("database", "sql_alchemy_conn"))
        named = {
            "PGHOST": url.query.get("host", url.host),
            "PGPORT": url.query.get("port", url.port),
            "PGUSER": url.username,
            "PGPASSWORD": url.password,
            "PGDATABASE": url.database,
            "PGSSLMODE": url.query.get("sslmode"),
            "PGSSLROOTCERT": url.query.get("sslrootcert"),
        }
        return {**os.environ, **{name: str(value) for name, value in named.items() if value}}


if __name__ == "__main__":
    sys.exit(main())
