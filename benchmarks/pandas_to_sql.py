"""The load that most would write: pandas.read_parquet, explode, to_sql; nothing is checked.

No table has a key, no post is looked for before it is written, and words, languages and links get
less care than ours do. Prints the seconds without the imports.

Usage: python -m benchmarks.pandas_to_sql FOLDER URL OBJECTS
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
from sqlalchemy import Engine, create_engine

_IDS = ["tweet_id", "author_id", "conversation_id", "in_reply_to_user_id", "community_id"]
_COUNTS = ["like_count", "reply_count", "retweet_count", "quote_count"]
_OWN = [
    *("tweet_id", "author_id", "created_at", "text", "note_text", "lang", "conversation_id"),
    *("in_reply_to_user_id", "is_reply", "is_retweet", "is_quote", "place_id", "place_full_name"),
    *("place_country_code", "longitude", "latitude", "is_possibly_sensitive", "reply_settings"),
    *("source", "community_id", *_COUNTS, "bookmark_count", "impression_count"),
    *("released_by", "released_at", "release_reason"),
]
_LISTS = ["hashtags", "mentions", "urls", "referenced_tweets"]


def _load(path: Path, engine: Engine) -> None:
    posts = pd.read_parquet(path, columns=[*_OWN, *_LISTS, "media", "edit_history_tweet_ids"])
    posts[_IDS] = posts[_IDS].apply(pd.to_numeric).astype("Int64")
    tweets = posts[_OWN].copy()
    tweets["created_on"] = posts["created_at"].dt.date
    tweets["account"] = path.parent.name.removeprefix("account=")
    tweets["edit_count"] = posts["edit_history_tweet_ids"].map(len)
    tweets["kind"] = "original"
    for kind in ("retweet", "quote", "reply"):
        tweets.loc[posts[f"is_{kind}"], "kind"] = kind
    tweets["engagement_count"] = posts[_COUNTS].sum(axis=1)
    tweets["engagement_rate"] = tweets["engagement_count"] / posts["impression_count"]
    tweets["character_count"] = posts["text"].str.len()
    tweets["word_count"] = posts["text"].str.split().str.len()
    for name in ("hashtag", "mention", "url"):
        tweets[f"{name}_count"] = posts[f"{name}s"].map(len)
    tweets["media_count"] = posts["media"].map(len)
    tweets["posted_hour"] = posts["created_at"].dt.hour
    tweets["posted_weekday"] = posts["created_at"].dt.isocalendar().day
    each = {name: posts[["tweet_id", name]].explode(name).dropna() for name in _LISTS}
    bridges = {
        name: pd.concat(
            [
                rows[["tweet_id"]].reset_index(drop=True),
                pd.DataFrame(rows[name].tolist()).rename(columns={"tweet_id": "other_tweet_id"}),
            ],
            axis=1,
        )
        for name, rows in each.items()
        if name != "hashtags"
    }
    bridges["urls"]["domain"] = [
        urlsplit(link).hostname if link else None for link in bridges["urls"]["expanded_url"]
    ]
    tweets.to_sql("fact_tweet", engine, if_exists="append", index=False)
    for name, rows in {**bridges, "hashtags": each["hashtags"]}.items():
        rows.to_sql(f"bridge_{name}", engine, if_exists="append", index=False)


def main(folder: str, url: str, objects: str) -> None:
    """Load so many of the objects of a lake."""
    paths = sorted(Path(folder).rglob("*.parquet"))[: int(objects)]
    engine = create_engine(url)
    began = time.perf_counter()
    for path in paths:
        _load(path, engine)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
