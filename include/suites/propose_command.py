"""Propose bounds for a suite as a diff: ``python -m include.suites.propose_command``.

Reads the Airflow connection ``aws_default`` and the Variable ``tweet_lake`` from the environment,
as a task does. Nothing is changed, neither the suite nor the lake.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from include.connections import load_settings, open_lake
from include.datasets import dataset_named
from include.errors import BadConfiguration, TweetLakeError
from include.suites.bounds import LEAST_BATCHES, LEAST_VALUES
from include.suites.candidate import candidate
from include.suites.history import History, read_history
from include.suites.options import add_span, span
from include.suites.proposals import Proposal, Proposals, propose, texts_of
from include.suites.suite_text import difference, with_proposals


def main(arguments: list[str] | None = None) -> int:
    """Print a diff of the suite, each change with its reason above; 2 if there is no ground."""
    parser = argparse.ArgumentParser(description="Propose bounds from what the lake has seen.")
    add_span(parser, days=30)
    options = parser.parse_args(arguments)
    begin, end = span(options)
    try:
        dataset = dataset_named(options.dataset)
        suite = candidate(dataset, dataset.suite)
        lake = open_lake(load_settings())
        lake.check()
        history = read_history(lake, dataset, begin, end, texts_of(suite))
        if history.batches == 0:
            raise BadConfiguration(
                f"{dataset.name} has no curated rows from {begin:%Y-%m-%d} to {end:%Y-%m-%d}; "
                "ask for more DAYS"
            )
        proposals = propose(suite, history)
        # As it is, byte for byte: read_text would change the ends of lines.
        text = dataset.suite.read_bytes().decode()
        name = f"{dataset.suite.parent.name}/{dataset.suite.name}"
        sys.stdout.writelines(f"# {line}\n" for line in _said(name, history, proposals))
        sys.stdout.write(difference(name, text, with_proposals(text, proposals.found)))
    except TweetLakeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _said(name: str, history: History, proposals: Proposals) -> Iterator[str]:
    """What is proposed and why: ``git apply`` and ``patch`` pass over it."""
    yield (
        f"{name}: {len(history.rows):,} curated rows in {history.batches:,} batches, "
        f"{len(history.volumes):,} accounts and runs, {history.begin:%Y-%m-%d} to "
        f"{history.end:%Y-%m-%d}"
    )
    for proposal in proposals.found:
        yield f"{proposal.key}: {_bounds(proposal)}: {proposal.saw}."
    if not proposals.found:
        yield "Nothing is proposed."
    if proposals.too_few:
        counts = ", ".join(f"{name} {count:,}" for name, count in proposals.too_few.items())
        yield (
            f"Too few to propose anything: {counts}; it takes {LEAST_VALUES} values in "
            f"{LEAST_BATCHES} batches, or {LEAST_BATCHES} accounts and runs."
        )


def _bounds(proposal: Proposal) -> str:
    if proposal.entry is None:
        changes = (f"{name} {old:,} → {new:,}" for name, (old, new) in proposal.bounds.items())
        return ", ".join(changes)
    said = ", ".join(f"{name} {new:,}" for name, (_, new) in proposal.bounds.items())
    return f"new, a warning, {said}"


if __name__ == "__main__":
    sys.exit(main())
