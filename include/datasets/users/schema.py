"""The columns of ``curated/users``."""

from __future__ import annotations

import pyarrow as pa

from include.datasets.schema import RAW_COLUMNS, TIMESTAMP, Column, schema_of

URL = pa.struct([("url", pa.string()), ("expanded_url", pa.string()), ("display_url", pa.string())])

COLUMNS: tuple[Column, ...] = (
    Column("user_id", pa.string(), False, "Id of the account, 1 to 19 digits."),
    Column("observed_at", TIMESTAMP, False, "When X showed the profile, by X's clock."),
    Column("username", pa.string(), False, "Handle without @, as X writes it."),
    Column("name", pa.string(), False, "Display name."),
    Column("created_at", TIMESTAMP, True, "When the account was made."),
    Column("description", pa.string(), True, "Its text, links expanded; null where it is empty."),
    Column("description_urls", pa.list_(URL), False, "Links of the description."),
    Column("location", pa.string(), True, "What the owner wrote; null where nothing."),
    Column("url", pa.string(), True, "Link of the profile, expanded; null where there is none."),
    Column("is_verified", pa.bool_(), True, "Has a badge of any kind."),
    Column("verified_type", pa.string(), True, "Kind of badge: blue, business, government, none."),
    Column("is_protected", pa.bool_(), True, "Shows its posts to approved followers only."),
    Column("pinned_tweet_id", pa.string(), True, "Post at the top of its page."),
    Column("profile_image_url", pa.string(), True, "Its picture."),
    Column("withheld_country_codes", pa.list_(pa.string()), False, "Where it is withheld."),
    Column("followers_count", pa.int64(), True, "Accounts that follow it."),
    Column("following_count", pa.int64(), True, "Accounts that it follows."),
    Column("tweet_count", pa.int64(), True, "Posts that it has made, reposts among them."),
    Column("listed_count", pa.int64(), True, "Lists that it is on."),
    Column("like_count", pa.int64(), True, "Posts that it likes; null in old payloads."),
    Column("media_count", pa.int64(), True, "Posts of it with media; null in old payloads."),
    *RAW_COLUMNS,
)

SCHEMA = schema_of(COLUMNS)
