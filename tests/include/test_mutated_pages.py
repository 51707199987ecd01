"""10,000 pages that nobody would send: every post of them ends in curated or in quarantine."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.directory_lake import DirectoryLake
from include.compliance.page import Page
from include.datasets import dataset_named
from include.datasets.tweets.archive import beyond_timeline
from include.drift import unknown_fields
from include.foreign_json import parse
from include.interval import Interval
from include.lake import batch_prefix
from include.quality import Quality
from include.raw import Fetched, RawBatch, StoredPage
from include.validation import validate_batch
from include.x_api.answer import Answer, read_answer
from include.x_api.errors import XUnavailable

PAGES, PAGES_A_BATCH = 10_000, 250
INTERVAL = Interval(datetime(2026, 11, 2, 8, tzinfo=UTC), datetime(2026, 11, 2, 12, tzinfo=UTC))
ACCOUNT, AUTHOR = "nasa", "11348282"
KEY = f"{batch_prefix('raw', 'tweets', INTERVAL, ACCOUNT)}page-0000.json.gz"
REASONS = {"0": "deleted", "1": "scrub_geo"}
"""Why a post has to go, by the last digit of its id."""
FIRST = 2_123_566_994_027_446_272
POST = {
    "author_id": AUTHOR,
    "text": "Low tide at noon #tide https://t.co/1",
    "lang": "en",
    "conversation_id": "77",
    "referenced_tweets": [{"type": "quoted", "id": "20"}],
    "entities": {
        "hashtags": [{"start": 17, "end": 22, "tag": "tide"}],
        "urls": [{"start": 23, "end": 37, "url": "https://t.co/1", "title": "One"}],
        "mentions": [{"start": 0, "end": 3, "username": "quay", "id": "5"}],
        "annotations": [{"type": "Place", "normalized_text": "Low", "probability": 0.5}],
    },
    "context_annotations": [{"domain": {"id": "46", "name": "D"}, "entity": {"id": "5"}}],
    "attachments": {"media_keys": ["3_1"]},
    "geo": {"place_id": "p1", "coordinates": {"type": "Point", "coordinates": [-4.5, 52]}},
    "edit_controls": {"edits_remaining": 4, "is_edit_eligible": True},
    "possibly_sensitive": False,
    "reply_settings": "everyone",
    "withheld": {"copyright": True, "country_codes": ["DE", "FR"]},
    "note_tweet": {"text": "Low tide at noon, high at six", "entities": {"hashtags": []}},
    "public_metrics": dict.fromkeys(
        ("retweet_count", "reply_count", "like_count", "quote_count", "impression_count"), 3
    ),
}
INCLUDES = {
    "media": [{"media_key": "3_1", "type": "photo", "url": "https://m/1", "width": 4}],
    "places": [{"id": "p1", "full_name": "Quay", "country_code": "XS"}],
}
HALF = "\ud83d"
# As text, since no JSON library writes most of them.
ODD_VALUES = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "-0.0",
    "1e999",
    str(2**53 + 1),
    str(2**63),
    str(-(2**63) - 1),
    str(10**400),
    "9" * 5_000,
    "NaN",
    "-Infinity",
    '""',
    '"x"',
    '"12"',
    '"nul \\u0000"',
    '"half \\ud83d"',
    '"other half \\udc4d"',
    '"\\u202e\\u2028"',
    '"no UTF-8 \udcff"',
    f'"{"long " * 20_000}"',
    '"2026-02-30T00:00:00.000Z"',
    '"2026-11-02T09:00:00+25:00"',
    '"0001-01-01T00:00:00+14:00"',
    "[]",
    "{}",
    "[null]",
    "[[]]",
    '{"id": null}',
    "[" * 900 + "]" * 900,
    "[" * 985 + "]" * 985,
    "[" * 5_000 + "]" * 5_000,
    '{"a":' * 5_000 + "1" + "}" * 5_000,
]


class Writer:
    """Writes JSON, with odd values and keys that stand twice."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._odd: dict[str, str] = {}

    def odd_value(self) -> str:
        mark = f"@@{len(self._odd)}@@"
        self._odd[mark] = self._chance.choice(ODD_VALUES)
        return mark

    def second(self, key: str) -> str:
        mark = f"@@{len(self._odd)}@@"
        self._odd[mark] = json.dumps(key)
        return mark

    def write(self, value: Any) -> bytes:
        text = json.dumps(value)
        for mark, odd in self._odd.items():
            text = text.replace(f'"{mark}"', odd)
        return text.encode("utf-8", "surrogateescape")


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in ``value`` with each of its keys or positions."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places_in(value[key])


def mutate(page: dict[str, Any], chance: random.Random, writer: Writer) -> None:
    """Drop, retype, wrap, double or add something, but leave the list of posts a list."""
    parts = [page["includes"], *(post for post in page["data"] if isinstance(post, dict))]
    if chance.random() < 0.05:
        page["data"][chance.randrange(len(page["data"]))] = writer.odd_value()
        return
    holder, key = chance.choice(list(places_in(chance.choice(parts))))
    way = chance.choice(["drop", "retype", "retype", "retype", "wrap", "double", "add"])
    if way == "drop":
        del holder[key]
    elif way == "retype":
        holder[key] = writer.odd_value()
    elif way == "wrap":
        holder[key] = chance.choice([[holder[key]], {"value": holder[key]}])
    elif isinstance(holder, list):
        holder.insert(key, writer.odd_value())
    elif way == "double":
        holder[writer.second(key)] = writer.odd_value()
    else:
        holder[f"new_{chance.choice(['', HALF])}{chance.randrange(100)}"] = writer.odd_value()


def mutated_page(number: int) -> tuple[bytes, int]:
    """A page and the number of its posts; equal numbers make equal pages."""
    chance = random.Random(number)  # noqa: S311 - no secret, the same pages every time
    posts = []
    for place in range(chance.randint(1, 3)):
        post_id = FIRST + 10 * number + place
        created = INTERVAL.start + timedelta(seconds=number % 14_000)
        posts.append(
            copy.deepcopy(POST)
            | {
                "id": str(post_id),
                "created_at": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "edit_history_tweet_ids": [str(post_id)],
            }
        )
    page = {"data": posts, "includes": copy.deepcopy(INCLUDES), "meta": {"next_token": "t"}}
    writer = Writer(chance)
    for _ in range(chance.randint(1, 4)):
        mutate(page, chance, writer)
    return writer.write(page), len(posts)


@pytest.fixture(scope="module")
def quality() -> Quality:
    return dataset_named("tweets").quality()


@pytest.mark.parametrize("first", range(0, PAGES, PAGES_A_BATCH))
def test_every_post_of_a_mutated_page_is_curated_or_quarantined(
    quality: Quality, tmp_path: Path, first: int
) -> None:
    lake = DirectoryLake(tmp_path / "lake")
    raw = RawBatch(lake, "tweets", INTERVAL, ACCOUNT)
    positions = []
    for number in range(first, first + PAGES_A_BATCH):
        body, posts = mutated_page(number)
        raw.add_page(Answer(body, INTERVAL.end))
        positions += [(raw.page_keys[-1], place) for place in range(posts)]
    raw.finish(
        Fetched(
            account=ACCOUNT,
            outcome="fetched",
            detail="",
            author_id=AUTHOR,
            pages=PAGES_A_BATCH,
            posts_returned=len(positions),
            users_returned=0,
            requests=PAGES_A_BATCH,
        )
    )
    report = validate_batch(
        lake,
        dataset_named("tweets"),
        quality,
        interval=INTERVAL,
        account=ACCOUNT,
        volume=(0, 10_000),
        csv=True,
    )
    assert report.rows_in == len(positions)
    curated = landed(lake, [key for key in report.curated_keys if key.endswith(".parquet")])
    quarantined = landed(lake, [f"{report.quarantine_prefix}rows.parquet"])
    found = [(row["raw_key"], row["raw_position"]) for row in curated + quarantined]
    assert len(found) + report.duplicates == len(positions)
    assert len(set(found)) == len(found)
    assert set(found) <= set(positions)
    assert curated
    assert all(row["reasons"] for row in quarantined)
    assert all(row["decode_problem"] != "" for row in quarantined)


@pytest.mark.parametrize("first", range(0, PAGES, PAGES_A_BATCH))
def test_a_mutated_page_is_read_and_cleared_as_any_other(first: int) -> None:
    for number in range(first, first + PAGES_A_BATCH, 5):
        body, posts = mutated_page(number)
        page = Page(KEY, body)
        subjects = list(page.subjects())
        assert len(subjects) == posts, body
        left = page.without(lambda subject: REASONS.get((subject.id or "")[-1:])) or body
        items = parse(left)["data"]
        assert len(items) == posts, body
        kept = [subject.id for subject in Page(KEY, left).subjects()]
        assert kept == [s.id for s in subjects if not (s.id or "").endswith("0")], body
        try:
            stored = StoredPage(read_answer(body), None)
        except XUnavailable:
            continue  # it is never stored
        beyond_timeline(INTERVAL, [stored])
        assert all(name.isascii() for name in unknown_fields([stored], "posts"))


def landed(lake: DirectoryLake, keys: list[str]) -> list[dict[str, Any]]:
    return [
        row for key in keys for row in pq.read_table(pa.BufferReader(lake.get(key))).to_pylist()
    ]
