"""What a post is made of: links, media, references, and the body that holds all fields."""

# ruff: noqa: PLR2004 - dice and shares are what this file is about

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sandbox.cast import CAST, Kind
from sandbox.objects import PLACES
from sandbox.posts import EPOCH_MS, Post, Slot, moment, snowflake, timestamp
from sandbox.texts import (
    CASHTAGS,
    PLACE_NAMES,
    TOPICS,
    WITHHELD_POST_TEXT,
    TextBuilder,
    sentence,
)

WAVE_OF_NEW_METRICS = datetime(2022, 12, 15, tzinfo=UTC)
"""Before this day payloads have no bookmark_count and no impression_count."""
END_OF_ANNOTATIONS = datetime(2026, 3, 24, tzinfo=UTC)
"""Since this day payloads have no entities.annotations."""

_CONTEXT = tuple(
    {
        "domain": {"id": domain, "name": name, "description": f"{name}: {about}"},
        "entity": {"id": f"15576971214778{domain:0>5}", "name": entity, "description": entity},
    }
    for domain, name, about, entity in (
        ("46", "Business Taxonomy", "categories that narrow down what a brand does", "Transport"),
        ("131", "Unified Topic", "a topic that gathers several taxonomies in one", "Open data"),
        ("66", "Interests and Hobbies", "a grouping of interests and hobbies", "Cartography"),
        ("30", "Entities [Entity Service]", "top level of the entity service", "Shipping"),
        ("29", "Events", "something that happens at a time and a place", "Spring tide"),
    )
)
_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_LEARN_MORE = "Learn more."
_ORDINARY = tuple(a for a in CAST if a.kind is Kind.ORDINARY)
_LANGUAGES = (*("en",) * 16, "und", "qme", "zxx", None)
_REPLY_SETTINGS = (*("everyone",) * 7, "mentionedUsers", "following")


def reference(kind: str, key: int) -> dict[str, str]:
    """Return an entry of referenced_tweets."""
    return {"type": kind, "id": str(key)}


def reply_to(target: Slot, builder: TextBuilder, extra: dict[str, Any]) -> None:
    """Begin a post that answers another one."""
    builder.mention(target.account.username, target.account.user_id).add(" ")
    extra["in_reply_to_user_id"] = target.account.user_id
    extra["conversation_id"] = str(target.key)
    extra.setdefault("referenced_tweets", []).append(reference("replied_to", target.key))


def quote(target: Slot, builder: TextBuilder, extra: dict[str, Any]) -> None:
    """End a post with the link to the one it quotes."""
    page = f"https://x.com/{target.account.username}/status/{target.key}"
    builder.add(" ").url(short_url(target.key), expanded_url=page, display_url=page[8:34])
    extra.setdefault("referenced_tweets", []).insert(0, reference("quoted", target.key))


def short_url(key: int) -> str:
    """Return a shortened link, the same for the same key."""
    letters = []
    number = key * 2_654_435_761 % 58**10
    for _ in range(10):
        number, rest = divmod(number, 58)
        letters.append(_LETTERS[rest])
    return f"https://t.co/{''.join(letters)}"


def link(builder: TextBuilder, slot: Slot, rng: Random) -> None:
    """Append a link with everything that X knows about the page."""
    path = f"{slot.account.topic}.example.org/{rng.randrange(10**6)}/{slot.account.username}"
    images = [
        {"url": f"https://img.example.org/{slot.key}?size={size}", "width": size, "height": size}
        for size in (1005, 150)
    ]
    builder.url(
        short_url(slot.key + 1),
        expanded_url=f"https://{path}?ref=feed",
        display_url=f"{path[:26]}\u2026",
        images=images,
        status=200,
        title=f"{slot.account.name}: {rng.choice(TOPICS[slot.account.topic]['what'])}",
        description=" ".join(sentence(rng, slot.account.topic) for _ in range(3)),
        unwound_url=f"https://{path}",
    )


def decorate(builder: TextBuilder, slot: Slot, rng: Random) -> None:
    """Append tags, a mention, a place, a link: some of them, by dice."""
    dice = rng.random()
    if dice < 0.3 and moment(slot.key) < END_OF_ANNOTATIONS:
        builder.add(" Seen from ").annotated(rng.choice(PLACE_NAMES)).add(".")
    if dice < 0.6:
        for tag in rng.sample(TOPICS[slot.account.topic]["tag"], 2):
            builder.add(" ").hashtag(tag)
    if dice > 0.9:
        builder.add(" ").cashtag(rng.choice(CASHTAGS))
    if 0.4 < dice < 0.65:
        friend = _ORDINARY[rng.randrange(len(_ORDINARY))]
        builder.add(" via ").mention(friend.username, friend.user_id)
    if dice > 0.35:
        builder.add(" ")
        link(builder, slot, rng)


def attach_media(builder: TextBuilder, slot: Slot, extra: dict[str, Any], rng: Random) -> None:
    """Append the link of a photo, video or animated GIF, and attach it."""
    prefix = rng.choice(("3", "3", "3", "7", "16"))
    key = f"{prefix}_{slot.key + 1}"
    page = f"https://x.com/{slot.account.username}/status/{slot.key}/photo/1"
    short = short_url(slot.key + 2)
    builder.add(" ").url(short, expanded_url=page, display_url="pic.x.com/media", media_key=key)
    extra["attachments"] = {"media_keys": [key]}


def whole_body(slot: Slot, text: TextBuilder, rng: Random, extra: dict[str, Any]) -> dict[str, Any]:
    """Return every field of a post, `extra` overriding."""
    created = moment(slot.key)
    likes = min(int(rng.paretovariate(1.1) * 4), 90_000)
    metrics = {
        "retweet_count": likes // 5,
        "reply_count": likes // 9,
        "like_count": likes,
        "quote_count": likes // 40,
    }
    if created >= WAVE_OF_NEW_METRICS:
        metrics |= {"bookmark_count": likes // 12, "impression_count": likes * 61 + 17}
    body: dict[str, Any] = {
        "id": str(slot.key),
        "text": text.text,
        "edit_history_tweet_ids": [str(slot.key)],
        "author_id": slot.account.user_id,
        "created_at": timestamp(created),
        "conversation_id": str(slot.key),
        "public_metrics": metrics,
        "possibly_sensitive": rng.random() < 0.02,
        "reply_settings": rng.choice(_REPLY_SETTINGS),
        "display_text_range": [0, len(text.text)],
        "edit_controls": edit_controls(created, 5),
        "context_annotations": list(rng.sample(_CONTEXT, 2)),
    }
    if text.entities:
        body["entities"] = text.entities
    if lang := rng.choice(_LANGUAGES):
        body["lang"] = lang
    if rng.random() < 0.5:
        body["source"] = "Sandbox Web App"
    if rng.random() < 0.06:
        place = PLACES[rng.choice(tuple(PLACES))]
        west, south = place["geo"]["bbox"][:2]
        point = {"type": "Point", "coordinates": [west + 0.2, south + 0.25]}
        body["geo"] = {"place_id": place["id"], "coordinates": point}
    return body | extra


def edit_controls(first: datetime, remaining: int) -> dict[str, Any]:
    """Return edit_controls of a post whose first version was made at `first`."""
    until = timestamp(first + timedelta(minutes=30))
    return {"edits_remaining": remaining, "is_edit_eligible": True, "editable_until": until}


def notice(text: str) -> TextBuilder:
    """Return a notice that ends with a link, written out without a shortener, as X does it."""
    page = "https://help.example.org/withheld"
    builder = TextBuilder().add(text.removesuffix(_LEARN_MORE))
    return builder.link(_LEARN_MORE, url=page, expanded_url=page, display_url="Learn more")


def withhold(post: Post, country_codes: Iterable[str]) -> Post:
    """Put a notice in the place of what a post says and shows."""
    instead = notice(WITHHELD_POST_TEXT)
    said = {"text", "entities", "note_tweet", "attachments", "display_text_range"}
    body = {key: value for key, value in post.body.items() if key not in said}
    body |= {
        "text": instead.text,
        "entities": instead.entities,
        "display_text_range": [0, len(instead.text)],
        "withheld": {"copyright": False, "country_codes": [*country_codes], "scope": "tweet"},
    }
    return replace(post, body=body)


def edited(slot: Slot, body: dict[str, Any], rng: Random) -> Post:
    """Put two earlier versions before a post: same conversation, own ids, own metrics."""
    ms = (slot.key >> 22) + EPOCH_MS
    offsets = (rng.randrange(700_000, 1_500_000), rng.randrange(30_000, 600_000))
    keys = [snowflake(ms - o, slot.account.code, 2 - i) for i, o in enumerate(offsets)]
    chain = [str(key) for key in (*keys, slot.key)]
    first = moment(keys[0])
    body |= {"edit_history_tweet_ids": chain, "conversation_id": chain[0]}
    versions = []
    for number, key in enumerate(keys):
        text = f"{body['text'][:200]} (draft {number + 1})"
        old = {k: v for k, v in body.items() if k not in {"entities", "note_tweet"}}
        old |= {"id": str(key), "text": text, "created_at": timestamp(moment(key))}
        old |= {"display_text_range": [0, len(text)], "edit_controls": edit_controls(first, 5)}
        old["public_metrics"] = dict.fromkeys(body["public_metrics"], 0)
        versions.append(Post(key, slot.account, old))
    body["edit_controls"] = edit_controls(first, 5 - len(keys))
    return Post(slot.key, slot.account, body, earlier_versions=tuple(versions))
