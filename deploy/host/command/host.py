"""This host: what is set, which image runs, and Docker Compose with both."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from command.trouble import Trouble, asking_aws, fails, run, say

IN_IMAGE = "/opt/airflow/tweet-lake/deploy/host"
AIRFLOW = ("scheduler", "dag-processor", "triggerer", "api-server")
"""In the order in which they are stopped: the scheduler's tasks need the API server to end."""
HEALTHY_SECONDS = 600


class Host:
    """This host.

    Args:
        settings: the file that cloud-init has written, of lines like ``NAME=value``.

    Raises:
        Trouble: it can't be read, or something in it is missing.
    """

    def __init__(self, settings: Path) -> None:
        try:
            lines = settings.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise Trouble(f"{error}; cloud-init writes this file, and root may read it") from None
        self.file = settings
        self._settings = dict(
            line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")
        )
        os.environ["AWS_DEFAULT_REGION"] = self["AWS_DEFAULT_REGION"]
        self.bucket = self["TWEET_LAKE_BUCKET"]
        self.has_own_database = self["TWEET_LAKE_DATABASE"] == "local"
        self.folder = Path(self._settings.get("TWEET_LAKE_FOLDER", "/var/lib/tweet-lake"))
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._memory = self.folder / "state.json"

    def __getitem__(self, name: str) -> str:
        if not self._settings.get(name):
            raise Trouble(f"{name} is not set in {self.file}; the stack's outputs have its value")
        return self._settings[name]

    @cached_property
    def state(self) -> dict[str, Any]:
        """What is kept over restarts.

        ``image`` that runs, since when it ``began`` with metadata of its own, the ``previous``
        image with its backup, and the ``move`` to another that has not ended: move.py.

        Raises:
            Trouble: it is damaged.
        """
        return self._recall()

    def _recall(self) -> dict[str, Any]:
        if not self._memory.exists():
            return {}
        try:
            return dict(json.loads(self._memory.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise Trouble(
                f"{self._memory} is damaged ({error}); move it away, and tweet-lake start starts "
                "what the stack names, with the metadata that is here"
            ) from None

    def remember(self, **facts: Any) -> None:
        """Keep facts over the host's restarts; None forgets one.

        Raises:
            Trouble: the disk is full; what was known before is still there.
        """
        state = {k: v for k, v in {**self.state, **facts}.items() if v is not None}
        if state == self.state:
            return
        draft = self._memory.with_suffix(".part")
        try:
            draft.write_text(json.dumps(state, indent=1), encoding="utf-8")
            draft.replace(self._memory)
        except OSError as error:
            raise Trouble(f"nothing can be kept on this host: {error}") from None
        self.state = state

    @contextmanager
    def alone(self, *, patient: bool) -> Iterator[None]:
        """One command at a time: the timer's backup must not meet an upgrade.

        Args:
            patient: wait for the other one; systemd bounds how long.

        Raises:
            Trouble: another one is at work.
        """
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not patient:
                    said = "another tweet-lake is at work on this host; wait for it"
                    raise Trouble(said) from None
                say("another tweet-lake is at work on this host: waiting for its end")
                fcntl.flock(lock, fcntl.LOCK_EX)
                self.state = self._recall()
            yield

    def wanted(self) -> str:
        """The image that the stack names."""
        name = self["TWEET_LAKE_IMAGE_PARAMETER"]
        with asking_aws(f"the parameter {name}"):
            return str(boto3.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])

    def secret(self, name: str) -> str:
        """One of the host's own secrets."""
        name = f"{self['TWEET_LAKE_SECRETS_PREFIX']}/airflow/{name}"
        with asking_aws(f"the secret {name}"):
            client = boto3.client("secretsmanager")
            return str(client.get_secret_value(SecretId=name)["SecretString"])

    def fetch(self, image: str) -> None:
        """Have the image here, and its ``deploy/host`` beside it; it needs no AWS if it is."""
        folder = self._release(image)
        if folder.exists() and not fails("docker", "image", "inspect", image):
            return
        self._log_in(image.split("/", 1)[0])
        run("docker", "pull", "--quiet", image, what=f"the image {image} can't be had")
        container = run("docker", "create", image, what=f"{image} can't be opened").strip()
        draft = folder.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            source = f"{container}:{IN_IMAGE}/."
            run("docker", "cp", source, str(draft), what=f"{image} is no image of tweet-lake")
        finally:
            run("docker", "rm", container, what=f"{image} can't be closed")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)

    def _log_in(self, registry: str) -> None:
        if ".dkr.ecr." not in registry:
            return
        with asking_aws(f"the login to {registry}"):
            answer = boto3.client("ecr").get_authorization_token()["authorizationData"][0]
        user, password = base64.b64decode(answer["authorizationToken"]).decode().split(":", 1)
        login = ("docker", "login", "--username", user, "--password-stdin", registry)
        run(*login, what=f"the login to {registry} failed", feed=password)

    def _release(self, image: str) -> Path:
        return self.folder / "releases" / hashlib.sha256(image.encode()).hexdigest()[:12]

    def compose(self, *command: str, image: str | None = None) -> list[str]:
        """The line that runs Docker Compose with what runs here, or with another image.

        Raises:
            Trouble: nothing was started here yet.
        """
        image = image or self.state.get("image")
        if image is None:
            raise Trouble("nothing was started here yet: tweet-lake start")
        file = self._release(image) / "compose.yaml"
        # Each release lies in a folder of its own; containers and volumes are those of one project.
        files = ["--project-name", "tweet-lake", "--env-file", str(self.file), "--file", str(file)]
        profile = ["--profile", "local"] if self.has_own_database else []
        start = ["env", f"TWEET_LAKE_IMAGE={image}", "docker", "compose"]
        return [*start, *files, *profile, *command]

    def up(self, image: str) -> None:
        """Start the image, which migrates its database first, and wait until all is healthy."""
        waiting = ("--wait", "--wait-timeout", str(HEALTHY_SECONDS))
        line = self.compose("up", "--detach", "--remove-orphans", *waiting, image=image)
        run(*line, what=f"{image} does not get healthy (docker ps --all tells which)")
        link = self.folder / "current.part"
        link.unlink(missing_ok=True)
        link.symlink_to(self._release(image))
        link.replace(self.folder / "current")
        units = self._release(image) / "units"
        if units.exists():  # not in every release that one may go back to
            run(str(units), what=f"systemd does not take the units of {image}")

    def migrate(self, image: str) -> None:
        """Bring the metadata to what the image needs, which starting it does as well."""
        line = self.compose("run", "--rm", "-T", "migrate", image=image)
        run(*line, what=f"{image} can't migrate the metadata")

    def start_database(self, image: str) -> None:
        """Have the database up, as the image's compose file says it."""
        if self.has_own_database:
            line = self.compose("up", "--detach", "--wait", "postgres", image=image)
            run(*line, what="the database does not start")

    def quieten(self) -> None:
        """Stop Airflow, once the tasks under way have ended; the database goes on."""
        for service in AIRFLOW:
            run(*self.compose("stop", service), what=f"{service} can't be stopped")

    def running(self) -> set[str]:
        """The services that run."""
        line = self.compose("ps", "--services", "--status", "running")
        return set(run(*line, what="the services can't be listed").split())
