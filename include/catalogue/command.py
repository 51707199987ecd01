"""The lake asked in SQL: ``python -m include.catalogue.command "SELECT count(*) FROM tweets"``.

Reads the Airflow connection ``aws_default`` and the Variable ``tweet_lake`` from the environment,
as a task does.
"""

from __future__ import annotations

import argparse
import io
import sys
from contextlib import redirect_stdout
from datetime import date

import duckdb

from include.arguments import day
from include.catalogue.statements import create_views
from include.catalogue.views import ask
from include.connections import load_settings, open_lake
from include.datasets import dataset_names
from include.errors import BadConfiguration, TweetLakeError
from include.lake import Lake

_SHOWN_ROWS = 200
_SHOWN_CHARACTERS = 160


def main(arguments: list[str] | None = None) -> int:
    """Print the answer; 0, or 2 with a sentence if there is none."""
    parser = argparse.ArgumentParser(
        description=f"Ask the lake in SQL. Its tables: {', '.join(dataset_names())}."
    )
    parser.add_argument("query", nargs="?", help="one statement, as DuckDB understands it")
    parser.add_argument("--since", type=day, help="first day of the tables, like 2026-11-01")
    parser.add_argument("--until", type=day, help="the day after their last")
    parser.add_argument(
        "--views", action="store_true", help="print CREATE VIEW statements with s3:// paths instead"
    )
    options = parser.parse_args(arguments)
    if bool(options.query) is options.views:
        parser.error("give either a query or --views")
    if options.since and options.until and options.since >= options.until:
        parser.error(f"--until {options.until} is not after --since {options.since}")
    try:
        with redirect_stdout(sys.stderr):  # Airflow's log is no part of the answer
            lake = open_lake(load_settings())
        lake.check()
        if options.views:
            answer = create_views(lake, options.since, options.until)
        else:
            answer = table(lake, options.query, options.since, options.until)
    except TweetLakeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{answer}\n")
    return 0


def table(lake: Lake, query: str, since: date | None = None, until: date | None = None) -> str:
    """The answer to one statement, drawn as a table.

    Raises:
        BadConfiguration: DuckDB does not understand it.
    """

    def question(connection: duckdb.DuckDBPyConnection) -> str:
        drawn = io.StringIO()
        with redirect_stdout(drawn):
            connection.sql(query).show(max_rows=_SHOWN_ROWS, max_width=_SHOWN_CHARACTERS)
        return drawn.getvalue().rstrip("\n")

    try:
        with duckdb.connect() as parser:
            statements = parser.extract_statements(query)
            if len(statements) != 1:
                raise BadConfiguration(f"{query!r} is not one statement; give exactly one")
            # DuckDB makes several of a PIVOT, and does not tell their tables.
            is_split = statements[0].type == duckdb.StatementType.MULTI
            named = dataset_names() if is_split else parser.get_table_names(query)
        wanted = {name.lower() for name in named}  # as DuckDB compares them
        return ask(lake, question, since, until, sorted(wanted & set(dataset_names())))
    except duckdb.Error as error:
        raise BadConfiguration(
            f"the query can't be answered: {error}\nThe tables are {', '.join(dataset_names())}; "
            "docs/data-dictionary.md has their columns, to which dt and account are added."
        ) from error


if __name__ == "__main__":
    sys.exit(main())
