"""From one release to another: the one thing on a host that can end half way.

What state.json holds survives whatever happens to a command; this is what each makes of it:

| state.json       | that is               | start      | upgrade    | rollback      | restore |
|------------------|-----------------------|------------|------------|---------------|---------|
| nothing          | a new host            | the stack's| refused    | refused       | refused |
| image            | it runs, or ran last  | that image | moves up   | moves down to | done    |
|                  |                       |            |            | `previous`    |         |
| image, move up   | an upgrade, cut short | refused    | goes on    | comes back    | refused |
| image, move down | a rollback, cut short | refused    | comes back | goes on       | refused |

A move, and where it leaves the host if a step fails, or if the command is killed in it:

| step                                             | it fails               | killed            |
|--------------------------------------------------|------------------------|-------------------|
| 1 pull; stop Airflow; back up                    | the old release again  | `start` starts it |
| 2 remember the move; down: put its backup back   | the old release again  | cut short         |
| 3 migrate; start; wait until all is healthy      | it comes back          | cut short         |
| 4 remember the new image, and what was `previous`|                        | cut short         |

Coming back puts the backup of step 1 back and starts the old release; where that fails too, the
host is left cut short. `previous` is touched by step 4 alone, so that what came back knows its own.
Before metadata is put aside that a release may have run with since, it is backed up.

A restore that is killed leaves either the metadata of before or those of the backup, and `start`
starts with them. It backs up what it replaces, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from command.host import Host
from command.metadata import Metadata
from command.trouble import Trouble, fails, say


def cut_short(host: Host) -> str | None:
    """What has not ended, and the ways out."""
    if "move" not in host.state:
        return None
    way, other = ("rollback", "upgrade") if is_down(host) else ("upgrade", "rollback")
    return (
        f"the {way} to {_move(host)['to']} was cut short: tweet-lake {way} tries again, "
        f"tweet-lake {other} goes back to {host.state['image']}"
    )


def is_down(host: Host) -> bool:
    """Whether what was cut short is a rollback."""
    return _move(host)["with"] is not None


def move(host: Host, to: str, backup: str | None = None) -> None:
    """Go on with another release.

    Args:
        host: where.
        to: the image.
        backup: the metadata that it goes on with; that of now, migrated, if None.

    Raises:
        Trouble: what was amiss, and what runs.
    """
    old = host.state["image"]
    host.fetch(to)
    metadata = Metadata(host)
    try:
        host.quieten()
        host.start_database(old)
        kept = metadata.back_up()
        say(f"the metadata is kept as {metadata.backups.place(kept)}")
        host.remember(move={"to": to, "with": backup, "kept": kept})
        if backup:
            metadata.put_back(backup, to)
    except (Trouble, OSError) as error:  # the metadata is as it was
        say(f"{error}\ngoing on with {old}")
        try:
            try:
                host.up(old)
            finally:
                host.remember(move=None)
        except Trouble as worse:
            way = cut_short(host) or "nothing runs: tweet-lake start tries again"
            raise Trouble(f"{error}; {worse}; {way}") from None
        raise
    _arrive(host, metadata)


def go_on(host: Host) -> None:
    """Bring what was cut short to its end."""
    to, backup = _move(host)["to"], _move(host)["with"]
    metadata = _begin_again(host, to, backup, f"upgrade {host.state['image']}")
    if backup:
        with _or_nothing_runs(host):
            metadata.put_back(backup, to)
    _arrive(host, metadata)


def come_back(host: Host) -> None:
    """Bring what was cut short back to where it began."""
    old = host.state["image"]
    other = "rollback" if is_down(host) else f"upgrade {_move(host)['to']}"
    _return(host, _begin_again(host, old, _move(host)["kept"], other))
    say(f"{old} runs as before")


def _arrive(host: Host, metadata: Metadata) -> None:
    old, to, kept = host.state["image"], _move(host)["to"], _move(host)["kept"]
    try:
        host.migrate(to)
        host.up(to)
    except (Trouble, OSError) as error:
        say(f"{error}\ngoing back to {old}")
        _return(host, metadata)
        raise Trouble(f"{to} was not kept, {old} runs as before: {error}") from error
    unused = host.state.get("previous", {}).get("image")
    host.remember(image=to, previous={"image": old, "backup": kept}, move=None)
    metadata.tidy()
    say(f"{to} runs; tweet-lake rollback goes back to {old}")
    if unused not in {None, old, to} and fails("docker", "image", "rm", unused):
        say(f"{unused} is still on the disk: docker image rm says why")


def _return(host: Host, metadata: Metadata) -> None:
    old = host.state["image"]
    with _or_nothing_runs(host):
        host.quieten()
        metadata.put_back(_move(host)["kept"], old)
        host.up(old)
    host.remember(move=None)
    metadata.tidy()


@contextmanager
def _or_nothing_runs(host: Host) -> Iterator[None]:
    try:
        yield
    except (Trouble, OSError) as error:
        raise Trouble(f"{error}; nothing runs; {cut_short(host)}") from error


def _begin_again(host: Host, image: str, key: str | None, other: str) -> Metadata:
    """Stop what runs, unless the backup that this needs is gone: then ``other`` is the way out."""
    host.fetch(image)
    metadata = Metadata(host)
    if key and key not in set(metadata.keys()):
        raise Trouble(
            f"{metadata.backups.place(key)}, the metadata of {image}, has expired or was deleted; "
            f"nothing was stopped, and tweet-lake {other} is the way out that is left"
        )
    with _or_nothing_runs(host):
        host.quieten()
        metadata.put_aside(image)
    return metadata


def _move(host: Host) -> dict[str, Any]:
    return dict(host.state["move"])
