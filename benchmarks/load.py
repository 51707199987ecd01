"""Loading posts into the warehouse, beside plain COPY of the same rows and pandas.to_sql."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import psycopg
from adbc_driver_postgresql import dbapi
from sqlalchemy import NullPool, create_engine, make_url

from benchmarks.directory_lake import DirectoryLake
from benchmarks.measure import FOLDER, Child, in_turns, run_child
from benchmarks.posts_to_load import landed
from include.catalogue.reader import curated_days
from include.warehouse.connection import conninfo
from include.warehouse.load import load
from include.warehouse.migrate import upgrade
from sandbox.postgres import Postgres

ROWS = 1_000_000
EARLIER = 5
"""How many times as many posts a full warehouse holds before."""
FEW = 10
"""The memory of a load is compared with that of a load of one row in so many."""
IN_OBJECT, IN_SMALL_OBJECT = 1_000, 200
"""Posts."""
SHARE = 20
"""pandas.to_sql gets one post in so many, and is taken to need as long for each of the others."""
TABLES = (
    "fact_tweet",
    "bridge_tweet_hashtag",
    "bridge_tweet_mention",
    "bridge_tweet_url",
    "bridge_tweet_reference",
)
_FIRST, _LONG_BEFORE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
_SERVER = {"shared_buffers": "2GB", "max_wal_size": "8GB"}
"""As a warehouse has it: PostgreSQL's defaults are for the smallest machine."""


def measure(runs: int, rows: int = ROWS) -> dict[str, Any]:
    """Seconds of a load into an empty and into a full warehouse, of plain COPY, and of to_sql.

    And the peak memory of a load of few posts, and of many.
    """
    print(f"load: {rows:,} posts with their bridges")
    posts = landed(FOLDER, rows, _FIRST, IN_OBJECT)
    small = landed(FOLDER, rows, _FIRST, IN_SMALL_OBJECT)
    few = landed(FOLDER, rows // FEW, _FIRST, IN_OBJECT)
    earlier = landed(FOLDER, rows * EARLIER, _LONG_BEFORE, IN_OBJECT)
    with Postgres(FOLDER / "postgres-load", _SERVER) as server:
        place = _Place(server)
        place.make("empty")
        engine = create_engine(place.url("empty"), poolclass=NullPool)
        upgrade(engine)
        place.make("filled", "empty")
        peaks = {"many": [_load(place, "filled", earlier).peak_mb]}
        seconds = in_turns(
            runs,
            {
                "ours, empty": partial(_seconds, place, "empty", posts),
                "ours, empty, small objects": partial(_seconds, place, "empty", small),
                "ours, full": partial(_seconds, place, "filled", posts),
            },
        )
        place.make("loaded", "empty")
        peaks["few"] = [_load(place, "loaded", few).peak_mb]
        place.make("loaded", "empty")
        _load(place, "loaded", posts)
        files = place.written("loaded")
        peers = {
            "plain COPY": partial(place.copy, files),
            "pandas.to_sql": partial(place.to_sql, posts, rows),
            "pandas.to_sql, writing alone": partial(place.to_sql_alone, rows),
        }
        seconds |= in_turns(runs, peers)
    copy, to_sql = median(seconds["plain COPY"]), median(seconds["pandas.to_sql"])
    empty, full = median(seconds["ours, empty"]), median(seconds["ours, full"])
    return {
        "load_empty_vs_copy": empty / copy,
        "load_full_vs_copy": full / copy,
        "load_vs_to_sql": to_sql / empty,
        "load_vs_to_sql_alone": median(seconds["pandas.to_sql, writing alone"]) / empty,
        "load_rss_mb": peaks["many"][0],
        "load_rss_mb_few": peaks["few"][0],
        "raw": {"seconds": seconds, "peak_mb": peaks, "rows": rows, "to_sql_share": SHARE},
    }


class _Place:
    """Databases of one server, and the plain ways to fill one."""

    def __init__(self, server: Postgres) -> None:
        self._server = server

    def url(self, database: str) -> Any:
        """Of a database, for SQLAlchemy."""
        return make_url(self._server.url(database)).set(drivername="postgresql+psycopg")

    def make(self, database: str, template: str = "template0") -> None:
        """Make a database anew, as a copy."""
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {database} TEMPLATE {template}")
            connection.execute("CHECKPOINT")

    def written(self, database: str) -> dict[str, Path]:
        """Its posts and their bridges as files of COPY."""
        files = {table: FOLDER / f"{table}.copy" for table in TABLES}
        with psycopg.connect(self._server.url(database)) as connection:
            for table, path in files.items():
                with (
                    path.open("wb") as file,
                    connection.cursor().copy(f"COPY {table} TO STDOUT") as lines,
                ):
                    for line in lines:
                        file.write(line)
        return files

    def copy(self, files: dict[str, Path]) -> float:
        """Seconds of COPY into tables without constraints, one transaction."""
        self.make("plain", "loaded")
        with psycopg.connect(self._server.url("plain")) as connection:
            for table in TABLES:
                connection.execute(f"CREATE TABLE plain_{table} AS TABLE {table} WITH NO DATA")
            connection.commit()
            began = time.perf_counter()
            for table, path in files.items():
                with (
                    path.open("rb") as file,
                    connection.cursor().copy(f"COPY plain_{table} FROM STDIN") as target,
                ):
                    while piece := file.read(2**18):
                        target.write(piece)
            connection.commit()
            return time.perf_counter() - began

    def to_sql(self, lake: DirectoryLake, rows: int) -> float:
        """Seconds that the script in pandas would need for all objects, by a share of them."""
        self.make("pandas")
        url = self.url("pandas").render_as_string(hide_password=False)
        objects = str(rows // IN_OBJECT // SHARE)
        script = (sys.executable, "-m", "benchmarks.pandas_to_sql")
        return float(run_child(*script, lake.folder, url, objects).output) * SHARE

    def to_sql_alone(self, rows: int) -> float:
        """Seconds that pandas would need to write all rows of the warehouse, read before."""
        engine = create_engine(self.url("loaded"), poolclass=NullPool)
        share = rows // SHARE
        first = f"(SELECT tweet_id FROM fact_tweet ORDER BY tweet_id LIMIT {share})"
        frames = {
            table: pd.read_sql(f"SELECT * FROM {table} WHERE tweet_id IN {first}", engine)
            for table in TABLES
        }
        self.make("pandas")
        target = create_engine(self.url("pandas"))
        began = time.perf_counter()
        for table, frame in frames.items():
            frame.to_sql(table, target, index=False)
        seconds = time.perf_counter() - began
        engine.dispose()
        target.dispose()
        return seconds * SHARE


def _seconds(place: _Place, database: str, lake: DirectoryLake) -> float:
    place.make("measured", database)
    return float(_load(place, "measured", lake).output.splitlines()[-1])  # after the log


def _load(place: _Place, database: str, lake: DirectoryLake) -> Child:
    """Load in a fresh process, which prints how long it took."""
    where = conninfo(place.url(database))
    return run_child(sys.executable, "-m", "benchmarks.load", lake.folder, where)


def _child(folder: str, where: str) -> None:
    lake = DirectoryLake(Path(folder))
    rows = int(lake.folder.name.split("-")[3])
    began = time.perf_counter()
    days = curated_days(lake, "tweets")  # the posts before are of another lake
    done = load(lake, partial(dbapi.connect, where), "tweets", days)
    seconds = time.perf_counter() - began
    if (done.new, done.failed) != (rows, {}):
        raise RuntimeError(f"{done.new} of {rows} posts were loaded: {done.failed}")
    print(seconds)


if __name__ == "__main__":
    _child(*sys.argv[1:])
