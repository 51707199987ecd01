"""What one post looks like: every field of it, in the classic vocabulary."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sandbox.cast import CAST, Account, Kind
from sandbox.malformed import DUPLICATE, SCHEDULE
from sandbox.texts import (
    CASHTAGS,
    NASTY_TEXTS,
    PLACE_NAMES,
    TOPICS,
    WITHHELD_TEXT,
    TextBuilder,
    sentence,
)

EPOCH_MS = 1_288_834_974_657
"""Snowflake ids count milliseconds from here (2010-11-04T01:42:54.657Z)."""
WAVE_OF_NEW_METRICS = datetime(2022, 12, 15, tzinfo=UTC)
"""Before this day payloads have no bookmark_count and no impression_count."""
END_OF_ANNOTATIONS = datetime(2026, 3, 24, tzinfo=UTC)
"""Since this day payloads have no entities.annotations."""


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `key` is its place in time (a snowflake), also where the id is malformed."""

    key: int
    account: Account
    body: dict[str, Any]
    earlier_versions: tuple["Post", ...] = ()
    malformation: str | None = None
    withheld_fields: tuple[str, ...] = ()

    @property
    def reference_kinds(self) -> set[str]:
        """Which of retweeted, quoted and replied_to this post is."""
        return {ref["type"] for ref in self.body.get("referenced_tweets", ())}


@dataclass(frozen=True, slots=True)
class Slot:
    """Where in an account's time a post stands, before anybody has looked at it."""

    key: int
    account: Account


Neighbour = Callable[[Random], Slot]
"""Picks an earlier post of another account."""


def snowflake(ms: int, code: int = 0, version: int = 0) -> int:
    """Return the id of a post at `ms` (Unix) of the account with this code."""
    return ((ms - EPOCH_MS) << 22) | (code << 8) | version


def moment(key: int) -> datetime:
    """Return when the post with this id was made, to the second, as `created_at` tells it."""
    return datetime.fromtimestamp(((key >> 22) + EPOCH_MS) // 1000, UTC)


def code_of(key: int) -> int:
    """Return the code of the account in a post id."""
    return (key >> 8) & 0x3FFF


def timestamp(time: datetime) -> str:
    """Write a time as X does: always three digits of milliseconds and Z."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


class Writer:
    """Writes the posts of one account and hour.

    `ordinal` numbers an account's posts through; `neighbour` finds posts to refer to and `reposted`
    the post that a repost repeats.
    """

    def __init__(self, neighbour: Neighbour, reposted: Callable[[Slot], Post]) -> None:
        """Keep where referenced posts come from."""
        self._neighbour = neighbour
        self._reposted = reposted

    def write(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        """Return the post that stands in this slot."""
        match slot.account.kind:
            case Kind.POLYGLOT:
                return self._polyglot(slot, ordinal, rng)
            case Kind.LONGFORM:
                return self._longform(slot, ordinal, rng)
            case Kind.RELAY:
                return self._relay(slot, ordinal, rng)
            case Kind.WITHHELD:
                return self._withheld(slot, ordinal, rng)
            case Kind.FAULTY:
                return self._faulty(slot, ordinal, rng)
            case Kind.DRIFTING:
                post = self._ordinary(slot, ordinal, rng)
                del post.body["public_metrics"]
                post.body.pop("lang", None)
                return post
        return self._ordinary(slot, ordinal, rng)

    def _ordinary(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        builder = TextBuilder()
        extra: dict[str, Any] = {}
        shape = rng.random()
        if shape < 0.12:
            _reply_to(self._neighbour(rng), builder, extra)
        builder.add(sentence(rng, slot.account.topic))
        for _ in range(rng.randrange(3)):
            builder.add(" ").add(sentence(rng, slot.account.topic))
        _decorate(builder, slot, rng)
        if shape > 0.95:
            _quote(self._neighbour(rng), builder, extra)
        elif shape > 0.70:
            _attach_media(builder, slot, extra, rng)
        elif shape > 0.67:
            extra["attachments"] = {"poll_ids": [str(slot.key + 2)]}
        return Post(slot.key, slot.account, _body(slot, builder, rng, extra))

    def _polyglot(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        nasty = NASTY_TEXTS[ordinal % len(NASTY_TEXTS)]
        builder = TextBuilder().add(nasty)
        if ordinal % 3 == 0:
            builder.add(" ").hashtag("\u6e2f\U0001f30a"[0] + "port")
            builder.add(" \U0001f468\u200d\U0001f469\u200d\U0001f467 ")
            _link(builder, slot, rng)
        body = _body(slot, builder, rng, {})
        lang = ("en", "und", "ar", None, "qme", "ja", "art", "zxx")[ordinal % 8]
        body.pop("lang", None)
        if lang:
            body["lang"] = lang
        if ordinal % 5 == 0:  # both ways of writing a time are on the wire
            body["created_at"] = body["created_at"].replace(".000Z", "Z")
        return Post(slot.key, slot.account, body)

    def _longform(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        note = TextBuilder()
        for paragraph in range(rng.randrange(3, 9)):
            note.add("\n\n" if paragraph else "")
            for _ in range(3):
                note.add(sentence(rng, slot.account.topic)).add(" ")
            note.hashtag(rng.choice(TOPICS[slot.account.topic]["tag"]))
        note.add(" ")
        _link(note, slot, rng)
        builder = TextBuilder().add(note.text[: rng.randrange(230, 250)]).add("\u2026 ")
        self_link = f"https://x.com/i/web/status/{slot.key}"
        builder.url(_short_url(slot.key + 3), expanded_url=self_link, display_url=self_link[8:32])
        body = _body(slot, builder, rng, {})
        body["note_tweet"] = {"text": note.text, "entities": note.entities}
        if ordinal % 4 == 1:
            body["edit_history_tweet_ids"] = [""]
        if ordinal % 4 != 3:
            return Post(slot.key, slot.account, body)
        return _edited(slot, body, rng)

    def _relay(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        builder, extra = TextBuilder(), dict[str, Any]()
        neighbour = self._neighbour(rng)
        # Eight reposts in a row: with `exclude=retweets` whole pages of five come back empty.
        shape = ordinal % 16
        if shape < 9:
            original = self._reposted(neighbour).body
            builder.add("RT ").mention(neighbour.account.username, neighbour.account.user_id)
            full = f": {original['text']}"
            room = 140 - len(builder.text)
            builder.add(full if len(full) <= room else f"{full[: room - 1]}\u2026")
            extra["referenced_tweets"] = [_reference("retweeted", neighbour.key)]
        elif shape in {9, 10}:
            builder.add(sentence(rng, "harbour")).add(" ")
            _quote(neighbour, builder, extra)
        elif shape in {11, 12}:
            _reply_to(neighbour, builder, extra)
            builder.add(sentence(rng, "harbour"))
        elif shape == 13:
            _reply_to(neighbour, builder, extra)
            builder.add("And this one too ")
            _quote(self._neighbour(rng), builder, extra)
        elif shape == 14:  # an ancient post of eleven digits, deleted since
            builder.add("Do you remember? ")
            extra["referenced_tweets"] = [_reference("quoted", 20_112_233_445)]
        else:  # a protected and a suspended author: no include will come
            author = next(a for a in CAST if a.kind in {Kind.PROTECTED, Kind.SUSPENDED})
            hidden = (slot.key & ~0x3FFFFF) - (7 << 40) | (author.code << 8)
            builder.add("You had to be there ")
            extra["referenced_tweets"] = [_reference("quoted", hidden)]
        body = _body(slot, builder, rng, extra)
        if shape < 9:
            body["public_metrics"] |= {"reply_count": 0, "like_count": 0, "quote_count": 0}
        return Post(slot.key, slot.account, body)

    def _withheld(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        builder = TextBuilder().add(WITHHELD_TEXT.removesuffix("Learn more."))
        help_page = "https://help.example.org/withheld"
        builder._entity(  # noqa: SLF001 - a link without a shortener, as X puts it there
            "urls", "Learn more.", url=help_page, expanded_url=help_page, display_url="Learn more"
        )
        body = _body(slot, builder, rng, {})
        body["withheld"] = {"copyright": False, "country_codes": ["DE", "FR"], "scope": "tweet"}
        fields = ("context_annotations",) if ordinal % 3 == 0 else ()
        for field in fields:
            body.pop(field, None)
        return Post(slot.key, slot.account, body, withheld_fields=fields)

    def _faulty(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        post = self._ordinary(slot, ordinal, rng)
        malformation = SCHEDULE[ordinal % len(SCHEDULE)]
        return Post(post.key, post.account, post.body, malformation=malformation)


def is_duplicate(post: Post) -> bool:
    """Whether the post's place is taken by a second copy of an earlier one."""
    return post.malformation == DUPLICATE


def _reference(kind: str, key: int) -> dict[str, str]:
    return {"type": kind, "id": str(key)}


def _reply_to(target: Slot, builder: TextBuilder, extra: dict[str, Any]) -> None:
    builder.mention(target.account.username, target.account.user_id).add(" ")
    extra["in_reply_to_user_id"] = target.account.user_id
    extra["conversation_id"] = str(target.key)
    extra.setdefault("referenced_tweets", []).append(_reference("replied_to", target.key))


def _quote(target: Slot, builder: TextBuilder, extra: dict[str, Any]) -> None:
    page = f"https://x.com/{target.account.username}/status/{target.key}"
    builder.add(" ").url(_short_url(target.key), expanded_url=page, display_url=page[8:34])
    extra.setdefault("referenced_tweets", []).insert(0, _reference("quoted", target.key))


_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def _short_url(key: int) -> str:
    letters = []
    number = key * 2_654_435_761 % 58**10
    for _ in range(10):
        number, rest = divmod(number, 58)
        letters.append(_LETTERS[rest])
    return f"https://t.co/{''.join(letters)}"


def _link(builder: TextBuilder, slot: Slot, rng: Random) -> None:
    path = f"{slot.account.topic}.example.org/{rng.randrange(10**6)}/{slot.account.username}"
    images = [
        {"url": f"https://img.example.org/{slot.key}?size={size}", "width": size, "height": size}
        for size in (1005, 150)
    ]
    builder.url(
        _short_url(slot.key + 1),
        expanded_url=f"https://{path}?ref=feed",
        display_url=f"{path[:26]}\u2026",
        images=images,
        status=200,
        title=f"{slot.account.name}: {rng.choice(TOPICS[slot.account.topic]['what'])}",
        description=" ".join(sentence(rng, slot.account.topic) for _ in range(3)),
        unwound_url=f"https://{path}",
    )


def _decorate(builder: TextBuilder, slot: Slot, rng: Random) -> None:
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
        _link(builder, slot, rng)


_ORDINARY = tuple(a for a in CAST if a.kind is Kind.ORDINARY)


def _attach_media(builder: TextBuilder, slot: Slot, extra: dict[str, Any], rng: Random) -> None:
    prefix = rng.choice(("3", "3", "3", "7", "16"))
    key = f"{prefix}_{slot.key + 1}"
    page = f"https://x.com/{slot.account.username}/status/{slot.key}/photo/1"
    short = _short_url(slot.key + 2)
    builder.add(" ").url(short, expanded_url=page, display_url="pic.x.com/media", media_key=key)
    extra["attachments"] = {"media_keys": [key]}


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
_LANGUAGES = (*("en",) * 16, "und", "qme", "zxx", None)
_REPLY_SETTINGS = (*("everyone",) * 7, "mentionedUsers", "following")

PLACES: dict[str, dict[str, Any]] = {
    f"5a5d0c{number:02x}7b1e": {
        "id": f"5a5d0c{number:02x}7b1e",
        "full_name": f"{name}, Coast",
        "name": name,
        "country": "Sandbox",
        "country_code": "XS",
        "place_type": "city",
        "geo": {
            "type": "Feature",
            "bbox": [-4.5 + number, 52.1, -4.1 + number, 52.6],
            "properties": {},
        },
    }
    for number, name in enumerate(PLACE_NAMES)
}


def _body(slot: Slot, text: TextBuilder, rng: Random, extra: dict[str, Any]) -> dict[str, Any]:
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


def _edited(slot: Slot, body: dict[str, Any], rng: Random) -> Post:
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


def media_object(key: str) -> dict[str, Any]:
    """Return the media with this key: 3 a photo, 7 a video, 16 an animated GIF."""
    kind = {"3": "photo", "7": "video", "16": "animated_gif"}[key.partition("_")[0]]
    base = {"media_key": key, "type": kind, "width": 1200, "height": 800}
    if kind == "photo":
        return base | {"url": f"https://img.example.org/{key}.jpg", "alt_text": "A view"}
    base |= {"preview_image_url": f"https://img.example.org/{key}.jpg"}
    variant = {"content_type": "video/mp4", "url": f"https://img.example.org/{key}.mp4"}
    base["variants"] = [variant | {"bit_rate": 832_000} if kind == "video" else variant]
    if kind == "video":
        base |= {"duration_ms": 41_250, "public_metrics": {"view_count": 1_204}}
    return base


def poll_object(poll_id: str) -> dict[str, Any]:
    """Return the poll with this id; all polls of the sandbox are over."""
    end = moment(int(poll_id)) + timedelta(minutes=5)
    options = [
        {"position": position, "label": label, "votes": 10 * position}
        for position, label in enumerate(("Yes", "No", "Tide permitting"), start=1)
    ]
    return {
        "id": poll_id,
        "duration_minutes": 5,
        "end_datetime": timestamp(end),
        "options": options,
        "voting_status": "closed",
    }
