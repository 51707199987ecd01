"""From raw pages to checked Parquet: beside twarc2 csv, pandas, and decoding alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from isal import igzip

from benchmarks.measure import FOLDER, REPOSITORY, Child, in_turns, run_child
from benchmarks.peers import PEERS, environment
from benchmarks.tweets import Tweets, written

ROWS = 100_000


def measure(runs: int, rows: int = ROWS) -> dict[str, Any]:
    """The figures of this room, and what they were made from."""
    tweets = written(FOLDER, rows)
    jsonl = _as_jsonl(tweets)
    twarc, pandas = environment("twarc"), environment("pandas")
    script = REPOSITORY / "benchmarks" / "json_normalize.py"

    def ours() -> Child:
        tweets.forget_results()
        return run_child(sys.executable, "-m", "benchmarks.validate_tweets", FOLDER, str(rows))

    print(f"throughput: {rows:,} tweets, start-up included")
    children = in_turns(
        runs,
        {
            "ours": ours,
            # It asks for a token first, whatever it is told to do.
            "twarc2 csv": lambda: run_child(
                *(twarc / "twarc2", "--bearer-token", "none", "csv", jsonl, FOLDER / "twarc.csv"),
                folder=FOLDER,
            ),
            "pandas.json_normalize": lambda: run_child(
                pandas / "python", script, tweets.pages, FOLDER / "pandas.parquet", folder=FOLDER
            ),
        },
    )
    tweets.forget_results()
    warm = json.loads(
        run_child(
            sys.executable, "-m", "benchmarks.decode_tweets", FOLDER, str(rows), str(runs)
        ).output.splitlines()[-1]
    )
    print(f"  without imports: {warm}")
    seconds = {name: [child.seconds for child in found] for name, found in children.items()}
    middle = {name: median(found) for name, found in seconds.items()}
    return {
        "vs_twarc": middle["twarc2 csv"] / middle["ours"],
        "vs_pandas": middle["pandas.json_normalize"] / middle["ours"],
        "vs_decode": median(warm["validate"]) / median(warm["decode"]),
        "raw": {
            "seconds": {
                **seconds,
                "ours, without imports": warm["validate"],
                "decoding alone": warm["decode"],
            },
            "cpu_seconds": {
                name: [child.cpu_seconds for child in found] for name, found in children.items()
            },
            "peak_mb": {name: [c.peak_mb for c in found] for name, found in children.items()},
            "rows": rows,
            "peers": PEERS,
        },
    }


def _as_jsonl(tweets: Tweets) -> Path:
    """The same pages as twarc reads them: one a line, unpacked."""
    target = FOLDER / f"tweets-{tweets.rows}.jsonl"
    with target.open("wb") as lines:
        for key in tweets.page_keys:
            lines.write(igzip.decompress(tweets.lake.get(key)) + b"\n")
    return target
