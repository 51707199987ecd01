"""Bring the warehouse's schema up to date: ``python -m include.warehouse.migrate``."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

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
    """Make or change tables and functions, and make the views anew, all or nothing."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})
        views.drop(connection)
        alembic = config()
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")
        views.create(connection)


def is_current(connection: Connection) -> bool:
    """Whether the schema is the one that this version of the project needs."""
    heads = ScriptDirectory.from_config(config()).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(heads)
