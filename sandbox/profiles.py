"""What an account says of itself: what of a user object does not change with time."""

# ruff: noqa: PLR2004 - whose turn it is, by code, is what this file is about

import zlib
from datetime import UTC, datetime
from random import Random
from typing import Any

from sandbox.cast import CAST, Account, Kind
from sandbox.contents import short_url
from sandbox.posts import timestamp
from sandbox.texts import NASTY_TEXTS, TOPICS, TextBuilder, sentence

_VERIFIED_TYPES = ("none", "blue", "business", "government")
_LOCATIONS = ("Port Maren", "everywhere \U0001f30d", "53.5N 8.1E", "\u05e0\u05de\u05dc \U0001f4cd")
_RIGHT_TO_LEFT = NASTY_TEXTS[2]


def profile(account: Account, rng: Random) -> dict[str, Any]:
    """Return a user object of which the metrics are those that the account grows towards."""
    created = datetime.fromtimestamp(rng.randrange(1_268_000_000, 1_590_000_000), UTC)
    description = _description(account, rng)
    verified_type = _VERIFIED_TYPES[account.code % len(_VERIFIED_TYPES)]
    user: dict[str, Any] = {
        "id": account.user_id,
        "name": account.name,
        "username": account.username,
        "created_at": timestamp(created),
        "description": description.text,
        "profile_image_url": f"https://img.example.org/{account.username}_normal.jpg",
        "public_metrics": _metrics(account),
        "url": "",
        "verified": verified_type != "none",
        "verified_type": verified_type,
    }
    if account.code % 4 != 2:  # whoever has told no location lacks the key
        user["location"] = rng.choice(_LOCATIONS)
    if account.code % 3:
        user["profile_banner_url"] = f"https://img.example.org/{account.user_id}/banner"
    entities: dict[str, Any] = {}
    if account.code % 7 and account.code % 11:
        site = f"https://{account.username.replace('_', '-')}.example.org"
        short = f"https://t.co/Sandbox{account.code % 1000:03d}"
        link = TextBuilder().url(short, expanded_url=site, display_url=site[8:])
        user["url"] = link.text
        entities["url"] = link.entities
    if description.entities:
        entities["description"] = description.entities
    if entities:
        user["entities"] = entities
    if account.kind is Kind.WITHHELD:
        user["withheld"] = {"country_codes": ["DE", "FR"], "scope": "user"}
    return user


def _description(account: Account, rng: Random) -> TextBuilder:
    builder = TextBuilder()
    if account.code % 8 == 3:  # some say nothing
        return builder
    if account.kind is Kind.POLYGLOT:
        builder.add(f"{_RIGHT_TO_LEFT} \U0001f468\u200d\U0001f469\u200d\U0001f467\n")
    builder.add(f"{account.name} \u2693 {sentence(rng, account.topic)} &amp; that is all.")
    if account.code % 2:
        builder.add(" ").hashtag(rng.choice(TOPICS[account.topic]["tag"]))
    if account.code % 5 == 2:
        builder.add(" with ").mention(CAST[0].username)
    if account.code % 3:
        page = f"https://{account.topic}.example.org/about/{account.username}?from=profile"
        short = short_url(int(account.user_id))
        builder.add("\n").url(short, expanded_url=page, display_url=f"{page[8:34]}\u2026")
    return builder


def _metrics(account: Account) -> dict[str, int]:
    followers = zlib.crc32(account.username.encode()) % 90_000
    return {
        "followers_count": followers,
        "following_count": followers // 40,
        "tweet_count": 0,
        "listed_count": followers // 300,
        "like_count": followers // 7,
    }
