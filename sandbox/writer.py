"""How each kind of account writes its posts."""

# ruff: noqa: PLR2004 - dice and turns are what this file is about

from collections.abc import Callable
from random import Random
from typing import Any

from sandbox.cast import CAST, Kind
from sandbox.contents import (
    attach_media,
    decorate,
    edited,
    link,
    notice,
    quote,
    reference,
    reply_to,
    short_url,
    whole_body,
)
from sandbox.malformed import SCHEDULE
from sandbox.posts import Post, Slot
from sandbox.texts import NASTY_TEXTS, TOPICS, WITHHELD_TEXT, TextBuilder, sentence

Neighbour = Callable[[Random], Slot]
"""Picks an earlier post of another account."""


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
        write = {
            Kind.POLYGLOT: self._polyglot,
            Kind.LONGFORM: self._longform,
            Kind.RELAY: self._relay,
            Kind.WITHHELD: self._withheld,
            Kind.FAULTY: self._faulty,
            Kind.DRIFTING: self._drifting,
        }.get(slot.account.kind, self._ordinary)
        return write(slot, ordinal, rng)

    def _ordinary(self, slot: Slot, _ordinal: int, rng: Random) -> Post:
        builder = TextBuilder()
        extra: dict[str, Any] = {}
        shape = rng.random()
        if shape < 0.12:
            reply_to(self._neighbour(rng), builder, extra)
        builder.add(sentence(rng, slot.account.topic))
        for _ in range(rng.randrange(3)):
            builder.add(" ").add(sentence(rng, slot.account.topic))
        decorate(builder, slot, rng)
        if shape > 0.95:
            quote(self._neighbour(rng), builder, extra)
        elif shape > 0.70:
            attach_media(builder, slot, extra, rng)
        elif shape > 0.67:
            extra["attachments"] = {"poll_ids": [str(slot.key + 2)]}
        return Post(slot.key, slot.account, whole_body(slot, builder, rng, extra))

    def _polyglot(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        nasty = NASTY_TEXTS[ordinal % len(NASTY_TEXTS)]
        builder = TextBuilder().add(nasty)
        if ordinal % 3 == 0:
            builder.add(" ").hashtag("\u6e2f\U0001f30a"[0] + "port")
            builder.add(" \U0001f468\u200d\U0001f469\u200d\U0001f467 ")
            link(builder, slot, rng)
        body = whole_body(slot, builder, rng, {})
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
        link(note, slot, rng)
        builder = TextBuilder().add(note.text[: rng.randrange(230, 250)]).add("\u2026 ")
        self_link = f"https://x.com/i/web/status/{slot.key}"
        builder.url(short_url(slot.key + 3), expanded_url=self_link, display_url=self_link[8:32])
        body = whole_body(slot, builder, rng, {})
        body["note_tweet"] = {"text": note.text, "entities": note.entities}
        if ordinal % 4 == 1:
            body["edit_history_tweet_ids"] = [""]
        if ordinal % 4 != 3:
            return Post(slot.key, slot.account, body)
        return edited(slot, body, rng)

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
            extra["referenced_tweets"] = [reference("retweeted", neighbour.key)]
        elif shape in {9, 10}:
            builder.add(sentence(rng, "harbour")).add(" ")
            quote(neighbour, builder, extra)
        elif shape in {11, 12}:
            reply_to(neighbour, builder, extra)
            builder.add(sentence(rng, "harbour"))
        elif shape == 13:
            reply_to(neighbour, builder, extra)
            builder.add("And this one too ")
            quote(self._neighbour(rng), builder, extra)
        elif shape == 14:  # an ancient post, deleted since: ids had eleven digits once, then 18
            builder.add("Do you remember? ")
            ancient = 20_112_233_445 if ordinal % 32 < 16 else 934_112_233_445_667_788
            extra["referenced_tweets"] = [reference("quoted", ancient)]
        else:  # a protected and a suspended author: no include will come
            author = next(a for a in CAST if a.kind in {Kind.PROTECTED, Kind.SUSPENDED})
            hidden = (slot.key & ~0x3FFFFF) - (7 << 40) | (author.code << 8)
            builder.add("You had to be there ")
            extra["referenced_tweets"] = [reference("quoted", hidden)]
        body = whole_body(slot, builder, rng, extra)
        if shape < 9:
            body["public_metrics"] |= {"reply_count": 0, "like_count": 0, "quote_count": 0}
        return Post(slot.key, slot.account, body)

    def _withheld(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        body = whole_body(slot, notice(WITHHELD_TEXT), rng, {})
        body["withheld"] = {"copyright": False, "country_codes": ["DE", "FR"], "scope": "tweet"}
        fields = ("context_annotations",) if ordinal % 3 == 0 else ()
        for field in fields:
            body.pop(field, None)
        return Post(slot.key, slot.account, body, withheld_fields=fields)

    def _faulty(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        post = self._ordinary(slot, ordinal, rng)
        malformation = SCHEDULE[ordinal % len(SCHEDULE)]
        return Post(post.key, post.account, post.body, malformation=malformation)

    def _drifting(self, slot: Slot, ordinal: int, rng: Random) -> Post:
        post = self._ordinary(slot, ordinal, rng)
        kept = {k: v for k, v in post.body.items() if k not in {"public_metrics", "lang"}}
        return Post(post.key, post.account, kept)
