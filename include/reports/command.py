"""Make the reports: ``python -m include.reports.command``.

Reads the Airflow connections ``aws_default`` and ``warehouse`` and the Variable ``tweet_lake`` from
the environment, as a task does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from include.connections import load_settings, open_lake
from include.context import airflow_url
from include.data_docs.keys import page_url
from include.errors import TweetLakeError
from include.reports.publish import publish_reports
from include.warehouse.connection import open_engine


def main(arguments: Sequence[str] | None = None) -> int:
    """Publish the reports and say where they are; 2 if they can't be made."""
    argparse.ArgumentParser(
        prog="report", description="Make a report of each dataset from the warehouse."
    ).parse_args(arguments)
    try:
        settings = load_settings()
        lake = open_lake(settings)
        lake.check()
        engine = open_engine()
        try:
            keys = publish_reports(lake, engine, airflow_url=airflow_url())
        finally:
            engine.dispose()
    except TweetLakeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for key in keys:
        sys.stdout.write(f"{page_url(settings.data_docs_url, key)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
