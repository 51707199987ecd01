"""Bridges: what a post has several of. They go with their post."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from include.warehouse.models.base import Base, Id, Small, Words

REFERENCE_KINDS = ("quoted", "replied_to", "retweeted")


def _tweet_id() -> Mapped[Id]:
    return mapped_column(
        ForeignKey("fact_tweet.tweet_id", ondelete="CASCADE"),
        primary_key=True,
        comment="The post.",
    )


class BridgeTweetHashtag(Base):
    """Hashtags of posts."""

    __tablename__ = "bridge_tweet_hashtag"
    __table_args__ = ({"comment": "One row per post and hashtag in it."},)

    tweet_id: Mapped[Id] = _tweet_id()
    hashtag_key: Mapped[int] = mapped_column(
        Integer, ForeignKey("dim_hashtag.hashtag_key"), primary_key=True, comment="The hashtag."
    )


class BridgeTweetMention(Base):
    """Accounts that posts mention."""

    __tablename__ = "bridge_tweet_mention"
    __table_args__ = ({"comment": "One row per mention in a post."},)

    tweet_id: Mapped[Id] = _tweet_id()
    position: Mapped[Small] = mapped_column(
        primary_key=True, comment="Its place among the post's mentions, from 0."
    )
    username: Mapped[Words | None] = mapped_column(
        comment="Handle without @, as the post writes it; null where X sent none."
    )
    user_id: Mapped[Id | None] = mapped_column(comment="X's id of the account, where X sent it.")


class BridgeTweetUrl(Base):
    """Links of posts."""

    __tablename__ = "bridge_tweet_url"
    __table_args__ = ({"comment": "One row per link in a post."},)

    tweet_id: Mapped[Id] = _tweet_id()
    position: Mapped[Small] = mapped_column(
        primary_key=True, comment="Its place among the post's links, from 0."
    )
    url: Mapped[Words | None] = mapped_column(comment="Link as it is in the text, at t.co.")
    expanded_url: Mapped[Words | None] = mapped_column(comment="Where it leads.")
    display_url: Mapped[Words | None] = mapped_column(comment="As X shows it, cut.")
    unwound_url: Mapped[Words | None] = mapped_column(comment="Where it leads in the end.")
    title: Mapped[Words | None] = mapped_column(comment="Title of that page.")
    domain: Mapped[Words | None] = mapped_column(comment="Host of where it leads, lower case.")


class BridgeTweetReference(Base):
    """Posts that posts answer, quote or repost."""

    __tablename__ = "bridge_tweet_reference"
    __table_args__ = (
        CheckConstraint(f"kind in {REFERENCE_KINDS}", name="kind"),
        {"comment": "One row per post and post that it refers to, in each way that it does."},
    )

    tweet_id: Mapped[Id] = _tweet_id()
    kind: Mapped[Words] = mapped_column(
        primary_key=True,
        comment="quoted, replied_to or retweeted; a reply may quote as well. A kind that X "
        "adds is left out.",
    )
    referenced_tweet_id: Mapped[Id] = mapped_column(
        primary_key=True, comment="The other post, which may not be in the warehouse."
    )
