"""What makes a dataset: validation and landing know nothing else about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from include.datasets.schema import RELEASE_COLUMNS, schema_of
from include.errors import TweetLakeError
from include.frame_stack import with_room

if TYPE_CHECKING:
    import pandas as pd

    from include.datasets.page import Items
    from include.quality import Quality
    from include.source import Source

PROBLEM = "decode_problem"
"""Extra column of decoded rows: what was odd about the row, in plain words; null if nothing."""
RAW = "raw_post"
"""Extra column of decoded rows: the row's JSON, only where there is a problem."""


class UnreadablePage(TweetLakeError):
    """A stored page is no page of rows at all."""

    def __init__(self, key: str, reason: object) -> None:
        super().__init__(
            f"{key} is not a page of posts: {reason}. Delete the whole folder that it is in, "
            "then run the interval again to fetch it anew."
        )


@dataclass(frozen=True)
class RawPage:
    """One stored answer: its key in the lake and its body, decompressed JSON."""

    key: str
    body: bytes
    at: datetime | None = None
    """When X answered; None of a page that does not tell."""

    @cached_property
    def items(self) -> Items:
        """The page cut into its items.

        Raises:
            UnreadablePage: it is no JSON object, or its ``data`` or ``errors`` no list.
        """
        from include.datasets.page import cut  # which knows what a page is

        return cut(self)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset, called the same in every zone and room."""

    name: str
    schema: pa.Schema
    """Columns that pages give, in order; a curated object has a few more."""
    decode: Callable[[Sequence[RawPage]], pa.Table]
    """Pages to rows: ``schema``'s columns, all nullable, then extra columns for the checks, among
    them ``decode_problem`` and ``raw_post``."""
    check_frame: Callable[[pa.Table], pd.DataFrame]
    """Decoded rows to the scalar columns that the suite sees."""
    id_column: str
    """Identifies a row: text of digits; a second row with the same id is a duplicate."""
    grain: tuple[str, ...]
    """Columns by which an account's rows of a day are told apart: of those that agree in them a
    reader wants the latest."""
    day_column: str
    """Timestamp whose UTC date is the ``dt=`` partition of a curated row."""
    suite: Path
    """The expectations, JSON."""
    hours: int
    """How long a scheduled interval is."""
    source: Source
    """How its pages come from X."""

    @property
    def curated_schema(self) -> pa.Schema:
        """Columns of a curated object, in order."""
        return pa.schema([*self.schema, *schema_of(RELEASE_COLUMNS)])

    @with_room
    def quality(self) -> Quality:
        """The suite, ready to check batches; takes the seconds that Great Expectations takes.

        Raises:
            BadSuite: the suite can't be used; the message names the expectation.
        """
        from include.quality import Quality  # decoding does without it

        quality = Quality(self.suite, self.id_column)
        quality.suite.check(self.judged_columns)
        return quality

    @property
    @with_room
    def judged_columns(self) -> list[str]:
        """Columns that the suite is shown of a batch."""
        return list(self.check_frame(self.decode([])).columns)
