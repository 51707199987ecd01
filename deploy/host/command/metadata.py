"""Airflow's metadata on a host with containers: dumped, replaced, and what was there taken back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property

import boto3
from botocore.config import Config

from command.backups import Backups, do
from command.host import Host
from command.trouble import Trouble, Undumpable, fails, run, say


class Metadata:
    """The database ``airflow`` of a host, and its backups.

    Args:
        host: whose.
        config: how AWS is asked, where not as usual.
    """

    def __init__(self, host: Host, config: Config | None = None) -> None:
        self._host = host
        s3, sts = boto3.client("s3", config=config), boto3.client("sts", config=config)
        self.backups = Backups(host.bucket, s3, sts)

    def back_up(self) -> str:
        """Dump it into the bucket; the key. What a move has left half way is of no release."""
        about = {} if "move" in self._host.state else {"image": self._host.state["image"]}
        return self.backups.write(self._programs(), about)

    def put_aside(self, image: str) -> None:
        """Dump what something else is about to replace, unless it can't be read any more.

        Args:
            image: whose compose file says what the database is.

        Raises:
            Trouble: it can be read, and yet not be kept.
        """
        self._host.start_database(image)
        try:
            place = self.backups.place(self.backups.write(self._programs(image), {}))
            say(f"the metadata as it was left is kept as {place}")
        except Undumpable as error:
            say(f"the metadata as it was left can't be kept: {error}")

    def keys(self) -> list[str]:
        """All backups of a release, the oldest first."""
        return self.backups.keys()

    def release(self, key: str) -> str | None:
        """The image that a backup is of."""
        return self.backups.about(key).get("image")

    def put_back(self, key: str, image: str) -> None:
        """Put a backup in the place of what is there: all of it, or nothing has changed.

        Args:
            key: the backup.
            image: whose compose file says what the database is.
        """
        self._host.start_database(image)
        programs = self._programs(image)
        for leftover in ("restored", "replaced"):
            what = "an earlier restore can't be tidied up"
            do(programs, "dropdb", "--if-exists", leftover, what=what)
        do(programs, "createdb", "restored", what="the database takes no second one beside it")
        restore = ("pg_restore", "--dbname=restored", "--no-owner", "--exit-on-error")
        try:
            self.backups.feed(key, programs, *restore)
            self._rename(airflow="replaced", restored="airflow")
        except Trouble:
            self._drop("restored")
            raise

    def take_back(self) -> None:
        """Undo `put_back`."""
        self._rename(airflow="restored", replaced="airflow")
        self._drop("restored")

    def tidy(self) -> None:
        """Make the last `put_back` final."""
        self._drop("replaced")

    def _drop(self, name: str) -> None:
        """Make room; where that fails, the next `put_back` does it."""
        programs = self._programs()
        fails(*programs.line("dropdb", "--if-exists", name), env=programs.environment)

    def _rename(self, **names: str) -> None:
        orders = [f"--command=ALTER DATABASE {old} RENAME TO {new}" for old, new in names.items()]
        psql = ("psql", "--quiet", "--dbname=postgres", "--single-transaction", *orders)
        # Perhaps of a command that was killed: nobody has stopped what it began.
        what = (
            "somebody else is connected to the metadata (if docker ps shows a migrate, wait for "
            "its end or docker stop it, and try again)"
        )
        do(self._programs(), *psql, "--set=ON_ERROR_STOP=1", what=what)

    def _programs(self, image: str | None = None) -> _InContainers:
        return _InContainers(self._host, image or self._host.state["image"], self._login)

    @cached_property
    def _login(self) -> dict[str, str]:
        """As libpq finds it in its environment."""
        if self._host.has_own_database:
            return {"PGUSER": "airflow", "PGDATABASE": "airflow"}
        try:
            known = json.loads(self._host.secret("database"))
            return {
                "PGHOST": str(known["host"]),
                "PGPORT": str(known["port"]),
                "PGUSER": known["username"],
                "PGPASSWORD": known["password"],
                "PGDATABASE": "airflow",
                "PGSSLMODE": "require",
            }
        except (ValueError, KeyError, TypeError) as error:
            name = f"{self._host['TWEET_LAKE_SECRETS_PREFIX']}/airflow/database"
            raise Trouble(
                f"the secret {name} does not say how to log in to RDS ({error!r} is amiss); the "
                "stack puts it there once RDS is up: look at the stack's events"
            ) from None


class _InContainers:
    """PostgreSQL's programs, of the server's own version, in a container."""

    def __init__(self, host: Host, image: str, login: Mapping[str, str]) -> None:
        self._host, self._image, self._login = host, image, login
        self.environment = {**os.environ, **login}

    def line(self, *command: str) -> list[str]:
        """The line that runs one of them."""
        names = [word for name in self._login for word in ("--env", name)]
        if self._host.has_own_database:
            inside = ("exec", "-T", *names, "postgres", *command)
            return self._host.compose(*inside, image=self._image)
        return ["docker", "run", "--rm", "--interactive", *names, self._client, *command]

    @cached_property
    def _client(self) -> str:
        """The image of the service that RDS takes the place of: its programs speak with RDS too."""
        line = self._host.compose("--profile", "local", "config", "--format", "json")
        told = run(*line, what="the compose file can't be read")
        return str(json.loads(told)["services"]["postgres"]["image"])
