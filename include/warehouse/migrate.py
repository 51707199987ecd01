"""Bring the warehouse's schema up to date: ``python -m include.warehouse.migrate``."""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from include.errors import BadConfiguration, TweetLakeError
from include.warehouse import views

_ONE_AT_A_TIME = 7_264_505_160
"""Number of the lock that a migration takes; any other would do."""


def config() -> Config:
    """Alembic's configuration; ``attributes["connection"]`` is the caller's to set."""
    settings = Config()
    folder = str(Path(__file__).with_name("migrations"))
    settings.set_main_option("script_location", folder.replace("%", "%%"))
    return settings


def upgrade(engine: Engine) -> None:
    """Make or change tables and functions, and make the views anew, all or nothing.

    Raises:
        BadConfiguration: a newer version of this project has migrated it.
        DBAPIError: the role is not the owner's, or the server was lost.
    """
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})
        views.drop(connection)
        alembic = config()
        alembic.attributes["connection"] = connection
        try:
            command.upgrade(alembic, "head")
        except CommandError as error:
            raise BadConfiguration(
                f"the warehouse has the schema of another version of this project ({error}); "
                "run the newest"
            ) from error
        views.create(connection)


def is_current(connection: Connection) -> bool:
    """Whether the schema is the one that this version of the project needs."""
    heads = ScriptDirectory.from_config(config()).get_heads()
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return False
    found = connection.scalars(text("SELECT version_num FROM alembic_version"))
    return set(found) == set(heads)


def main() -> int:
    """Migrate the warehouse of the Airflow connection; 2 if it can't be reached."""
    from include.warehouse.connection import open_engine

    try:
        engine = open_engine(migrated=False)
        upgrade(engine)
    except TweetLakeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except DBAPIError as error:
        sys.stderr.write(
            f"Nothing has changed: {error.orig}. Migrate as the owner of the schema.\n"
        )
        return 2
    sys.stdout.write("The warehouse is up to date.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
