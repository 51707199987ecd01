"""What is missing in the lake, printed: ``python -m include.gaps_command [--since DATE]``.

Reads the Airflow connection ``aws_default`` and the Variables ``tweet_lake`` and ``x_accounts``
from the environment, as a task does.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta

from include.arguments import utc_midnight
from include.connections import load_accounts, load_settings, open_lake
from include.data_docs.words import count_of
from include.datasets import dataset_names
from include.errors import TweetLakeError
from include.gaps import gaps, raw_since
from include.gaps_table import lines


def main(arguments: list[str] | None = None) -> int:
    """Print every dataset's gaps; 0 whether or not there are any, 2 if the lake can't be read."""
    now = datetime.now(UTC)
    parser = argparse.ArgumentParser(description="List what is missing in the lake.")
    parser.add_argument(
        "--since",
        type=utc_midnight,
        help="UTC date to begin at, like 2026-11-01; the look-back of the settings by default",
    )
    parser.add_argument(
        "--until", type=utc_midnight, default=now, help="UTC date to end at; now by default"
    )
    options = parser.parse_args(arguments)
    try:
        settings, accounts = load_settings(), load_accounts()
        lake = open_lake(settings)
        lake.check()
        since = options.since or options.until - timedelta(days=settings.look_back_days)
        if settings.raw_days is not None and since < (kept := raw_since(settings.raw_days, now)):
            sys.stdout.write(
                f"raw/ is kept for {settings.raw_days} days (raw_days): what was missing before "
                f"{kept:%Y-%m-%d %H:%M} UTC can't be told any more.\n"
            )
            since = min(kept, options.until)
        for dataset in dataset_names():
            found = gaps(lake, dataset, accounts, since, options.until)
            sys.stdout.write(f"{dataset}, {since:%Y-%m-%d %H:%M} to {options.until:%Y-%m-%d %H:%M}")
            sys.stdout.write(f" UTC: {count_of(len(found), 'gap')}\n")
            for line in lines(found):
                sys.stdout.write(f"  {line}\n")
    except TweetLakeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
