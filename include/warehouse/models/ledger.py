"""The ledger: what of the lake is in the warehouse."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, Identity, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from include.warehouse.models.base import Base, Moment, Words


class LoadObject(Base):
    """Objects of curated/, loaded or not."""

    __tablename__ = "load_object"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("state in ('loaded', 'failed')", name="state"),
        {"comment": "One row per object of curated/ that was loaded, or could not be."},
    )

    object_id: Mapped[int] = mapped_column(
        Integer, Identity(always=True), primary_key=True, comment="Number of the object."
    )
    dataset: Mapped[Words] = mapped_column(comment="tweets, users or tweet_metrics.")
    key: Mapped[Words] = mapped_column(comment="Its key in the bucket.")
    etag: Mapped[Words] = mapped_column(comment="ETag as it was loaded: another one is news.")
    day: Mapped[date] = mapped_column(Date, comment="UTC day of its partition, dt.")
    account: Mapped[Words | None] = mapped_column(
        comment="Account of its partition; null where the dataset has none."
    )
    interval_end: Mapped[Moment] = mapped_column(comment="End of its run's interval.")
    rows: Mapped[int] = mapped_column(BigInteger, comment="Rows in the object.")
    shadowed: Mapped[int] = mapped_column(
        BigInteger, comment="Rows of it that another object's newer row stands for."
    )
    state: Mapped[Words] = mapped_column(comment="loaded or failed.")
    error: Mapped[Words | None] = mapped_column(comment="Why it was not loaded.")
    loaded_at: Mapped[Moment] = mapped_column(comment="When that was.")


class LoadMark(Base):
    """What was announced, and looked at."""

    __tablename__ = "load_mark"
    __table_args__ = (
        {"comment": "One row per dataset of which all that was announced once was looked at."},
    )

    dataset: Mapped[Words] = mapped_column(
        primary_key=True, comment="tweets, users or tweet_metrics."
    )
    announced_at: Mapped[Moment] = mapped_column(
        comment="Time of the last asset event up to which that is so."
    )
