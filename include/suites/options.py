"""What the commands of this room are told: which dataset, and how far back."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

from include.arguments import utc_midnight

_MOST_DAYS = 366


def add_span(parser: argparse.ArgumentParser, *, days: int) -> None:
    """Add ``--dataset``, ``--days`` and ``--until``."""
    parser.add_argument("--dataset", default="tweets", help="tweets by default")
    parser.add_argument("--days", type=_days, default=days, help=f"{days} by default")
    parser.add_argument(
        "--until",
        type=utc_midnight,
        default=datetime.now(UTC),
        help="UTC date to end at, like 2026-11-02; now by default",
    )


def span(options: argparse.Namespace) -> tuple[datetime, datetime]:
    """Begin and end of the days that were asked for, both UTC."""
    return options.until - timedelta(days=options.days), options.until


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_DAYS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of days; write one from 1 to {_MOST_DAYS}"
        )
    return int(text)
