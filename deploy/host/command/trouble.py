"""What can go wrong on a host, as sentences that name the remedy."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

_COMPARE = "is {} in host.env the right one?"
_REMEDIES = {
    "AccessDenied": "it is somebody else's, or this host's role may not; " + _COMPARE.format("it"),
    "ExpiredToken": "the credentials have expired; is the clock right (timedatectl)?",
    "InvalidAccessKeyId": "the credentials are not valid any more",
    "NoSuchBucket": _COMPARE.format("TWEET_LAKE_BUCKET"),
    "NoSuchKey": "it has expired, or was deleted",
    "ParameterNotFound": _COMPARE.format("TWEET_LAKE_IMAGE_PARAMETER"),
    "ResourceNotFound": "the stack makes it: look at the stack's events",
    "UnrecognizedClient": "the credentials are not valid any more",
}
_PACKAGES = {"docker": "docker.io docker-compose-v2"}


class Trouble(Exception):
    """Something that a person has to know; the message names it and the remedy."""


class Undumpable(Trouble):
    """The metadata can't be read any more."""


def run(
    *command: str,
    what: str,
    feed: str | IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end.

    Args:
        command: its name and arguments.
        what: what is the matter if it fails; its own last words are put behind.
        feed: its standard input: a text, or a file.
        env: its environment, if that is not ours.

    Returns:
        Its standard output.

    Raises:
        Trouble: it is not there, or it failed.
    """
    try:
        given: Any = {"input": feed} if isinstance(feed, str) else {"stdin": feed}
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, **given, capture_output=True, text=True, check=False, env=env
        )
    except FileNotFoundError:
        package = _PACKAGES.get(command[0], "postgresql-client")
        raise Trouble(f"there is no {command[0]}: apt install {package}") from None
    if done.returncode:
        raise Trouble(f"{what}: {last_words(done.stderr or done.stdout)}")
    return done.stdout


def fails(*command: str, env: Mapping[str, str] | None = None) -> bool:
    """Whether a program says no, where that is no trouble."""
    return subprocess.run(command, capture_output=True, check=False, env=env).returncode != 0


def say(text: str) -> None:
    """Print a line at once: an upgrade takes minutes."""
    print(text, flush=True)


def last_words(text: str) -> str:
    """The end of what a program said, on one line."""
    return " ".join(text.split())[-600:]


@contextmanager
def asking_aws(what: str) -> Iterator[None]:
    """Say what AWS refused, and what to do about it.

    Raises:
        Trouble: it refused, or could not be asked.
    """
    try:
        yield
    except ClientError as error:
        code = str(error.response["Error"]["Code"]).removesuffix("Exception")
        raise Trouble(f"{what}: {error}; {_REMEDIES.get(code, 'see AWS about it')}") from error
    except BotoCoreError as error:
        remedy = "has the host its role or its credentials, and a way to AWS?"
        raise Trouble(f"{what}: {error}; {remedy}") from error
