"""Child process: validate one input and say what was found.

Usage: python -m benchmarks.validate_tweets FOLDER ROWS
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.tweets import ACCOUNT, DATASET, INTERVAL, Tweets, written
from include.datasets import dataset_named
from include.quality import Quality
from include.report import AccountReport
from include.validation import validate_batch


def validate(tweets: Tweets, quality: Quality) -> AccountReport:
    """Validate the whole input.

    Raises:
        RuntimeError: not every bad post and every duplicate was found.
    """
    report = validate_batch(
        tweets.lake,
        dataset_named(DATASET),
        quality,
        interval=INTERVAL,
        account=ACCOUNT,
        volume=(0, tweets.rows),
        csv=False,
    )
    found = (report.rows_in, report.quarantined, report.duplicates)
    if found != (tweets.rows, tweets.bad, tweets.duplicates):
        raise RuntimeError(
            f"rows, quarantined and duplicates are {found}, but {tweets} went in: {report.detail}"
        )
    return report


if __name__ == "__main__":
    folder, rows = sys.argv[1:]
    validate(written(Path(folder), int(rows)), dataset_named(DATASET).quality())
