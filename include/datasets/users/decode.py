"""Raw pages to rows: one row per profile that X showed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from include.datasets import arrays
from include.datasets.dataset import RawPage
from include.datasets.items import Item, items, observed, table_of
from include.datasets.users import wire
from include.datasets.users.schema import SCHEMA, URL
from include.datasets.users.wire import Entities, Links, Metrics, User
from include.datasets.wire import Url, Withheld

_NO_ENTITIES, _NO_LINKS, _NO_METRICS, _NO_WITHHELD = Entities(), Links(), Metrics(), Withheld()
_COUNTS = ("followers_count", "following_count", "listed_count", "like_count", "media_count")


def decode(pages: Sequence[RawPage]) -> pa.Table:
    """One row per user of ``data``, in order; columns as :func:`include.datasets.items.table_of`.

    Raises:
        UnreadablePage: a page is no JSON object, or its ``data`` or ``errors`` no list.
    """
    found: list[Item[User]] = []
    for page in pages:
        parts = page.items
        found += items(page, parts.data, parts.positions, User)
    users = [item.value for item in found]
    entities = [user.entities or _NO_ENTITIES for user in users]
    links = [(e.description or _NO_LINKS).urls or [] for e in entities]
    metrics = [user.public_metrics or _NO_METRICS for user in users]
    withheld = [user.withheld or _NO_WITHHELD for user in users]
    problems: dict[int, list[str]] = {}
    columns = {
        "user_id": arrays.texts(users, "id"),
        "observed_at": observed(found),
        "username": arrays.texts(users, "username"),
        "name": arrays.texts(users, "name"),
        "created_at": arrays.times(arrays.values(users, "created_at"), "created_at", problems),
        "description": pa.array(map(_expanded, users, links), pa.string()),
        "description_urls": arrays.lists(links, arrays.structs(URL)),
        "location": pa.array([user.location or None for user in users], pa.string()),
        "url": pa.array(map(_profile_link, users, entities), pa.string()),
        "is_verified": arrays.booleans(users, "verified"),
        "verified_type": arrays.texts(users, "verified_type"),
        "is_protected": arrays.booleans(users, "protected"),
        "pinned_tweet_id": pa.array(wire.pinned(users), pa.string()),
        "profile_image_url": arrays.texts(users, "profile_image_url"),
        "withheld_country_codes": arrays.lists([w.country_codes for w in withheld], arrays.strings),
        "tweet_count": pa.array(wire.tweet_counts(metrics), pa.int64()),
        **{name: arrays.integers(metrics, name) for name in _COUNTS},
    }
    return table_of(found, columns, problems, SCHEMA)


def _expanded(user: User, links: Sequence[Url]) -> str | None:
    """The description with the address of each link in the place of X's short one."""
    text = user.description or None
    addresses = {link.url: link.expanded_url for link in links if link.url and link.expanded_url}
    if text is None or not addresses:
        return text
    # In one go, and whole links only: one may begin like another, an address may hold another.
    known = "|".join(map(re.escape, sorted(addresses, key=len, reverse=True)))
    return re.sub(f"(?:{known})(?![A-Za-z0-9])", lambda found: addresses[found[0]], text)


def _profile_link(user: User, entities: Entities) -> str | None:
    for link in (entities.url or _NO_LINKS).urls or ():
        if link.expanded_url:
            return link.expanded_url
    return user.url or None
