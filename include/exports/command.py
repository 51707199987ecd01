"""Exports from a terminal: ``python -m include.exports.command posts nasa``.

Reads the Airflow connection ``warehouse``, and for ``s3://`` also ``aws_default`` and the Variable
``tweet_lake``, from the environment, as a task does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime

from include.data_docs.words import count_of
from include.errors import TweetLakeError
from include.exports.buckets import open_bucket
from include.exports.destination import MANIFEST, parse_destination
from include.exports.export import export
from include.exports.formats import FORMATS
from include.exports.manifest import IN_A_LINE
from include.exports.order import parse_order
from include.exports.relations import POSTS, RELATIONS

_FOLDER = ".local/exports"


def main(arguments: Sequence[str] | None = None) -> int:
    """Export, and say where to; 0, or 2 with a sentence if it can't be."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given or ["--help"])
    try:
        order = parse_order(
            options.relation,
            columns=[name.strip() for name in options.columns.split(",")]
            if options.columns
            else (),
            account=options.account,
            since=options.since,
            until=options.until,
            format_name=options.format,
        )
        with redirect_stdout(sys.stderr):  # Airflow's log is no part of the answer
            destination = parse_destination(options.to, order, open_bucket)
            made = export(order, destination, at=datetime.now(UTC), shows_progress=True)
    except TweetLakeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(
        f"{destination.place}: {count_of(made.rows, 'row')} of {order}, {made.bytes:,} bytes\n"
        f"{destination.place}{MANIFEST}: what the columns mean, checksum, terms\n"
        f"{IN_A_LINE}\n"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="export",
        description="Export a table or view of the warehouse. "
        f"There are {', '.join([POSTS, *RELATIONS])}.",
    )
    parser.add_argument("relation", help=f"table or view; {POSTS} is tweets_latest")
    parser.add_argument("account", nargs="?", help="username, or a search of the lake; else all")
    parser.add_argument("--columns", help="separated by commas; else all")
    parser.add_argument("--since", help="first UTC day, like 2026-11-01")
    parser.add_argument("--until", help="last UTC day")
    parser.add_argument("--format", default="csv", help=f"{', '.join(FORMATS)}; csv unless given")
    parser.add_argument(
        "--to",
        default=_FOLDER,
        help=f"folder, file, or s3://bucket/prefix; {_FOLDER} unless given",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
