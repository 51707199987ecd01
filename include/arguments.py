"""Kinds of arguments that several commands and forms take."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime

from include.errors import BadConfiguration


def utc_midnight(text: str) -> datetime:
    """The beginning of a day such as ``2026-11-01``, in UTC.

    Raises:
        argparse.ArgumentTypeError: it is no such day.
    """
    return datetime.combine(day(text), datetime.min.time(), UTC)


def day(text: str) -> date:
    """A day such as ``2026-11-01``.

    Raises:
        argparse.ArgumentTypeError: it is no such day.
    """
    try:
        return parse_day(text)
    except BadConfiguration as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parse_day(text: str) -> date:
    """A day such as ``2026-11-01``, of a form.

    Raises:
        BadConfiguration: it is no such day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadConfiguration(f"{text!r} is no date; write 2026-11-01") from error
