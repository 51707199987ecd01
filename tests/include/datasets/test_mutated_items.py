"""Pages that nobody would send: each item of ``data`` is a row, and no other one suffers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from include.compliance.page import Page
from include.datasets import dataset_named
from include.datasets.dataset import RawPage, UnreadablePage
from include.drift import unknown_fields
from include.raw import StoredPage
from include.x_api.answer import read_answer
from include.x_api.errors import XUnavailable

PAGES = 600
AT = datetime(2026, 11, 21, 0, 0, 41, tzinfo=UTC)
LINK = {"start": 4, "end": 18, "url": "https://t.co/1", "expanded_url": "https://one.example"}
USER = {
    "id": "2001",
    "username": "quay",
    "name": "Quay",
    "created_at": "2008-01-02T03:04:05.000Z",
    "description": "see https://t.co/1",
    "entities": {"url": {"urls": [LINK]}, "description": {"urls": [LINK]}},
    "url": "https://t.co/1",
    "verified": True,
    "pinned_tweet_id": "2123566994027446272",
    "withheld": {"country_codes": ["DE"]},
    "public_metrics": {"followers_count": 1, "tweet_count": 3, "like_count": 5},
}
POST = {
    "id": "2123566994027446272",
    "author_id": "2001",
    "created_at": "2026-11-20T01:02:03.000Z",
    "withheld": {"copyright": True, "country_codes": ["DE"]},
    "public_metrics": {"repost_count": 1, "like_count": 3, "impression_count": 6},
}
GONE = {
    "value": "20",
    "detail": "Could not find tweet with ids: [20].",
    "title": "Not Found Error",
    "resource_type": "tweet",
    "resource_id": "20",
    "type": "https://api.x.com/2/problems/resource-not-found",
}
ITEMS = {"users": USER, "tweet_metrics": POST}
MARK = "@@@"
# As text, since no JSON library writes most of them.
ODD_VALUES = [
    "null",
    "true",
    "-1",
    "1.5",
    "1e999",
    str(2**63),
    "9" * 5_000,
    "NaN",
    '""',
    '"x"',
    '"12"',
    '"nul \\u0000"',
    '"half \\ud83d"',
    '"other half \\udc4d"',
    '"no UTF-8 \udcff"',
    f'"{"long " * 2_000}"',
    '"2026-02-30T00:00:00.000Z"',
    "[]",
    "{}",
    "[null]",
    '{"urls": [{"url": "https://t.co/1", "expanded_url": 5}]}',
    "[" * 900 + "]" * 900,
    "[" * 5_000 + "]" * 5_000,
    '{"a":' * 5_000 + "1" + "}" * 5_000,
]


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in ``value`` with each of its keys or positions."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places_in(value[key])


def mutated_page(item: dict[str, Any], number: int) -> bytes:
    """Two items, the second of which is odd, and an odd error; equal numbers make equal pages."""
    chance = random.Random(number)  # noqa: S311 - no secret, the same pages every time
    page = json.loads(json.dumps({"data": [item, item], "errors": [GONE, GONE]}))
    for items in page.values():
        second = {"it": items[1]}
        for _ in range(chance.randint(1, 3)):
            holder, key = chance.choice(list(places_in(second)))
            way = chance.choice(["drop", "retype", "retype", "wrap"])
            if way == "drop" and holder is not second:
                del holder[key]
            else:
                holder[key] = [holder[key]] if way == "wrap" else MARK
        items[1] = second["it"]
    before, *after = json.dumps(page).split(f'"{MARK}"')
    odd = [before, *(chance.choice(ODD_VALUES) + text for text in after)]
    return "".join(odd).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("name", ITEMS)
def test_an_odd_item_is_a_row_and_takes_no_other_down(name: str) -> None:
    decode = dataset_named(name).decode
    clean = json.dumps({"data": [ITEMS[name]], "errors": [GONE]}).encode()
    expected = decode([RawPage("k", clean, AT)]).to_pylist()
    problems = 0
    for number in range(PAGES):
        body = mutated_page(ITEMS[name], number)
        first, second, *gone = decode([RawPage("k", body, AT)]).to_pylist()
        assert [first, *gone[:1]] == expected, body
        assert (second["raw_position"], second["observed_at"]) == (1, AT), body
        assert len(gone) <= 2, body
        for row in (second, *gone):
            assert (row["decode_problem"] is None) == (row["raw_post"] is None), body
            assert row["decode_problem"] != "", body
        problems += second["decode_problem"] is not None
    assert PAGES / 4 < problems < PAGES, "the pages should be odd, but not all in the same way"


@pytest.mark.parametrize("name", ITEMS)
def test_an_odd_item_is_cleared_away_and_takes_no_other_along(name: str) -> None:
    kind = dataset_named(name).source.kind
    for number in range(0, PAGES, 3):
        body = mutated_page(ITEMS[name], number)
        first, second = Page(f"raw/{name}/", body).subjects()
        for gone, other in ((first, second), (second, first)):
            left = Page(f"raw/{name}/", body).without({gone: "deleted"}.get)
            assert left is not None
            assert list(Page(f"raw/{name}/", left).subjects()) == [other] * (gone != other), body
        unknown_fields([StoredPage(read_answer(body), AT)], kind)


def damaged_page(page: bytes, number: int) -> bytes:
    """Some bytes of it are others, more or less; equal numbers make equal pages."""
    chance = random.Random(number)  # noqa: S311 - no secret, the same pages every time
    body = bytearray(page)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(body))
        body[at : at + chance.randint(0, 2)] = chance.choice(
            [b"", bytes([chance.randrange(256)]), b'"', b"\\", b"[", b"}", b",", b"\x00"]
        )
    return bytes(body)


@pytest.mark.parametrize("name", ITEMS)
def test_bytes_gone_wrong_make_rows_or_an_unreadable_page(name: str) -> None:
    decode = dataset_named(name).decode
    page = json.dumps({"data": [ITEMS[name], ITEMS[name]], "errors": [GONE]}).encode()
    tables = 0
    for number in range(PAGES):
        body = damaged_page(page, number)
        try:
            decode([RawPage("k", body, AT)])
        except UnreadablePage:
            continue
        tables += 1
    assert PAGES / 10 < tables < PAGES


@pytest.mark.parametrize("name", ITEMS)
def test_of_bytes_gone_wrong_all_that_can_be_stored_can_be_cleared_away(name: str) -> None:
    page = json.dumps({"data": [ITEMS[name], ITEMS[name]], "errors": [GONE]}).encode()
    stored = 0
    for number in range(PAGES):
        body = damaged_page(page, number)
        try:
            unknown_fields([StoredPage(read_answer(body), AT)], dataset_named(name).source.kind)
        except XUnavailable:
            continue
        left = Page(f"raw/{name}/", body).without(lambda _: "deleted") or body
        assert list(Page(f"raw/{name}/", left).subjects()) == [], body
        stored += 1
    assert PAGES / 10 < stored < PAGES
