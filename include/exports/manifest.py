"""What lies beside an export: what it is, how to check it, and who may have it."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from include.exports.reading import Reading

IN_A_LINE = "For use inside your organisation only: X's terms let nothing but ids be handed on."
TERMS = (
    "This file holds content of X and is for use inside your organisation. To others, X's "
    "developer agreement lets you hand on ids of posts and of accounts alone, within the amounts "
    "that it sets; they ask X for the rest under their own agreement. Texts, names, profiles, "
    "counts, and tables from which they can be told, stay with you. What its author deletes or "
    "protects has to go from every copy, as soon as you reasonably can and within 24 hours of a "
    "request: the lake and the warehouse do that by themselves, but no program knows of this file. "
    "Delete it once you are done, or make it anew. Read X's current developer agreement and policy "
    "before you pass on anything."
)


class ColumnFact(BaseModel):
    """A column of the file."""

    name: str
    type: str
    """Its type in the warehouse."""
    comment: str


class Filters(BaseModel):
    """What the rows were narrowed down by; null where they were not."""

    account: str | None
    user_id: str | None
    """X's id of that account; null where it is the lake's name of what brought the posts."""
    since: date | None
    until: date | None


class Manifest(BaseModel):
    """``<file>.manifest.json``."""

    model_config = ConfigDict(frozen=True)

    file: str
    format: str
    rows: int
    bytes: int
    sha256: str
    exported_at: datetime
    relation: str
    description: str
    columns: list[ColumnFact]
    filters: Filters
    schema_version: str
    """Revision of the warehouse's schema."""
    terms: str = TERMS


def make_manifest(
    reading: Reading, *, file: str, rows: int, size: int, checksum: str, at: datetime
) -> Manifest:
    """The manifest of a file that was written."""
    order = reading.order
    return Manifest(
        file=file,
        format=order.format.name,
        rows=rows,
        bytes=size,
        sha256=checksum,
        exported_at=at,
        relation=order.relation.name,
        description=order.relation.description,
        columns=[ColumnFact(name=c.name, type=c.type, comment=c.comment) for c in reading.columns],
        filters=Filters(
            account=order.account,
            user_id=None if reading.user_id is None else str(reading.user_id),
            since=order.since,
            until=order.until,
        ),
        schema_version=reading.schema_version,
    )
