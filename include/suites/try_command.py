"""Try a changed suite: ``python -m include.suites.try_command [--suite FILE]``.

Reads the Airflow connection ``aws_default`` and the Variable ``tweet_lake`` from the environment,
as a task does. Nothing is written to the lake.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from include.connections import load_settings, open_lake
from include.data_docs.words import count_of
from include.datasets import dataset_named
from include.errors import BadConfiguration, TweetLakeError
from include.suites.candidate import candidate
from include.suites.options import add_span, span
from include.suites.trial import Batch, LeftOut, Tried, complete_batches, try_batch
from include.suites.trial_table import is_stricter, lines

FEW_BATCHES = 200
"""Up to so many batches a second process costs more than it saves: it imports GX first."""
_PROCESSES = 4
"""At most: each holds Great Expectations and what it works at in memory."""
_AT_ONCE = 20
"""Batches that a process takes at a time."""


def main(arguments: list[str] | None = None) -> int:
    """Print what would change; 0 if nothing would newly fail, 1 if something would, 2 if it can't.

    Rows that would go from ``curated/`` to ``quarantine/`` count as failing, also where it is only
    a severity that was raised.
    """
    parser = argparse.ArgumentParser(description="Try a changed suite on the lake's raw pages.")
    parser.add_argument("--suite", type=Path, help="file to try; the dataset's own by default")
    add_span(parser, days=7)
    options = parser.parse_args(arguments)
    try:
        dataset = dataset_named(options.dataset)
        file = options.suite or dataset.suite
        candidate(dataset, file)
        settings = load_settings()
        lake = open_lake(settings)
        lake.check()
        begin, end = span(options)
        batches = list(complete_batches(lake, dataset.name, begin, end, settings))
        when = f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
        found = list(_try_all(dataset.name, file, batches)) if batches else []
        tried = [one for one in found if isinstance(one, Tried)]
        if not tried:
            raise BadConfiguration(
                f"{dataset.name} has no complete batch in raw/ from {when} that was validated; ask "
                "for more DAYS"
            )
        sys.stdout.write(
            f"{file.parent.name}/{file.name} on {dataset.name}, {when}: "
            f"{count_of(len(tried), 'batch', 'batches')}\n"
        )
        for reason in LeftOut:
            if left_out := found.count(reason):
                sys.stdout.write(f"{count_of(left_out, 'batch', 'batches')} {reason}: left out\n")
        sys.stdout.write("\n")
        sys.stdout.writelines(f"{line}\n" for line in lines(tried))
    except TweetLakeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return int(is_stricter(tried))


def _try_all(dataset: str, file: Path, batches: Sequence[Batch]) -> Iterator[Tried | LeftOut]:
    """Try every batch, in several processes if that pays."""
    parts = [batches[at : at + _AT_ONCE] for at in range(0, len(batches), _AT_ONCE)]
    done = 0
    with _mapping(dataset, file, len(batches)) as mapped:
        for part in mapped(parts):
            done += len(part)
            sys.stderr.write(f"\r{done:,} of {count_of(len(batches), 'batch', 'batches')} tried")
            sys.stderr.flush()
            yield from part
    sys.stderr.write("\n")


@contextmanager
def _mapping(
    dataset: str, file: Path, batches: int
) -> Iterator[Callable[[list[Sequence[Batch]]], Iterator[list[Tried | LeftOut]]]]:
    if batches <= FEW_BATCHES:
        own = _Trial(dataset, file)
        yield lambda parts: map(own.of, parts)
        return
    processes = min(os.cpu_count() or 1, _PROCESSES)
    with ProcessPoolExecutor(
        processes, get_context("spawn"), initializer=_begin, initargs=(dataset, file)
    ) as pool:
        yield lambda parts: pool.map(_of_this_process, parts)


class _Trial:
    """The suite and the lake in one process."""

    def __init__(self, dataset: str, file: Path) -> None:
        from include.quality import Quality

        self._dataset = dataset_named(dataset)
        self._lake = open_lake(load_settings())
        self._quality = Quality(file, self._dataset.id_column)

    def of(self, batches: Sequence[Batch]) -> list[Tried | LeftOut]:
        """Try some batches, one after the other."""
        return [try_batch(self._lake, self._dataset, self._quality, batch) for batch in batches]


_trials: list[_Trial] = []
"""The one of a process of the pool."""


def _begin(dataset: str, file: Path) -> None:
    _trials.append(_Trial(dataset, file))


def _of_this_process(batches: Sequence[Batch]) -> list[Tried | LeftOut]:
    try:
        return _trials[0].of(batches)
    except TweetLakeError as error:
        # Its own type may take more than a message, and would not get out of this process.
        raise TweetLakeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
