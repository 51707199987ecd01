"""Backups of Airflow's metadata in the bucket: `backup`, `list`, and `restore KEY`.

As root: ``tweet-lake-run python /opt/tweet-lake/deploy/plain/metadata.py list``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from airflow.configuration import conf
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from sqlalchemy.engine import make_url

PREFIX = "backups/metadata/"


def main() -> int:
    """Do what the command line says; 1 with a sentence if it can't be done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("backup", help="dump the metadata into the bucket")
    commands.add_parser("list", help="list the dumps, oldest first")
    restore = commands.add_parser("restore", help="replace the metadata by a dump's")
    restore.add_argument("key", help="as `list` shows it")
    arguments = parser.parse_args()
    bucket = os.environ["TWEET_LAKE_BUCKET"]
    s3 = S3Hook("aws_default").get_conn()
    try:
        if arguments.command == "backup":
            backup(s3, bucket, datetime.now(UTC))
        elif arguments.command == "list":
            list_dumps(s3, bucket)
        else:
            restore_dump(s3, bucket, arguments.key)
    except subprocess.CalledProcessError as error:
        print(f"{error.cmd[0]} failed: {error.stderr.strip()}", file=sys.stderr)
        return 1
    return 0


def backup(s3: Any, bucket: str, now: datetime) -> None:
    """Store ``pg_dump``'s compressed form under the time in UTC."""
    key = f"{PREFIX}{now:%Y%m%dT%H%M%SZ}.dump"
    with TemporaryDirectory() as folder:
        dump = Path(folder, "metadata.dump")
        run(["pg_dump", "--format=custom", f"--file={dump}"])
        s3.upload_file(str(dump), bucket, key)
        print(f"s3://{bucket}/{key}  {dump.stat().st_size:,} bytes")


def list_dumps(s3: Any, bucket: str) -> None:
    """Print each dump's key and size."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX):
        for found in page.get("Contents", []):
            print(f"{found['Key']}  {found['Size']:,} bytes")


def restore_dump(s3: Any, bucket: str, key: str) -> None:
    """Replace everything that the metadata's user owns by the dump: all of it, or nothing.

    The services must be stopped; their next start migrates what an older version had dumped.
    """
    with TemporaryDirectory() as folder:
        dump, script = Path(folder, "metadata.dump"), Path(folder, "metadata.sql")
        s3.download_file(bucket, key, str(dump))
        run(["pg_restore", "--no-owner", "--no-acl", f"--file={script}", str(dump)])
        run(
            ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--output=/dev/null",
             "--single-transaction", "--command=DROP OWNED BY CURRENT_USER", f"--file={script}"]
        )  # fmt: skip
    print(f"Restored from s3://{bucket}/{key}")


def run(command: list[str]) -> None:
    """Run one of PostgreSQL's programs on the metadata; no password on its command line."""
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
    environment = {name: str(value) for name, value in named.items() if value}
    subprocess.run(
        command, env={**os.environ, **environment}, check=True, capture_output=True, text=True
    )


if __name__ == "__main__":
    sys.exit(main())
