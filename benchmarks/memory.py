"""Peak memory of one process that validates an account of any size."""

from __future__ import annotations

import sys
from functools import partial
from statistics import median
from typing import Any

from benchmarks.measure import FOLDER, in_turns, run_child
from benchmarks.tweets import written

SIZES = {"100k": 100_000, "1m": 1_000_000}


def measure(runs: int) -> dict[str, Any]:
    """Peak resident memory in MB; duplicates lie half the input apart, and all are found."""

    def peak(rows: int) -> float:
        tweets = written(FOLDER, rows)
        tweets.forget_results()
        command = (sys.executable, "-m", "benchmarks.validate_tweets", FOLDER, str(rows))
        child = run_child(*command)
        tweets.forget_results()
        return child.peak_mb

    print("memory: peak resident MB")
    peaks = in_turns(runs, {name: partial(peak, rows) for name, rows in SIZES.items()})
    return {
        **{f"peak_rss_mb_{name}": median(found) for name, found in peaks.items()},
        "raw": {"peak_mb": peaks},
    }
