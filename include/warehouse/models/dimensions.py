"""Dimensions: whom, when and about what."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from include.warehouse.models.base import Base, Day, Id, Moment, Small, WordList, Words

LONGEST_HASHTAG = 2_500
"""In bytes of UTF-8: the unique index takes entries of 2,704 bytes, with what it adds."""


class DimDate(Base):
    """The calendar, filled by the first migration."""

    __tablename__ = "dim_date"
    __table_args__ = ({"comment": "One row per UTC day, 2006-01-01 to 2049-12-31."},)

    date_key: Mapped[Day] = mapped_column(Date, primary_key=True, comment="The day.")
    year: Mapped[Small] = mapped_column(comment="Year, like 2026.")
    quarter: Mapped[Small] = mapped_column(comment="Quarter, 1 to 4.")
    month: Mapped[Small] = mapped_column(comment="Month, 1 to 12.")
    month_name: Mapped[Words] = mapped_column(comment="Month in English, like November.")
    day_of_month: Mapped[Small] = mapped_column(comment="Day of the month, 1 to 31.")
    iso_year: Mapped[Small] = mapped_column(comment="Year that the ISO week belongs to.")
    iso_week: Mapped[Small] = mapped_column(comment="ISO week, 1 to 53.")
    weekday: Mapped[Small] = mapped_column(comment="Day of the week, 1 is Monday, 7 is Sunday.")
    weekday_name: Mapped[Words] = mapped_column(comment="Day of the week in English.")
    is_weekend: Mapped[bool] = mapped_column(Boolean, comment="Saturday or Sunday.")


class DimUser(Base):
    """Accounts with their past (SCD type 2)."""

    __tablename__ = "dim_user"
    __table_args__ = (
        UniqueConstraint("user_id", "valid_from"),
        CheckConstraint("valid_from < valid_to", name="valid"),
        Index("ix_dim_user_current", "user_id", unique=True, postgresql_where=text("is_current")),
        {"comment": "One row per account and period in which its profile did not change."},
    )

    user_key: Mapped[Id] = mapped_column(
        Identity(always=True), primary_key=True, comment="Number of this version; facts name it."
    )
    user_id: Mapped[Id] = mapped_column(comment="X's id of the account, the same in all versions.")
    valid_from: Mapped[Moment] = mapped_column(
        comment="Since when the profile was like this; -infinity in the first version."
    )
    valid_to: Mapped[Moment] = mapped_column(
        comment="When the next version begins; infinity in the current one."
    )
    is_current: Mapped[bool] = mapped_column(Boolean, comment="Is the latest version.")
    is_inferred: Mapped[bool] = mapped_column(
        Boolean, comment="Known only because a post names its id: nothing else is filled."
    )
    username: Mapped[Words | None] = mapped_column(comment="Handle without @, as X writes it.")
    name: Mapped[Words | None] = mapped_column(comment="Display name.")
    account_created_at: Mapped[Moment | None] = mapped_column(comment="When the account was made.")
    description: Mapped[Words | None] = mapped_column(comment="Its text, links expanded.")
    location: Mapped[Words | None] = mapped_column(comment="What the owner wrote.")
    url: Mapped[Words | None] = mapped_column(comment="Link of the profile, expanded.")
    is_verified: Mapped[bool | None] = mapped_column(Boolean, comment="Has a badge of any kind.")
    verified_type: Mapped[Words | None] = mapped_column(
        comment="Kind of badge: blue, business, government, none."
    )
    is_protected: Mapped[bool | None] = mapped_column(
        Boolean, comment="Shows its posts to approved followers only."
    )
    pinned_tweet_id: Mapped[Id | None] = mapped_column(comment="Post at the top of its page.")
    profile_image_url: Mapped[Words | None] = mapped_column(comment="Its picture.")
    withheld_country_codes: Mapped[WordList | None] = mapped_column(
        comment="Where it is withheld; empty where nowhere."
    )
    profile_digest: Mapped[UUID | None] = mapped_column(
        Uuid, comment="MD5 of the descriptive columns: another one is a new version."
    )


class DimHashtag(Base):
    """Hashtags."""

    __tablename__ = "dim_hashtag"
    __table_args__ = (
        UniqueConstraint("hashtag"),
        {"comment": "One row per hashtag, letter case apart."},
    )

    hashtag_key: Mapped[int] = mapped_column(
        Integer, Identity(always=True), primary_key=True, comment="Number of the hashtag."
    )
    hashtag: Mapped[Words] = mapped_column(
        comment="Hashtag without #, in lower case. Those above "
        f"{LONGEST_HASHTAG} bytes are left out."
    )
