"""The posts of the input.

They are the sandbox's, asked for as the pipeline asks, with every topic that X may add: about
2.3 KB each, 100 a page. Two of every hundred are bad, in ways that the peers survive; half of the
pages end with a post that came half the input before. Beyond 100,000 the pages repeat, under new
ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import orjson
from isal import igzip

from benchmarks.tweets import ACCOUNT, BAD, DATASET, PAGE_POSTS
from include.interval import Interval
from include.lake import Lake, batch_prefix
from include.raw import Fetched, RawBatch
from include.x_api.fields import EXPANSIONS, MEDIA_FIELDS, PLACE_FIELDS, TWEET_FIELDS
from sandbox.answers import Answer
from sandbox.cast import Account, Kind, Vocabulary
from sandbox.parameters import POST_OBJECTS, Parameters
from sandbox.population import Population, key_at
from sandbox.posts import Post

AUTHOR = Account(ACCOUNT, Kind.LOAD, 12_000, 0, "writes without a pause", topic="data")
DISTINCT_POSTS = 100_000
_HOURS = 4


def put_batch(lake: Lake, interval: Interval, account: str, rows: int) -> None:
    """Write ``rows`` posts to ``raw/`` as the task ``extract`` would."""
    prefix = batch_prefix("raw", DATASET, interval, account)
    count = rows // PAGE_POSTS
    half = count - count // 2
    first_posts: list[bytes] = []
    for number, page in enumerate(_pages(interval, rows)):
        posts = list(page.posts)
        first_posts.append(posts[0])
        if number >= half:
            posts[-1] = first_posts[number - half]
        lake.put(
            f"{prefix}page-{number:04d}.json.gz",
            igzip.compress(
                orjson.dumps({"data": [orjson.Fragment(post) for post in posts], **page.rest}),
                mtime=0,
            ),
        )
    RawBatch(lake, DATASET, interval, account).finish(
        Fetched(
            account=account,
            outcome="fetched",
            detail="",
            author_id=AUTHOR.user_id,
            pages=count,
            posts_returned=rows,
            users_returned=0,
            requests=count,
        )
    )


@dataclass(frozen=True, slots=True)
class _Page:
    """An answer of X, its posts apart."""

    keys: list[int]
    posts: list[bytes]
    rest: dict[str, Any]

    def copy(self, number: int) -> _Page:
        """The same page under other ids."""
        keys = [key + (number << 8) for key in self.keys]
        pairs = zip(self.posts, self.keys, keys, strict=True)
        return _Page(
            keys, [p.replace(b"%d" % old, b"%d" % new) for p, old, new in pairs], self.rest
        )


def _pages(interval: Interval, rows: int) -> Iterator[_Page]:
    pages = []
    for page in _distinct_pages(interval, min(rows, DISTINCT_POSTS)):
        pages.append(page)
        yield page
    for number in range(len(pages), rows // PAGE_POSTS):
        copy, at = divmod(number, len(pages))
        yield pages[at].copy(copy)


def _distinct_pages(interval: Interval, rows: int) -> Iterator[_Page]:
    author = replace(AUTHOR, posts_per_hour=rows / _HOURS)
    population = Population()
    posts = population.between(author, key_at(interval.start), key_at(interval.end))
    asked = Parameters(
        {
            "tweet.fields": ",".join(TWEET_FIELDS),
            "media.fields": ",".join(MEDIA_FIELDS),
            "place.fields": ",".join(PLACE_FIELDS),
            "expansions": ",".join(EXPANSIONS),
        },
        POST_OBJECTS,
    )
    for number in range(rows // PAGE_POSTS):
        page = _with_every_topic(list(islice(posts, PAGE_POSTS)))
        for place, ways in BAD.items():
            page[place] = replace(page[place], malformation=ways[number % len(ways)])
        answer = Answer(population, Vocabulary.CLASSIC, asked, interval.end).posts(page)
        yield _Page(
            [post.key for post in page],
            [orjson.dumps(post) for post in answer.pop("data")],
            {**answer, "meta": {"result_count": len(page), "newest_id": str(page[0].key)}},
        )


def _with_every_topic(page: list[Post]) -> list[Post]:
    topics = {
        topic["domain"]["id"]: topic for post in page for topic in post.body["context_annotations"]
    }
    return [
        replace(post, body=post.body | {"context_annotations": list(topics.values())})
        for post in page
    ]
