"""Users as X sends them: the fields that a column needs, strictly typed."""

from __future__ import annotations

from collections.abc import Iterable

from include.datasets.wire import ABSENT, Int64, Number, Text, Url, Wire, Withheld


class Links(Wire):
    """Links that X found in one text of the profile."""

    urls: list[Url] | None = None


class Entities(Wire):
    """What X found in the profile's texts."""

    url: Links | None = None
    description: Links | None = None


class Metrics(Wire):
    """Counts; old payloads lack the last two, newer ones may say null."""

    followers_count: Int64 = ABSENT
    following_count: Int64 = ABSENT
    tweet_count: Int64 = ABSENT
    post_count: Int64 = ABSENT
    listed_count: Int64 = ABSENT
    like_count: Number = None
    media_count: Number = None


class User(Wire):
    """One profile; the functions below read what X sends under two names."""

    id: str = ABSENT
    username: str = ABSENT
    name: str = ABSENT
    created_at: Text = None
    description: Text = None
    entities: Entities | None = None
    location: Text = None
    url: Text = None
    verified: bool | None = None
    verified_type: Text = None
    protected: bool | None = None
    pinned_tweet_id: Text = None
    pinned_post_id: Text = None
    profile_image_url: Text = None
    withheld: Withheld | None = None
    public_metrics: Metrics = ABSENT


def pinned(users: Iterable[User]) -> list[str | None]:
    """Id of the post at the top of each page."""
    return [user.pinned_tweet_id or user.pinned_post_id for user in users]


def tweet_counts(metrics: Iterable[Metrics]) -> list[int | None]:
    """How many posts each account has made."""
    return [m.post_count if m.tweet_count is None else m.tweet_count for m in metrics]
