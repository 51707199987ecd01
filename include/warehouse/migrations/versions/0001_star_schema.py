"""Create the star schema.

Revision: 0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the star schema."""
    op.create_table(
        "dim_date",
        sa.Column("date_key", sa.Date(), nullable=False, comment="The day."),
        sa.Column("year", sa.SmallInteger(), nullable=False, comment="Year, like 2026."),
        sa.Column("quarter", sa.SmallInteger(), nullable=False, comment="Quarter, 1 to 4."),
        sa.Column("month", sa.SmallInteger(), nullable=False, comment="Month, 1 to 12."),
        sa.Column(
            "month_name", sa.Text(), nullable=False, comment="Month in English, like November."
        ),
        sa.Column(
            "day_of_month", sa.SmallInteger(), nullable=False, comment="Day of the month, 1 to 31."
        ),
        sa.Column(
            "iso_year",
            sa.SmallInteger(),
            nullable=False,
            comment="Year that the ISO week belongs to.",
        ),
        sa.Column("iso_week", sa.SmallInteger(), nullable=False, comment="ISO week, 1 to 53."),
        sa.Column(
            "weekday",
            sa.SmallInteger(),
            nullable=False,
            comment="Day of the week, 1 is Monday, 7 is Sunday.",
        ),
        sa.Column("weekday_name", sa.Text(), nullable=False, comment="Day of the week in English."),
        sa.Column("is_weekend", sa.Boolean(), nullable=False, comment="Saturday or Sunday."),
        sa.PrimaryKeyConstraint("date_key", name=op.f("pk_dim_date")),
        comment="One row per UTC day, 2006-01-01 to 2049-12-31.",
    )
    op.create_table(
        "dim_hashtag",
        sa.Column(
            "hashtag_key",
            sa.Integer(),
            sa.Identity(always=True),
            nullable=False,
            comment="Number of the hashtag.",
        ),
        sa.Column(
            "hashtag",
            sa.Text(),
            nullable=False,
            comment="Hashtag without #, in lower case. Those above 2500 bytes are left out.",
        ),
        sa.PrimaryKeyConstraint("hashtag_key", name=op.f("pk_dim_hashtag")),
        sa.UniqueConstraint("hashtag", name=op.f("uq_dim_hashtag_hashtag")),
        comment="One row per hashtag, letter case apart.",
    )
    op.create_table(
        "dim_user",
        sa.Column(
            "user_key",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="Number of this version; facts name it.",
        ),
        sa.Column(
            "user_id",
            sa.BigInteger(),
            nullable=False,
            comment="X's id of the account, the same in all versions.",
        ),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Since when the profile was like this; -infinity in the first version.",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the next version begins; infinity in the current one.",
        ),
        sa.Column("is_current", sa.Boolean(), nullable=False, comment="Is the latest version."),
        sa.Column(
            "is_inferred",
            sa.Boolean(),
            nullable=False,
            comment="Known only because a post names its id: nothing else is filled.",
        ),
        sa.Column(
            "username", sa.Text(), nullable=True, comment="Handle without @, as X writes it."
        ),
        sa.Column("name", sa.Text(), nullable=True, comment="Display name."),
        sa.Column(
            "account_created_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the account was made.",
        ),
        sa.Column("description", sa.Text(), nullable=True, comment="Its text, links expanded."),
        sa.Column("location", sa.Text(), nullable=True, comment="What the owner wrote."),
        sa.Column("url", sa.Text(), nullable=True, comment="Link of the profile, expanded."),
        sa.Column("is_verified", sa.Boolean(), nullable=True, comment="Has a badge of any kind."),
        sa.Column(
            "verified_type",
            sa.Text(),
            nullable=True,
            comment="Kind of badge: blue, business, government, none.",
        ),
        sa.Column(
            "is_protected",
            sa.Boolean(),
            nullable=True,
            comment="Shows its posts to approved followers only.",
        ),
        sa.Column(
            "pinned_tweet_id",
            sa.BigInteger(),
            nullable=True,
            comment="Post at the top of its page.",
        ),
        sa.Column("profile_image_url", sa.Text(), nullable=True, comment="Its picture."),
        sa.Column(
            "withheld_country_codes",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="Where it is withheld; empty where nowhere.",
        ),
        sa.Column(
            "profile_digest",
            sa.Uuid(),
            nullable=True,
            comment="MD5 of the descriptive columns: another one is a new version.",
        ),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_dim_user_valid")),
        sa.PrimaryKeyConstraint("user_key", name=op.f("pk_dim_user")),
        sa.UniqueConstraint("user_id", "valid_from", name=op.f("uq_dim_user_user_id_valid_from")),
        comment="One row per account and period in which its profile did not change.",
    )
    op.create_index(
        "ix_dim_user_current",
        "dim_user",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "load_mark",
        sa.Column("dataset", sa.Text(), nullable=False, comment="tweets, users or tweet_metrics."),
        sa.Column(
            "announced_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Time of the last asset event up to which that is so.",
        ),
        sa.PrimaryKeyConstraint("dataset", name=op.f("pk_load_mark")),
        comment="One row per dataset of which all that was announced once was looked at.",
    )
    op.create_table(
        "load_object",
        sa.Column(
            "object_id",
            sa.Integer(),
            sa.Identity(always=True),
            nullable=False,
            comment="Number of the object.",
        ),
        sa.Column("dataset", sa.Text(), nullable=False, comment="tweets, users or tweet_metrics."),
        sa.Column("key", sa.Text(), nullable=False, comment="Its key in the bucket."),
        sa.Column(
            "etag", sa.Text(), nullable=False, comment="ETag as it was loaded: another one is news."
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="UTC day of its partition, dt."),
        sa.Column(
            "account",
            sa.Text(),
            nullable=True,
            comment="Account of its partition; null where the dataset has none.",
        ),
        sa.Column(
            "interval_end",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="End of its run's interval.",
        ),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="Rows in the object."),
        sa.Column(
            "shadowed",
            sa.BigInteger(),
            nullable=False,
            comment="Rows of it that another object's newer row stands for.",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="loaded or failed."),
        sa.Column("error", sa.Text(), nullable=True, comment="Why it was not loaded."),
        sa.Column(
            "loaded_at", sa.DateTime(timezone=True), nullable=False, comment="When that was."
        ),
        sa.CheckConstraint("state in ('loaded', 'failed')", name=op.f("ck_load_object_state")),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_load_object")),
        sa.UniqueConstraint("key", name=op.f("uq_load_object_key")),
        comment="One row per object of curated/ that was loaded, or could not be.",
    )
    op.create_table(
        "fact_tweet",
        sa.Column(
            "tweet_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="X's id of the post. An edit is a new id.",
        ),
        sa.Column("author_id", sa.BigInteger(), nullable=False, comment="X's id of the author."),
        sa.Column(
            "author_key",
            sa.BigInteger(),
            nullable=False,
            comment="The author as the profile was when it was posted.",
        ),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), nullable=False, comment="When it was posted."
        ),
        sa.Column("created_on", sa.Date(), nullable=False, comment="UTC day of created_at."),
        sa.Column(
            "account",
            sa.Text(),
            nullable=False,
            comment="Account or search of the lake that brought it; the latest, if several did.",
        ),
        sa.Column(
            "text",
            sa.Text(),
            nullable=False,
            comment="Text as X delivers it; a repost's is cut by X at 140.",
        ),
        sa.Column(
            "note_text",
            sa.Text(),
            nullable=True,
            comment="The whole text of a long post; null on any other.",
        ),
        sa.Column(
            "lang",
            sa.Text(),
            nullable=True,
            comment="Language that X detected (BCP 47, or und, qme, zxx, …).",
        ),
        sa.Column(
            "conversation_id",
            sa.BigInteger(),
            nullable=True,
            comment="Post that started the conversation.",
        ),
        sa.Column(
            "in_reply_to_user_id",
            sa.BigInteger(),
            nullable=True,
            comment="Account that it answers.",
        ),
        sa.Column("is_reply", sa.Boolean(), nullable=False, comment="Answers a post."),
        sa.Column("is_retweet", sa.Boolean(), nullable=False, comment="Is a repost."),
        sa.Column(
            "is_quote",
            sa.Boolean(),
            nullable=False,
            comment="Quotes a post; a reply may quote as well.",
        ),
        sa.Column("place_id", sa.Text(), nullable=True, comment="Id of the tagged place."),
        sa.Column("place_full_name", sa.Text(), nullable=True, comment="Name of the tagged place."),
        sa.Column(
            "place_country_code",
            sa.Text(),
            nullable=True,
            comment="Country of the place (ISO 3166-1 alpha-2).",
        ),
        sa.Column(
            "longitude",
            sa.Double(),
            nullable=True,
            comment="Degrees east of the exact point, if it was shared.",
        ),
        sa.Column(
            "latitude",
            sa.Double(),
            nullable=True,
            comment="Degrees north of the exact point, if it was shared.",
        ),
        sa.Column(
            "is_possibly_sensitive",
            sa.Boolean(),
            nullable=True,
            comment="Links to content marked as sensitive.",
        ),
        sa.Column(
            "reply_settings",
            sa.Text(),
            nullable=True,
            comment="Who may reply: everyone, mentionedUsers, …",
        ),
        sa.Column(
            "source",
            sa.Text(),
            nullable=True,
            comment="App it was posted from; X often leaves it out.",
        ),
        sa.Column(
            "community_id", sa.BigInteger(), nullable=True, comment="Community it was posted in."
        ),
        sa.Column(
            "edit_count", sa.Integer(), nullable=True, comment="Versions of it so far, 1 or more."
        ),
        sa.Column(
            "like_count", sa.BigInteger(), nullable=True, comment="Likes when it was fetched."
        ),
        sa.Column(
            "reply_count", sa.BigInteger(), nullable=True, comment="Replies when it was fetched."
        ),
        sa.Column(
            "retweet_count", sa.BigInteger(), nullable=True, comment="Reposts when it was fetched."
        ),
        sa.Column(
            "quote_count", sa.BigInteger(), nullable=True, comment="Quotes when it was fetched."
        ),
        sa.Column(
            "bookmark_count",
            sa.BigInteger(),
            nullable=True,
            comment="Bookmarks when it was fetched; null where X sent none.",
        ),
        sa.Column(
            "impression_count",
            sa.BigInteger(),
            nullable=True,
            comment="Views when it was fetched; null where X sent none.",
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="original, reply, quote, retweet; several at once joined, as reply+quote.",
        ),
        sa.Column(
            "engagement_count",
            sa.BigInteger(),
            nullable=True,
            comment="Likes, replies, reposts, quotes at the fetch; null if one lacks, or a repost.",
        ),
        sa.Column(
            "engagement_rate",
            sa.Double(),
            nullable=True,
            comment="engagement_count per view; null where X sent no views, or 0.",
        ),
        sa.Column(
            "character_count",
            sa.Integer(),
            nullable=False,
            comment="Characters (code points) of the whole text.",
        ),
        sa.Column(
            "word_count",
            sa.Integer(),
            nullable=True,
            comment="Words of the whole text without links; null in scripts without spaces.",
        ),
        sa.Column(
            "hashtag_count",
            sa.Integer(),
            nullable=False,
            comment="Hashtags in the text, each time it is there.",
        ),
        sa.Column(
            "mention_count",
            sa.Integer(),
            nullable=False,
            comment="Mentions in the text, each time it is there.",
        ),
        sa.Column(
            "url_count",
            sa.Integer(),
            nullable=False,
            comment="Links as X lists them, those to its own media among them.",
        ),
        sa.Column(
            "media_count",
            sa.Integer(),
            nullable=False,
            comment="Attached photos, videos and animated GIFs.",
        ),
        sa.Column(
            "photo_count",
            sa.Integer(),
            nullable=True,
            comment="Attached photos; null where X did not tell all types.",
        ),
        sa.Column(
            "video_count",
            sa.Integer(),
            nullable=True,
            comment="Attached videos and animated GIFs; null where X did not tell all types.",
        ),
        sa.Column(
            "link_domains",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="Hosts that its links lead to, each once, without www. and X's own.",
        ),
        sa.Column(
            "posted_hour",
            sa.SmallInteger(),
            nullable=False,
            comment="UTC hour of created_at, 0 to 23.",
        ),
        sa.Column(
            "posted_weekday",
            sa.SmallInteger(),
            nullable=False,
            comment="UTC weekday of created_at, 1 is Monday, 7 is Sunday.",
        ),
        sa.Column(
            "detected_lang",
            sa.Text(),
            nullable=True,
            comment="Language detected where X's lang is null or und (ISO 639-1); else null.",
        ),
        sa.Column(
            "released_by",
            sa.Text(),
            nullable=True,
            comment="Who released it from quarantine; null on any other.",
        ),
        sa.Column(
            "released_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When it was released.",
        ),
        sa.Column(
            "release_reason",
            sa.Text(),
            nullable=True,
            comment="Why it was released, in that person's words.",
        ),
        sa.Column(
            "object_id",
            sa.Integer(),
            nullable=False,
            comment="The object of curated/ whose row it is.",
        ),
        sa.ForeignKeyConstraint(
            ["author_key"], ["dim_user.user_key"], name=op.f("fk_fact_tweet_author_key")
        ),
        sa.ForeignKeyConstraint(
            ["created_on"], ["dim_date.date_key"], name=op.f("fk_fact_tweet_created_on")
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["load_object.object_id"], name=op.f("fk_fact_tweet_object_id")
        ),
        sa.PrimaryKeyConstraint("tweet_id", name=op.f("pk_fact_tweet")),
        comment="One row per tweet.",
    )
    op.create_index(
        op.f("ix_fact_tweet_author_id_created_at"),
        "fact_tweet",
        ["author_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_fact_tweet_created_at"),
        "fact_tweet",
        ["created_at"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_index(
        op.f("ix_fact_tweet_object_id"),
        "fact_tweet",
        ["object_id"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_table(
        "fact_tweet_metrics",
        sa.Column(
            "tweet_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="X's id of the post; it may not be in fact_tweet, or only later.",
        ),
        sa.Column(
            "observed_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When X showed the counts, by X's clock.",
        ),
        sa.Column("observed_on", sa.Date(), nullable=False, comment="UTC day of observed_at."),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="visible; or deleted, suspended, protected, withheld: it has no counts.",
        ),
        sa.Column("like_count", sa.BigInteger(), nullable=True, comment="Likes so far."),
        sa.Column("reply_count", sa.BigInteger(), nullable=True, comment="Replies so far."),
        sa.Column("retweet_count", sa.BigInteger(), nullable=True, comment="Reposts so far."),
        sa.Column("quote_count", sa.BigInteger(), nullable=True, comment="Quotes so far."),
        sa.Column(
            "bookmark_count",
            sa.BigInteger(),
            nullable=True,
            comment="Bookmarks so far; null where X sent none.",
        ),
        sa.Column(
            "impression_count",
            sa.BigInteger(),
            nullable=True,
            comment="Views so far; null where X sent none.",
        ),
        sa.Column(
            "engagement_count",
            sa.BigInteger(),
            nullable=True,
            comment="Likes, replies, reposts and quotes so far; null if X left one out.",
        ),
        sa.Column(
            "released_by",
            sa.Text(),
            nullable=True,
            comment="Who released it from quarantine; null on any other.",
        ),
        sa.Column(
            "released_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When it was released.",
        ),
        sa.Column(
            "release_reason",
            sa.Text(),
            nullable=True,
            comment="Why it was released, in that person's words.",
        ),
        sa.Column(
            "object_id",
            sa.Integer(),
            nullable=False,
            comment="The object of curated/ whose row it is.",
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["load_object.object_id"], name=op.f("fk_fact_tweet_metrics_object_id")
        ),
        sa.ForeignKeyConstraint(
            ["observed_on"], ["dim_date.date_key"], name=op.f("fk_fact_tweet_metrics_observed_on")
        ),
        sa.PrimaryKeyConstraint("tweet_id", "observed_at", name=op.f("pk_fact_tweet_metrics")),
        comment="One row per tweet per observation.",
        postgresql_partition_by="RANGE (observed_at)",
    )
    op.create_index(
        op.f("ix_fact_tweet_metrics_object_id"),
        "fact_tweet_metrics",
        ["object_id"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_table(
        "fact_user_metrics",
        sa.Column(
            "user_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="X's id of the account.",
        ),
        sa.Column("observed_on", sa.Date(), nullable=False, comment="UTC day of observed_at."),
        sa.Column(
            "user_key",
            sa.BigInteger(),
            nullable=False,
            comment="The account as its profile was then.",
        ),
        sa.Column(
            "observed_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When X showed the counts, by X's clock, to the day's last run.",
        ),
        sa.Column(
            "followers_count", sa.BigInteger(), nullable=True, comment="Accounts that follow it."
        ),
        sa.Column(
            "following_count", sa.BigInteger(), nullable=True, comment="Accounts that it follows."
        ),
        sa.Column(
            "tweet_count", sa.BigInteger(), nullable=True, comment="Posts it has made, reposts too."
        ),
        sa.Column("listed_count", sa.BigInteger(), nullable=True, comment="Lists that it is on."),
        sa.Column("like_count", sa.BigInteger(), nullable=True, comment="Posts that it likes."),
        sa.Column("media_count", sa.BigInteger(), nullable=True, comment="Posts of it with media."),
        sa.Column(
            "released_by",
            sa.Text(),
            nullable=True,
            comment="Who released it from quarantine; null on any other.",
        ),
        sa.Column(
            "released_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When it was released.",
        ),
        sa.Column(
            "release_reason",
            sa.Text(),
            nullable=True,
            comment="Why it was released, in that person's words.",
        ),
        sa.Column(
            "object_id",
            sa.Integer(),
            nullable=False,
            comment="The object of curated/ whose row it is.",
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["load_object.object_id"], name=op.f("fk_fact_user_metrics_object_id")
        ),
        sa.ForeignKeyConstraint(
            ["observed_on"], ["dim_date.date_key"], name=op.f("fk_fact_user_metrics_observed_on")
        ),
        sa.ForeignKeyConstraint(
            ["user_key"], ["dim_user.user_key"], name=op.f("fk_fact_user_metrics_user_key")
        ),
        sa.PrimaryKeyConstraint("user_id", "observed_on", name=op.f("pk_fact_user_metrics")),
        comment="One row per user per day.",
    )
    op.create_index(
        op.f("ix_fact_user_metrics_object_id"),
        "fact_user_metrics",
        ["object_id"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_table(
        "bridge_tweet_hashtag",
        sa.Column("tweet_id", sa.BigInteger(), nullable=False, comment="The post."),
        sa.Column("hashtag_key", sa.Integer(), nullable=False, comment="The hashtag."),
        sa.ForeignKeyConstraint(
            ["hashtag_key"],
            ["dim_hashtag.hashtag_key"],
            name=op.f("fk_bridge_tweet_hashtag_hashtag_key"),
        ),
        sa.ForeignKeyConstraint(
            ["tweet_id"],
            ["fact_tweet.tweet_id"],
            name=op.f("fk_bridge_tweet_hashtag_tweet_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tweet_id", "hashtag_key", name=op.f("pk_bridge_tweet_hashtag")),
        comment="One row per post and hashtag in it.",
    )
    op.create_table(
        "bridge_tweet_mention",
        sa.Column("tweet_id", sa.BigInteger(), nullable=False, comment="The post."),
        sa.Column(
            "position",
            sa.SmallInteger(),
            nullable=False,
            comment="Its place among the post's mentions, from 0.",
        ),
        sa.Column(
            "username",
            sa.Text(),
            nullable=True,
            comment="Handle without @, as the post writes it; null where X sent none.",
        ),
        sa.Column(
            "user_id",
            sa.BigInteger(),
            nullable=True,
            comment="X's id of the account, where X sent it.",
        ),
        sa.ForeignKeyConstraint(
            ["tweet_id"],
            ["fact_tweet.tweet_id"],
            name=op.f("fk_bridge_tweet_mention_tweet_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tweet_id", "position", name=op.f("pk_bridge_tweet_mention")),
        comment="One row per mention in a post.",
    )
    op.create_table(
        "bridge_tweet_reference",
        sa.Column("tweet_id", sa.BigInteger(), nullable=False, comment="The post."),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="quoted, replied_to or retweeted; a reply may quote as well. A kind that X "
            "adds is left out.",
        ),
        sa.Column(
            "referenced_tweet_id",
            sa.BigInteger(),
            nullable=False,
            comment="The other post, which may not be in the warehouse.",
        ),
        sa.CheckConstraint(
            "kind in ('quoted', 'replied_to', 'retweeted')",
            name=op.f("ck_bridge_tweet_reference_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["tweet_id"],
            ["fact_tweet.tweet_id"],
            name=op.f("fk_bridge_tweet_reference_tweet_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tweet_id", "kind", "referenced_tweet_id", name=op.f("pk_bridge_tweet_reference")
        ),
        comment="One row per post and post that it refers to, in each way that it does.",
    )
    op.create_table(
        "bridge_tweet_url",
        sa.Column("tweet_id", sa.BigInteger(), nullable=False, comment="The post."),
        sa.Column(
            "position",
            sa.SmallInteger(),
            nullable=False,
            comment="Its place among the post's links, from 0.",
        ),
        sa.Column("url", sa.Text(), nullable=True, comment="Link as it is in the text, at t.co."),
        sa.Column("expanded_url", sa.Text(), nullable=True, comment="Where it leads."),
        sa.Column("display_url", sa.Text(), nullable=True, comment="As X shows it, cut."),
        sa.Column("unwound_url", sa.Text(), nullable=True, comment="Where it leads in the end."),
        sa.Column("title", sa.Text(), nullable=True, comment="Title of that page."),
        sa.Column(
            "domain", sa.Text(), nullable=True, comment="Host of where it leads, lower case."
        ),
        sa.ForeignKeyConstraint(
            ["tweet_id"],
            ["fact_tweet.tweet_id"],
            name=op.f("fk_bridge_tweet_url_tweet_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tweet_id", "position", name=op.f("pk_bridge_tweet_url")),
        comment="One row per link in a post.",
    )
    _fill_dim_date()
    _create_ensure_metrics_partition()


def _fill_dim_date() -> None:
    op.execute("""
        INSERT INTO dim_date
        SELECT day, extract(year FROM day), extract(quarter FROM day), extract(month FROM day),
               trim(to_char(day, 'Month')), extract(day FROM day), extract(isoyear FROM day),
               extract(week FROM day), extract(isodow FROM day), trim(to_char(day, 'Day')),
               extract(isodow FROM day) > 5
        FROM (
            SELECT generate_series(timestamp '2006-01-01', '2049-12-31', '1 day')::date AS day
        ) AS days
    """)


def _create_ensure_metrics_partition() -> None:
    """The loader may not make tables, but has to make these.

    To attach a partition lets others read meanwhile; to create it in its place would not.
    """
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    op.execute(f"""
        CREATE FUNCTION ensure_metrics_partition(month date) RETURNS text
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
        DECLARE
            first date := date_trunc('month', month::timestamp);
            name text := 'fact_tweet_metrics_' || to_char(first, 'YYYY_MM');
        BEGIN
            IF month IS NULL OR month NOT BETWEEN '2006-01-01' AND '2049-12-31' THEN
                RAISE EXCEPTION 'no partition of fact_tweet_metrics for %: dim_date has '
                    '2006-01-01 to 2049-12-31', coalesce(month::text, 'null');
            END IF;
            IF to_regclass(name) IS NULL THEN
                LOCK TABLE fact_tweet_metrics IN SHARE UPDATE EXCLUSIVE MODE;
            END IF;
            IF to_regclass(name) IS NULL THEN  -- nobody made it while we waited
                EXECUTE format(
                    'CREATE TABLE %I (LIKE fact_tweet_metrics INCLUDING COMMENTS)', name);
                EXECUTE format(
                    'ALTER TABLE fact_tweet_metrics ATTACH PARTITION %I '
                    'FOR VALUES FROM (%L) TO (%L)',
                    name, first::timestamp AT TIME ZONE 'UTC',
                    (first + interval '1 month') AT TIME ZONE 'UTC');
            END IF;
            RETURN name;
        END $$
    """)
    op.execute("REVOKE ALL ON FUNCTION ensure_metrics_partition(date) FROM PUBLIC")


def downgrade() -> None:
    """Undo it."""
    op.execute("DROP FUNCTION ensure_metrics_partition(date)")
    op.drop_table("bridge_tweet_url")
    op.drop_table("bridge_tweet_reference")
    op.drop_table("bridge_tweet_mention")
    op.drop_table("bridge_tweet_hashtag")
    op.drop_table("fact_user_metrics")
    op.drop_table("fact_tweet_metrics")
    op.drop_table("fact_tweet")
    op.drop_table("load_object")
    op.drop_table("load_mark")
    op.drop_table("dim_user")
    op.drop_table("dim_hashtag")
    op.drop_table("dim_date")
