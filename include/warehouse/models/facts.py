"""Facts: posts, and what was counted of posts and accounts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Date, Double, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from include.warehouse.models.base import Base, Count, Day, Id, Moment, Small, WordList, Words


class _Loaded:
    """What every fact has: the object that it came from, and who answers for it."""

    released_by: Mapped[Words | None] = mapped_column(
        comment="Who released it from quarantine; null on any other.", sort_order=90
    )
    released_at: Mapped[Moment | None] = mapped_column(
        comment="When it was released.", sort_order=91
    )
    release_reason: Mapped[Words | None] = mapped_column(
        comment="Why it was released, in that person's words.", sort_order=92
    )
    object_id: Mapped[int] = mapped_column(
        Integer,
        ForeignKey("load_object.object_id"),
        comment="The object of curated/ whose row it is.",
        sort_order=93,
    )


class FactTweet(_Loaded, Base):
    """Posts."""

    __tablename__ = "fact_tweet"
    __table_args__ = (
        Index(None, "author_id", "created_at"),
        Index(None, "created_at", postgresql_using="brin"),
        Index(None, "object_id", postgresql_using="brin"),
        {"comment": "One row per tweet."},
    )

    tweet_id: Mapped[Id] = mapped_column(
        primary_key=True, autoincrement=False, comment="X's id of the post. An edit is a new id."
    )
    author_id: Mapped[Id] = mapped_column(comment="X's id of the author.")
    author_key: Mapped[Id] = mapped_column(
        ForeignKey("dim_user.user_key"),
        comment="The author as the profile was when it was posted.",
    )
    created_at: Mapped[Moment] = mapped_column(comment="When it was posted.")
    created_on: Mapped[Day] = mapped_column(
        ForeignKey("dim_date.date_key"), comment="UTC day of created_at."
    )
    account: Mapped[Words] = mapped_column(
        comment="Account or search of the lake that brought it; the latest, if several did."
    )
    text: Mapped[Words] = mapped_column(
        comment="Text as X delivers it; a repost's is cut by X at 140."
    )
    note_text: Mapped[Words | None] = mapped_column(
        comment="The whole text of a long post; null on any other."
    )
    lang: Mapped[Words | None] = mapped_column(
        comment="Language that X detected (BCP 47, or und, qme, zxx, …)."
    )
    conversation_id: Mapped[Id | None] = mapped_column(
        comment="Post that started the conversation."
    )
    in_reply_to_user_id: Mapped[Id | None] = mapped_column(comment="Account that it answers.")
    is_reply: Mapped[bool] = mapped_column(Boolean, comment="Answers a post.")
    is_retweet: Mapped[bool] = mapped_column(Boolean, comment="Is a repost.")
    is_quote: Mapped[bool] = mapped_column(
        Boolean, comment="Quotes a post; a reply may quote as well."
    )
    place_id: Mapped[Words | None] = mapped_column(comment="Id of the tagged place.")
    place_full_name: Mapped[Words | None] = mapped_column(comment="Name of the tagged place.")
    place_country_code: Mapped[Words | None] = mapped_column(
        comment="Country of the place (ISO 3166-1 alpha-2)."
    )
    longitude: Mapped[float | None] = mapped_column(
        Double, comment="Degrees east of the exact point, if it was shared."
    )
    latitude: Mapped[float | None] = mapped_column(
        Double, comment="Degrees north of the exact point, if it was shared."
    )
    is_possibly_sensitive: Mapped[bool | None] = mapped_column(
        Boolean, comment="Links to content marked as sensitive."
    )
    reply_settings: Mapped[Words | None] = mapped_column(
        comment="Who may reply: everyone, mentionedUsers, …"
    )
    source: Mapped[Words | None] = mapped_column(
        comment="App it was posted from; X often leaves it out."
    )
    community_id: Mapped[Id | None] = mapped_column(comment="Community it was posted in.")
    edit_count: Mapped[int | None] = mapped_column(
        Integer, comment="Versions of it so far, 1 or more."
    )
    like_count: Mapped[Count | None] = mapped_column(comment="Likes when it was fetched.")
    reply_count: Mapped[Count | None] = mapped_column(comment="Replies when it was fetched.")
    retweet_count: Mapped[Count | None] = mapped_column(comment="Reposts when it was fetched.")
    quote_count: Mapped[Count | None] = mapped_column(comment="Quotes when it was fetched.")
    bookmark_count: Mapped[Count | None] = mapped_column(
        comment="Bookmarks when it was fetched; null where X sent none."
    )
    impression_count: Mapped[Count | None] = mapped_column(
        comment="Views when it was fetched; null where X sent none."
    )

    kind: Mapped[Words] = mapped_column(
        comment="original, reply, quote, retweet; several at once joined, as reply+quote."
    )
    engagement_count: Mapped[Count | None] = mapped_column(
        comment="Likes, replies, reposts, quotes at the fetch; null if one lacks, or a repost."
    )
    engagement_rate: Mapped[float | None] = mapped_column(
        Double, comment="engagement_count per view; null where X sent no views, or 0."
    )
    character_count: Mapped[int] = mapped_column(
        Integer, comment="Characters (code points) of the whole text."
    )
    word_count: Mapped[int | None] = mapped_column(
        Integer,
        comment="Words of the whole text without links; null in scripts without spaces.",
    )
    hashtag_count: Mapped[int] = mapped_column(
        Integer, comment="Hashtags in the text, each time it is there."
    )
    mention_count: Mapped[int] = mapped_column(
        Integer, comment="Mentions in the text, each time it is there."
    )
    url_count: Mapped[int] = mapped_column(
        Integer, comment="Links as X lists them, those to its own media among them."
    )
    media_count: Mapped[int] = mapped_column(
        Integer, comment="Attached photos, videos and animated GIFs."
    )
    photo_count: Mapped[int | None] = mapped_column(
        Integer, comment="Attached photos; null where X did not tell all types."
    )
    video_count: Mapped[int | None] = mapped_column(
        Integer, comment="Attached videos and animated GIFs; null where X did not tell all types."
    )
    link_domains: Mapped[WordList] = mapped_column(
        comment="Hosts that its links lead to, each once, without www. and X's own."
    )
    posted_hour: Mapped[Small] = mapped_column(comment="UTC hour of created_at, 0 to 23.")
    posted_weekday: Mapped[Small] = mapped_column(
        comment="UTC weekday of created_at, 1 is Monday, 7 is Sunday."
    )
    detected_lang: Mapped[Words | None] = mapped_column(
        comment="Language detected where X's lang is null or und (ISO 639-1); else null."
    )


class FactTweetMetrics(_Loaded, Base):
    """Counts of posts over time, partitioned by month."""

    __tablename__ = "fact_tweet_metrics"
    __table_args__ = (
        Index(None, "object_id", postgresql_using="brin"),
        {
            "comment": "One row per tweet per observation.",
            "postgresql_partition_by": "RANGE (observed_at)",
        },
    )

    tweet_id: Mapped[Id] = mapped_column(
        primary_key=True,
        autoincrement=False,
        comment="X's id of the post; it may not be in fact_tweet, or only later.",
    )
    observed_at: Mapped[Moment] = mapped_column(
        primary_key=True, comment="When X showed the counts, by X's clock."
    )
    observed_on: Mapped[Day] = mapped_column(
        ForeignKey("dim_date.date_key"), comment="UTC day of observed_at."
    )
    status: Mapped[Words] = mapped_column(
        comment="visible; or deleted, suspended, protected, withheld: it has no counts."
    )
    like_count: Mapped[Count | None] = mapped_column(comment="Likes so far.")
    reply_count: Mapped[Count | None] = mapped_column(comment="Replies so far.")
    retweet_count: Mapped[Count | None] = mapped_column(comment="Reposts so far.")
    quote_count: Mapped[Count | None] = mapped_column(comment="Quotes so far.")
    bookmark_count: Mapped[Count | None] = mapped_column(
        comment="Bookmarks so far; null where X sent none."
    )
    impression_count: Mapped[Count | None] = mapped_column(
        comment="Views so far; null where X sent none."
    )
    engagement_count: Mapped[Count | None] = mapped_column(
        comment="Likes, replies, reposts and quotes so far; null if X left one out."
    )


class FactUserMetrics(_Loaded, Base):
    """Counts of accounts over time."""

    __tablename__ = "fact_user_metrics"
    __table_args__ = (
        Index(None, "object_id", postgresql_using="brin"),
        {"comment": "One row per user per day."},
    )

    user_id: Mapped[Id] = mapped_column(
        primary_key=True, autoincrement=False, comment="X's id of the account."
    )
    observed_on: Mapped[Day] = mapped_column(
        Date,
        ForeignKey("dim_date.date_key"),
        primary_key=True,
        comment="UTC day of observed_at.",
    )
    user_key: Mapped[Id] = mapped_column(
        BigInteger,
        ForeignKey("dim_user.user_key"),
        comment="The account as its profile was then.",
    )
    observed_at: Mapped[Moment] = mapped_column(
        comment="When X showed the counts, by X's clock, to the day's last run."
    )
    followers_count: Mapped[Count | None] = mapped_column(comment="Accounts that follow it.")
    following_count: Mapped[Count | None] = mapped_column(comment="Accounts that it follows.")
    tweet_count: Mapped[Count | None] = mapped_column(comment="Posts it has made, reposts too.")
    listed_count: Mapped[Count | None] = mapped_column(comment="Lists that it is on.")
    like_count: Mapped[Count | None] = mapped_column(comment="Posts that it likes.")
    media_count: Mapped[Count | None] = mapped_column(comment="Posts of it with media.")
