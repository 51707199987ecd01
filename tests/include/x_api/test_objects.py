"""What is peculiar about X's objects, from the sandbox's wire to rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.datasets import dataset_named
from include.datasets.dataset import RawPage
from include.interval import Interval
from include.x_api.answer import Answer
from include.x_api.client import XApi
from include.x_api.fields import KNOWN_EXPANSIONS, USER_FIELDS
from sandbox.cast import CAST
from sandbox.texts import NASTY_TEXTS, WITHHELD_TEXT
from sandbox.world import World
from tests.conftest import NOW

Row = dict[str, Any]
IDS = {account.username: account.user_id for account in CAST}
DAY = Interval(NOW - timedelta(days=1), NOW - timedelta(minutes=1))
LAST_TWO = ("bookmark_count", "impression_count")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("world"), now=NOW, search_all_spacing=0) as world:
        yield world


@pytest.fixture
def api(shared: World) -> XApi:
    """X, where nothing has happened yet."""
    shared.faults.clear()
    shared.fates.clear()
    return XApi(shared.x_url, "sandbox-token", sleep=lambda _: None)


def pages(ask: Callable[[str | None], Answer]) -> list[RawPage]:
    """Every page, asked for with the token of the one before."""
    found, token = [], None
    while not found or token:
        answer = ask(token)
        found.append(RawPage(f"page-{len(found)}", answer.body, answer.at))
        token = json.loads(answer.body).get("meta", {}).get("next_token")
    return found


def timeline(api: XApi, username: str, over: Interval = DAY) -> list[RawPage]:
    return pages(
        lambda token: api.timeline(
            IDS[username], over, exclude=[], page_size=100, pagination_token=token
        )
    )


def archive(api: XApi, username: str, begin: datetime) -> list[RawPage]:
    over = Interval(begin, begin + timedelta(days=1))
    return pages(
        lambda token: api.search(f"from:{username}", over, page_size=100, next_token=token)
    )


def sent(found: Sequence[RawPage], part: str = "data") -> list[Any]:
    return [item for page in found for item in json.loads(page.body).get(part, [])]


def rows(found: Sequence[RawPage], dataset: str = "tweets") -> list[Row]:
    return dataset_named(dataset).decode(found).to_pylist()


def by_id(found: Sequence[Row], name: str = "tweet_id") -> dict[str, Row]:
    return {row[name]: row for row in found}


@pytest.mark.parametrize(
    "username",
    ["harbour_news", "rail_updates", "longform_notes", "repost_relay", "withheld_desk"],
)
def test_both_vocabularies_make_the_same_posts(api: XApi, shared: World, username: str) -> None:
    honest = timeline(api, username)
    shared.faults.add("other_vocabulary", times=None)
    other = timeline(api, username)
    assert [page.body for page in other] != [page.body for page in honest]
    assert rows(other) == rows(honest)
    assert rows(honest)


def test_both_vocabularies_make_the_same_users(api: XApi, shared: World) -> None:
    def users() -> list[RawPage]:
        answer = api.users_by(list(IDS), fields=USER_FIELDS)
        return [RawPage("page", answer.body, answer.at)]

    honest = users()
    shared.faults.add("other_vocabulary")
    other = users()
    assert rows(other, "users") == rows(honest, "users")
    assert len(rows(honest, "users")) > 10


def test_both_vocabularies_make_the_same_metrics_and_tombstones(api: XApi, shared: World) -> None:
    both = [sent(timeline(api, name))[:50] for name in ("harbour_news", "rail_updates")]
    ids = [post["id"] for posts in both for post in posts]
    shared.fates.delete_post(ids[0])
    shared.fates.protect("rail_updates")

    def counts() -> list[Row]:
        answer = api.tweets(ids)
        return rows([RawPage("page", answer.body, answer.at)], "tweet_metrics")

    honest = counts()
    shared.faults.add("other_vocabulary")
    assert counts() == honest
    assert {row["status"] for row in honest} >= {"deleted", "protected"}


def test_ids_are_the_text_that_x_sent_whatever_their_length(api: XApi) -> None:
    found = timeline(api, "repost_relay")
    by = by_id(rows(found))
    lengths = set()
    for post in sent(found):
        row = by[post["id"]]
        assert row["author_id"] == post["author_id"]
        ids = [reference["id"] for reference in post.get("referenced_tweets", [])]
        assert [reference["tweet_id"] for reference in row["referenced_tweets"]] == ids
        lengths |= {len(i) for i in ids}
    assert {11, 18, 19} <= lengths


def test_counts_that_older_posts_lack_are_null_and_not_0(api: XApi) -> None:
    old = archive(api, "harbour_news", datetime(2022, 12, 13, tzinfo=UTC))
    assert not any(set(LAST_TWO) & set(post["public_metrics"]) for post in sent(old))
    found = rows(old)
    assert found
    assert {(row["bookmark_count"], row["impression_count"]) for row in found} == {(None, None)}
    assert all(row["like_count"] is not None for row in found)
    assert all(row["impression_count"] is not None for row in rows(timeline(api, "harbour_news")))


def test_a_text_of_more_than_280_code_points_is_kept_whole(api: XApi) -> None:
    longest = max(rows(timeline(api, "polyglot_feed")), key=lambda row: len(row["text"]))
    assert len(longest["text"]) > 280
    assert longest["decode_problem"] is None


def test_a_long_post_has_its_beginning_and_all_of_it_and_the_entities_of_all_of_it(
    api: XApi,
) -> None:
    found = timeline(api, "longform_notes")
    by = by_id(rows(found))
    for post in sent(found):
        note, row = post.get("note_tweet") or post["note_post"], by[post["id"]]
        assert (row["text"], row["note_text"]) == (post["text"], note["text"])
        assert row["note_text"].startswith(row["text"].partition("\u2026")[0])
        assert row["hashtags"] == [tag["tag"] for tag in note["entities"]["hashtags"]]
        assert row["entity_problem"] is None


def test_a_repost_is_cut_and_names_the_post_that_has_the_whole_text(
    api: XApi, shared: World
) -> None:
    reposts = [row for row in rows(timeline(api, "repost_relay")) if row["is_retweet"]]
    assert max(len(row["text"]) for row in reposts) == 140
    expanding = XApi(shared.x_url, "sandbox-token", expansions=["referenced_tweets.id"])
    included = [
        post
        for page in timeline(expanding, "repost_relay")
        for name in ("tweets", "posts")
        for post in json.loads(page.body)["includes"].get(name, [])
    ]
    whole = {post["id"]: post["text"] for post in included}
    for row in reposts:
        said = row["text"].partition(": ")[2].removesuffix("\u2026")
        assert whole[row["retweeted_tweet_id"]].startswith(said)


def test_an_edited_post_is_its_latest_version_and_knows_the_others(api: XApi) -> None:
    found = rows(timeline(api, "longform_notes"))
    edited = [row for row in found if len(row["edit_history_tweet_ids"]) > 1]
    listed = {row["tweet_id"] for row in found}
    assert edited
    for row in edited:
        *earlier, latest = row["edit_history_tweet_ids"]
        assert latest == row["tweet_id"]
        assert not listed & set(earlier)
        assert row["edits_remaining"] == 5 - len(earlier)


def test_every_version_has_counts_of_its_own_and_all_are_deleted_with_one(
    api: XApi, shared: World
) -> None:
    chain = next(
        row["edit_history_tweet_ids"]
        for row in rows(timeline(api, "longform_notes"))
        if len(row["edit_history_tweet_ids"]) > 1
    )

    def status() -> dict[str, str]:
        answer = api.tweets(chain)
        found = rows([RawPage("page", answer.body, answer.at)], "tweet_metrics")
        return {row["tweet_id"]: row["status"] for row in found}

    assert status() == dict.fromkeys(chain, "visible")
    shared.fates.delete_post(chain[0])
    assert status() == dict.fromkeys(chain, "deleted")


def test_an_edit_history_of_one_empty_id_is_none(api: XApi) -> None:
    found = timeline(api, "longform_notes")
    by = by_id(rows(found))
    empty = [
        post["id"]
        for post in sent(found)
        if (post.get("edit_history_tweet_ids") or post.get("edit_history_post_ids")) == [""]
    ]
    assert empty
    assert {tuple(by[i]["edit_history_tweet_ids"]) for i in empty} == {()}


def test_posts_that_share_one_text_are_posts_of_their_own(api: XApi) -> None:
    found = rows(timeline(api, "withheld_desk"))
    assert {row["text"] for row in found} == {WITHHELD_TEXT}
    assert len(by_id(found)) == len(found) > 10
    assert {tuple(row["withheld_country_codes"]) for row in found} == {("DE", "FR")}


def test_a_post_can_quote_and_reply_at_once(api: XApi) -> None:
    both = [r for r in rows(timeline(api, "repost_relay")) if r["is_quote"] and r["is_reply"]]
    assert both
    assert all(row["quoted_tweet_id"] != row["replied_to_tweet_id"] for row in both)


def test_a_language_that_is_none_or_absent_is_kept_so(api: XApi) -> None:
    found = {row["lang"] for row in rows(timeline(api, "polyglot_feed"))}
    assert {"und", "qme", "zxx", "art", None} <= found


def test_annotations_are_there_as_long_as_x_sent_them(api: XApi) -> None:
    before = rows(archive(api, "harbour_news", datetime(2026, 3, 22, tzinfo=UTC)))
    after = rows(archive(api, "harbour_news", datetime(2026, 3, 25, tzinfo=UTC)))
    assert any(row["annotations"] for row in before)
    assert after
    assert not any(row["annotations"] for row in after)


def test_offsets_that_count_code_points_lie_in_their_text(api: XApi) -> None:
    found = timeline(api, "polyglot_feed")
    beyond_the_plane = [
        post for post in sent(found)
        if post.get("entities") and any(ord(character) > 0xFFFF for character in post["text"])
    ]  # fmt: skip
    assert beyond_the_plane
    assert {row["entity_problem"] for row in rows(found)} == {None}


def test_times_with_and_without_milliseconds_are_read(api: XApi) -> None:
    found = timeline(api, "polyglot_feed")
    by = by_id(rows(found))
    for post in sent(found):
        assert by[post["id"]]["created_at"] == datetime.fromisoformat(post["created_at"])
    assert {len(post["created_at"]) for post in sent(found)} == {20, 24}


def test_nasty_texts_reach_their_column_unharmed(api: XApi) -> None:
    found = rows(timeline(api, "polyglot_feed"))
    together = "".join(row["text"] for row in found)
    assert {row["decode_problem"] for row in found} == {None}
    assert all(text in together for text in NASTY_TEXTS)


def test_nul_and_half_a_surrogate_pair_harm_their_own_post_only(api: XApi) -> None:
    found = rows(timeline(api, "faulty_feed"))
    assert any("\x00" in (row["text"] or "") for row in found)
    halves = [row for row in found if "no valid Unicode" in (row["decode_problem"] or "")]
    assert halves
    assert {row["text"] for row in halves} == {None}
    assert all(row["tweet_id"] for row in halves)
    assert len([row for row in found if row["decode_problem"] is None]) > len(halves)


def test_what_x_could_not_include_takes_no_post_away(shared: World, api: XApi) -> None:
    expanding = XApi(shared.x_url, "sandbox-token", expansions=KNOWN_EXPANSIONS)
    found = timeline(expanding, "repost_relay")
    assert {error["title"] for error in sent(found, "errors")} >= {
        "Not Found Error",
        "Authorization Error",
    }
    assert rows(found) == rows(timeline(api, "repost_relay"))
