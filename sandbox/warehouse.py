"""The warehouse of a world on this machine: a real PostgreSQL with the schema and no rows."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import create_engine, make_url

from include.warehouse.migrate import upgrade
from sandbox.postgres import Postgres

WAREHOUSE_PASSWORD = "sandbox-warehouse-password"  # noqa: S105 - the server asks for none
"""Long enough to be looked for in what a run leaves (tests/security)."""


class Warehouse:
    """A warehouse in ``folder``, made anew when it is entered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = Postgres(folder)
        self.url = ""
        """Where it is, as the Airflow connection ``warehouse`` and psql read it."""

    def environment(self) -> dict[str, str]:
        """The Airflow connection to it, as an environment variable."""
        url = make_url(self.url).set(password=WAREHOUSE_PASSWORD)
        return {"AIRFLOW_CONN_WAREHOUSE": url.render_as_string(hide_password=False)}

    def __enter__(self) -> Self:
        """Start the server and make the tables."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._server.start()
        self.url = self._server.url()
        engine = create_engine(make_url(self.url).set(drivername="postgresql+psycopg"))
        upgrade(engine)
        engine.dispose()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the server; its files stay."""
        self._server.stop()
