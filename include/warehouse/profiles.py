"""What describes an account, and a digest by which a change of it is seen."""

from __future__ import annotations

from hashlib import md5
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.warehouse.lists import grouped, owners

DESCRIPTIVE = (
    *("username", "name", "account_created_at", "description", "location", "url"),
    *("is_verified", "verified_type", "is_protected", "pinned_tweet_id", "profile_image_url"),
    "withheld_country_codes",
)
"""Columns whose change makes a new version of a user."""


def sorted_lists(lists: pa.Array) -> pa.Array:
    """Each list in order: X's own order means nothing, and must make no change."""
    values, rows = pc.list_flatten(lists), owners(lists)
    table = pa.table({"row": rows, "value": values}).sort_by(
        [("row", "ascending"), ("value", "ascending")]
    )
    return grouped(table["value"].combine_chunks(), np.sort(rows), len(lists))


def profile_digest(users: pa.RecordBatch) -> pa.Array:
    """The md5 of each user's descriptive columns, as the text of a uuid.

    What is hashed is a text of our own and no library's: a line ``name=length:value`` for each
    column that is not null, by the names' order, the length in bytes, times in microseconds since
    1970. A column that is null or an empty list has no line: one that is added later changes no
    digest where it is null.
    """
    lines = [_lines(name, users[name]) for name in sorted(DESCRIPTIVE)]
    whole = pc.binary_join_element_wise(
        *lines, pa.scalar(""), null_handling="replace", null_replacement=""
    )
    digests = [
        str(UUID(bytes=md5(text.encode(), usedforsecurity=False).digest()))
        for text in whole.to_pylist()
    ]
    return pa.array(digests, pa.string())


def _lines(name: str, column: pa.Array) -> pa.Array:
    if pa.types.is_list(column.type):
        is_empty = pc.equal(pc.list_value_length(column), 0)
        column = pc.if_else(is_empty, None, pc.binary_join(column, ","))
    elif pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    elif pa.types.is_boolean(column.type):
        column = pc.if_else(column, "true", "false")
    texts = column.cast(pa.string())
    length = pc.binary_length(texts).cast(pa.string())
    return pc.binary_join_element_wise(
        pa.scalar(f"{name}="), length, pa.scalar(":"), texts, pa.scalar("\n"), pa.scalar("")
    )
