"""Child process: validation beside mere decoding, imports done, in turns; prints seconds as JSON.

Usage: python -m benchmarks.decode_tweets FOLDER ROWS RUNS
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson
from isal import igzip

from benchmarks.tweets import DATASET, PAGE_POSTS, Tweets, written
from benchmarks.validate_tweets import validate
from include.datasets import dataset_named


def decode(tweets: Tweets) -> None:
    """Unpack and parse every page, and forget it."""
    for key in tweets.page_keys:
        orjson.loads(igzip.decompress(tweets.lake.get(key)))


def main(folder: Path, rows: int, runs: int) -> dict[str, list[float]]:
    """Seconds of both, ``runs`` times in turns, once each has run over a little input."""
    quality = dataset_named(DATASET).quality()
    small, tweets = written(folder, 10 * PAGE_POSTS), written(folder, rows)
    subjects: dict[str, Callable[[Tweets], object]] = {
        "validate": lambda which: validate(which, quality),
        "decode": decode,
    }
    seconds: dict[str, list[float]] = {name: [] for name in subjects}
    for subject in subjects.values():
        subject(small)
    for _ in range(runs):
        for name, subject in subjects.items():
            began = time.perf_counter()
            subject(tweets)
            seconds[name].append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    where, size, times = sys.argv[1:]
    print(json.dumps(main(Path(where), int(size), int(times))))
