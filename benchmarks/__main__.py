"""Measure: `python -m benchmarks` runs everything, names run some of it."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from benchmarks import results

BENCHMARKS = {
    "throughput": ("benchmarks.throughput", "measure"),
    "memory": ("benchmarks.memory", "measure"),
    "docs": ("benchmarks.docs", "measure"),
    "start_page": ("benchmarks.start_page", "measure"),
    "cost": ("benchmarks.cost", "measure"),
    "month": ("benchmarks.month", "measure"),
    "compaction": ("benchmarks.compaction", "measure"),
    "load": ("benchmarks.load", "measure"),
    "export": ("benchmarks.export", "measure"),
    "orchestration": ("benchmarks.orchestration", "measure"),
    "preload": ("benchmarks.orchestration", "measure_without_preload"),
}
"""Name → module and function; each is imported when its turn comes."""


def main() -> int:
    """Run what was named, keep the figures, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--runs", type=int, default=3, help="of everything, in turns (3)")
    parser.add_argument(
        "--write-readme", action="store_true", help="measure nothing; put the last tables there"
    )
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    if arguments.write_readme:
        figures = results.load()
        if not figures:
            sys.exit(f"{results.FILE} is not there; run: make bench")
        results.write_readme(figures)
        return 0
    for name in arguments.names or BENCHMARKS:
        module, function = BENCHMARKS[name]
        measured = getattr(import_module(module), function)(arguments.runs)
        results.store(name, measured)
    print(f"\n{results.tables(results.load())}\n\nfigures  {results.FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
