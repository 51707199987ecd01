from collections import Counter
from collections.abc import Callable
from typing import Any

from sandbox.malformed import DUPLICATE, MALFORMATIONS, SCHEDULE

Timeline = Callable[..., list[dict[str, Any]]]


def test_twenty_posts_in_four_hours_with_every_malformation_once(timeline: Timeline):
    posts = [post for page in timeline("faulty_feed") for post in page["data"]]
    assert len(posts) == len(SCHEDULE) == 20
    counts = Counter(SCHEDULE)
    assert {counts[name] for name in (*MALFORMATIONS, DUPLICATE)} == {1}
    oldest_first = posts[::-1]
    wire = dict(zip(SCHEDULE, oldest_first, strict=True))
    assert wire["negative_like_count"]["public_metrics"]["like_count"] < 0
    assert wire["created_at_outside_interval"]["created_at"] < "2026-11-20T04"
    assert "T" not in wire["created_at_garbage"]["created_at"]
    assert not wire["id_not_digits"]["id"].isdigit()
    assert type(wire["id_as_number"]["id"]) is int
    assert wire["author_id_of_somebody_else"]["author_id"] != oldest_first[5]["author_id"]
    assert "text" not in wire["text_missing"]
    assert "\x00" in wire["text_with_nul"]["text"]
    assert "\ud83d" in wire["text_with_lone_surrogate"]["text"]
    assert wire["count_as_string"]["public_metrics"]["retweet_count"] == "12"
    assert wire["count_beyond_int64"]["public_metrics"]["impression_count"] == 2**63
    assert wire["count_with_fraction"]["public_metrics"]["reply_count"] == 1.5
    assert wire["public_metrics_null"]["public_metrics"] is None
    assert len(wire["lang_of_forty_characters"]["lang"]) == 40
    tag = wire["entity_offsets_beyond_text"]["entities"]["hashtags"][0]
    assert tag["end"] > len(wire["entity_offsets_beyond_text"]["text"])
    assert isinstance(wire["post_is_a_string"], str)


def test_the_duplicate_is_exact_and_on_another_page(timeline: Timeline):
    pages = timeline("faulty_feed")
    assert len(pages) > 1
    places = {}
    for number, page in enumerate(pages):
        for post in page["data"]:
            if isinstance(post, dict):
                places.setdefault(repr(post), []).append(number)
    twice = [numbers for numbers in places.values() if len(numbers) > 1]
    assert len(twice) == 1
    assert len(set(twice[0])) == 2


def test_the_lone_surrogate_travels_as_an_escape(get: Any, cast: Any):
    path = f"/2/users/{cast['faulty_feed'].user_id}/tweets"
    query = {"start_time": "2026-11-20T04:00:00Z", "end_time": "2026-11-20T08:00:00Z"}
    first = get(path, max_results=100, **query)
    token = first.json()["meta"]["next_token"]
    bodies = first.content + get(path, max_results=100, pagination_token=token, **query).content
    assert b"\\ud83d" in bodies


def test_drifting_feed_lacks_metrics_and_language_on_every_post(timeline: Timeline):
    posts = [post for page in timeline("drifting_feed") for post in page["data"]]
    assert posts
    assert not any({"public_metrics", "lang"} & set(post) for post in posts)


def test_good_posts_of_the_faulty_feed_are_good(timeline: Timeline):
    posts = [post for page in timeline("faulty_feed") for post in page["data"]][::-1]
    good = [post for name, post in zip(SCHEDULE, posts, strict=True) if name is None]
    assert len(good) == 3
    for post in good:
        assert post["public_metrics"]["like_count"] >= 0
        assert post["id"].isdigit()
