import hashlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.cast import CAST, Account, Kind
from sandbox.population import BEGINNING, Population, key_at
from sandbox.posts import Post, moment

START = datetime(2026, 11, 20, 4, tzinfo=UTC)
FOUR_HOURS = timedelta(hours=4)
POSTING = [account for account in CAST if account.posts_per_hour]
ORDINARY = [account for account in CAST if account.kind is Kind.ORDINARY]


@pytest.fixture(scope="module")
def population() -> Population:
    return Population()


def posts(
    population: Population, account: Account, start: datetime, length: timedelta = FOUR_HOURS
) -> list[Post]:
    return list(population.between(account, key_at(start), key_at(start + length)))


def fingerprint() -> str:
    population = Population(seed=7)
    bodies = [[p.body for p in posts(population, account, START)] for account in CAST]
    return hashlib.sha256(repr(bodies).encode()).hexdigest()


def test_two_processes_agree_on_every_post():
    code = (
        "import importlib.util as u;"
        f"s=u.spec_from_file_location('t',{__file__!r});m=u.module_from_spec(s);"
        "s.loader.exec_module(m);print(m.fingerprint())"
    )
    command = [sys.executable, "-c", code]
    other = subprocess.run(command, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == fingerprint()


def test_another_seed_is_another_world(population: Population):
    ours, theirs = (posts(p, CAST[0], START) for p in (population, Population(seed=2)))
    assert [p.body["text"] for p in ours] != [p.body["text"] for p in theirs]


@pytest.mark.parametrize("account", POSTING, ids=lambda a: a.username)
def test_every_four_hours_since_2022_have_posts(population: Population, account: Account):
    hours = range(0, 24 * 365 * 6, 4)
    first = int(BEGINNING.timestamp()) // 3600
    counts = [
        population.count_before(account, first + hour + 4)
        - population.count_before(account, first + hour)
        for hour in hours
    ]
    expected = account.posts_per_hour * 4
    assert min(counts) >= max(1, expected * 0.5)
    assert max(counts) <= expected * 1.5 + 1


@pytest.mark.parametrize("account", POSTING, ids=lambda a: a.username)
def test_ids_are_unique_and_ascend_in_time(population: Population, account: Account):
    found = posts(population, account, START, timedelta(days=2))
    keys = [post.key for post in found]
    assert keys == sorted(set(keys), reverse=True)
    assert all(START <= moment(key) < START + timedelta(days=2) for key in keys)


def test_intervals_side_by_side_share_nothing_and_lose_nothing(population: Population):
    account = CAST[0]
    whole = posts(population, account, START, timedelta(hours=8))
    halves = posts(population, account, START + FOUR_HOURS) + posts(population, account, START)
    assert [p.key for p in halves] == [p.key for p in whole]


def test_a_second_belongs_to_the_interval_that_it_starts(population: Population):
    post = posts(population, CAST[0], START)[3]
    second = moment(post.key)
    assert post in posts(population, CAST[0], second, timedelta(seconds=1))
    assert post not in posts(
        population, CAST[0], second - timedelta(seconds=1), timedelta(seconds=1)
    )


def test_old_posts_lack_the_two_newer_metrics(population: Population):
    before = posts(population, CAST[0], datetime(2022, 12, 14, 20, tzinfo=UTC))
    after = posts(population, CAST[0], datetime(2022, 12, 15, tzinfo=UTC))
    assert not any(
        {"bookmark_count", "impression_count"} & set(p.body["public_metrics"]) for p in before
    )
    assert all(
        {"bookmark_count", "impression_count"} <= set(p.body["public_metrics"]) for p in after
    )


def test_annotations_ended_on_24_march_2026(population: Population):
    day = timedelta(days=1)
    before = posts(population, CAST[0], datetime(2026, 3, 23, tzinfo=UTC), day)
    after = posts(population, CAST[0], datetime(2026, 3, 24, tzinfo=UTC), day)
    assert any("annotations" in p.body.get("entities", {}) for p in before)
    assert not any("annotations" in p.body.get("entities", {}) for p in after)


def written(kind: str, entity: dict[str, object]) -> str:
    match kind:
        case "hashtags":
            return f"#{entity['tag']}"
        case "cashtags":
            return f"${entity['tag']}"
        case "mentions":
            return f"@{entity['username']}"
        case "annotations":
            return str(entity["normalized_text"])
    return str(entity["url"])


@pytest.mark.parametrize("account", [a for a in POSTING if a.kind is not Kind.WITHHELD])
def test_entity_offsets_are_code_points_of_what_they_name(population: Population, account: Account):
    seen = 0
    for start in (START, datetime(2025, 6, 1, tzinfo=UTC)):
        for post in posts(population, account, start, timedelta(days=1)):
            for holder in (post.body, post.body.get("note_tweet", {})):
                for kind, entities in holder.get("entities", {}).items():
                    for entity in entities:
                        end = entity["end"] + (kind == "annotations")
                        assert holder["text"][entity["start"] : end] == written(kind, entity)
                        seen += 1
    assert seen


def test_posts_are_as_big_as_real_ones(population: Population):
    import orjson

    found = [p for a in ORDINARY for p in posts(population, a, START, timedelta(days=1))]
    mean = sum(len(orjson.dumps(p.body)) for p in found) / len(found)
    assert 1_500 <= mean <= 2_600


def test_languages_of_ordinary_posts_include_those_that_are_none(population: Population):
    found = {
        p.body.get("lang") for a in ORDINARY for p in posts(population, a, START, timedelta(days=3))
    }
    assert found == {"en", "und", "qme", "zxx", None}


def test_load_accounts_have_five_posts_in_every_four_hours(population: Population):
    account = population.directory.by_username("load_0123")
    assert account
    for number in range(30):
        assert len(posts(population, account, START + number * FOUR_HOURS)) == 5


def test_the_horizon_is_the_3200th_most_recent_post(population: Population):
    for account in (CAST[0], CAST[3]):
        now = key_at(START)
        horizon = population.horizon(account, now, 3_200)
        recent = list(population.between(account, horizon, now))
        assert len(recent) == 3_200
        assert recent[-1].key == horizon


def test_every_post_is_found_by_its_id_and_others_are_not(population: Population):
    for account in POSTING:
        for post in posts(population, account, START):
            assert population.find(post.key) == post
            for version in post.earlier_versions:
                assert population.find(version.key) == version
            assert population.find(post.key + 1) is None


def test_an_edit_is_a_new_id_in_one_chain_within_half_an_hour(population: Population):
    account = next(a for a in CAST if a.kind is Kind.LONGFORM)
    found = posts(population, account, START, timedelta(days=2))
    edited = [p for p in found if p.earlier_versions]
    assert edited
    for post in edited:
        chain = post.body["edit_history_tweet_ids"]
        assert [int(i) for i in chain] == [*(v.key for v in post.earlier_versions), post.key]
        assert chain == sorted(chain)
        assert moment(post.key) - moment(int(chain[0])) <= timedelta(minutes=30)
        assert post.body["edit_controls"]["edits_remaining"] == 3
        listed = {p.key for p in found}
        for version in post.earlier_versions:
            assert version.key not in listed
            assert version.body["text"] != post.body["text"]
            assert version.body["edit_history_tweet_ids"] == chain
    assert any(p.body["edit_history_tweet_ids"] == [""] for p in found)


def test_long_posts_show_their_beginning_in_text_and_all_in_the_note(population: Population):
    account = next(a for a in CAST if a.kind is Kind.LONGFORM)
    for post in posts(population, account, START):
        text, note = post.body["text"], post.body["note_tweet"]["text"]
        assert len(note) > 280 >= len(text)
        assert note.startswith(text.partition("\u2026")[0])


def test_polyglot_texts_hold_what_hurts(population: Population):
    account = next(a for a in CAST if a.kind is Kind.POLYGLOT)
    texts = [p.body["text"] for p in posts(population, account, START, timedelta(days=1))]
    together = "".join(texts)
    for needle in (
        "\n",
        "\u200d",
        "\u202e",
        "\u2028",
        "&amp;",
        "\u0301",
        '"',
        ";",
        "<script>",
        "\u0645",
    ):
        assert needle in together
    assert {"=", "+", "-", "@"} <= {text[0] for text in texts}
    assert any(len(text) > 280 for text in texts)


def test_reposts_are_cut_at_140_and_the_whole_is_in_the_referenced_post(population: Population):
    account = next(a for a in CAST if a.kind is Kind.RELAY)
    reposts = [
        p
        for p in posts(population, account, START, timedelta(days=1))
        if "retweeted" in p.reference_kinds
    ]
    assert any(len(p.body["text"]) == 140 for p in reposts)
    for post in reposts:
        original = population.find(int(post.body["referenced_tweets"][0]["id"]))
        assert original
        shown = post.body["text"].partition(": ")[2].removesuffix("\u2026")
        assert original.body["text"].startswith(shown)
        assert post.body["text"].startswith(f"RT @{original.account.username}: ")
        assert original.key < post.key


def test_the_relay_has_every_kind_of_reference(population: Population):
    account = next(a for a in CAST if a.kind is Kind.RELAY)
    kinds = {
        frozenset(p.reference_kinds) for p in posts(population, account, START, timedelta(days=1))
    }
    assert kinds == {
        frozenset({"retweeted"}),
        frozenset({"quoted"}),
        frozenset({"replied_to"}),
        frozenset({"quoted", "replied_to"}),
    }
