"""A day of small objects as one large one, and what readers find meanwhile."""

from __future__ import annotations

import io
import threading
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.catalogue.manifest import read_manifest, withdraw
from include.catalogue.views import ask
from include.compaction import write
from include.compaction.compact import compact, is_current, purge
from include.compaction.sources import Sources
from include.datasets import dataset_named
from include.errors import LakeBusy, RowsUnreadable
from include.lake import Lake
from tests.include.landed_rows import NESTED, interval, land, row

DAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 3, 2, 30, tzinfo=UTC)


def tweet(number, slot=0, account="nasa", **fields):
    return row("tweets", number, interval(slot), account, **fields)


def landed(lake, slot, account, *numbers, **fields):
    rows = [tweet(number, slot, account, **fields) for number in numbers]
    return land(lake, "tweets", interval(slot), account, rows)


def read(lake, manifest):
    return pa.concat_tables(pq.read_table(io.BytesIO(lake.get(f.key))) for f in manifest.files)


def texts(lake):
    sql = "SELECT account, tweet_id, text FROM tweets ORDER BY ALL"
    return ask(lake, lambda c: c.sql(sql).fetchall(), datasets=["tweets"])


def test_a_day_becomes_one_file_in_order_with_its_columns_described(lake):
    landed(lake, 1, "nasa", 7, 3)
    landed(lake, 0, "nasa", 1)
    landed(lake, 0, "esa", 5, **NESTED)
    manifest = compact(lake, "tweets", DAY, NOW)
    (file,) = manifest.files
    assert file.key == f"compacted/tweets/dt=2026-11-02/{manifest.version}/part-0000.parquet"
    table = read(lake, manifest)
    assert (file.rows, manifest.objects) == (4, 3)
    found = [(row["account"], row["raw_position"]) for row in table.to_pylist()]
    assert found == [
        ("esa", 5), ("nasa", 1), ("nasa", 3), ("nasa", 7),
    ]  # fmt: skip
    assert table["hashtags"][0].as_py() == NESTED["hashtags"]
    assert table["mentions"][0].as_py() == NESTED["mentions"]
    dataset = dataset_named("tweets").curated_schema
    for field in dataset:
        found = table.schema.field(field.name)
        assert (found.type, found.metadata) == (field.type, field.metadata)
    assert table.schema.field("account").metadata[b"description"]


@pytest.mark.parametrize(
    ("slots", "counts"),
    [
        ({"first": 0, "second": 1, "of a search": 0}, ("nasa", "second")),
        ({"first": 0, "second": 1, "of a search": 2}, ("pictures_of_nasa", "of a search")),
        ({"first": 0, "second": 1, "of a search": 1}, ("nasa", "second")),
    ],
)
def test_of_the_same_post_the_latest_observation_counts_and_names_all_who_brought_it(
    lake, slots, counts
):
    for text, slot in slots.items():
        account = "pictures_of_nasa" if text == "of a search" else "nasa"
        landed(lake, slot, account, 1, text=text)
    landed(lake, 3, "pictures_of_nasa", 2, text="another's")
    sql = "SELECT account, text, accounts FROM tweets ORDER BY tweet_id"
    before = ask(lake, lambda c: c.sql(sql).fetchall(), datasets=["tweets"])
    assert before == [
        (*counts, ["nasa", "pictures_of_nasa"]),
        ("pictures_of_nasa", "another's", ["pictures_of_nasa"]),
    ]
    compact(lake, "tweets", DAY, NOW)
    assert ask(lake, lambda c: c.sql(sql).fetchall(), datasets=["tweets"]) == before


@pytest.mark.parametrize("dataset", ["tweet_metrics", "users"])
def test_observations_at_two_times_are_two_rows_and_no_account_is_named(lake, dataset):
    for slot in (0, 1):
        rows = [row(dataset, 1, interval(slot), "all-accounts", observed_at=interval(slot).end)]
        land(lake, dataset, interval(slot), rows=[*rows, *rows])
    table = read(lake, compact(lake, dataset, DAY, NOW))
    assert table["observed_at"].to_pylist() == [interval(0).end, interval(1).end]
    assert table["account"].to_pylist() == [None, None]


def test_what_an_older_object_lacks_is_null(lake):
    old = [tweet(1)]
    land(lake, "tweets", interval(0), "nasa", old, without=["source", "media"])
    landed(lake, 1, "nasa", 2, source="Web", media=NESTED["media"])
    sql = "SELECT source, media[1].media_key FROM tweets ORDER BY tweet_id"
    wanted = [(None, None), ("Web", "3_1")]
    assert ask(lake, lambda c: c.sql(sql).fetchall()) == wanted
    compact(lake, "tweets", DAY, NOW)
    assert ask(lake, lambda c: c.sql(sql).fetchall()) == wanted


def test_equal_sources_make_equal_bytes_in_a_folder_of_their_own(lake, monkeypatch):
    monkeypatch.setattr(write, "_ROW_GROUP", 7)
    landed(lake, 0, "nasa", *range(20))
    landed(lake, 0, "esa", *range(20))
    first = compact(lake, "tweets", DAY, NOW)
    body = lake.get(first.files[0].key)
    purge(lake, "tweets", DAY)
    assert list(lake.keys("compacted/")) == []
    again = compact(lake, "tweets", DAY, NOW)
    assert again.sources == first.sources
    assert again.version != first.version
    assert lake.get(again.files[0].key) == body
    landed(lake, 1, "nasa", 99)
    assert compact(lake, "tweets", DAY, NOW).sources != first.sources


def test_a_file_ends_where_it_is_large_enough(lake, monkeypatch):
    monkeypatch.setattr(write, "_ROW_GROUP", 10)
    monkeypatch.setattr(write, "PART_BYTES", 1)
    landed(lake, 0, "nasa", *range(25))
    manifest = compact(lake, "tweets", DAY, NOW)
    assert [file.rows for file in manifest.files] == [10, 10, 5]
    assert [file.key[-17:] for file in manifest.files] == [
        f"part-{number:04d}.parquet" for number in range(3)
    ]
    assert len(texts(lake)) == 25


def test_a_day_that_lost_all_its_objects_is_empty_and_not_forgotten(lake):
    key = landed(lake, 0, "nasa", 1)
    old = compact(lake, "tweets", DAY, NOW)
    lake.delete(key)
    assert not is_current(lake, old)
    manifest = compact(lake, "tweets", DAY, NOW)
    assert manifest.files == ()
    assert manifest.superseded == {old.version: NOW}
    assert texts(lake) == []


def test_superseded_versions_are_known_since_they_were_first_passed_over(lake):
    landed(lake, 0, "nasa", 1)
    first = compact(lake, "tweets", DAY, NOW)
    landed(lake, 1, "nasa", 2)
    second = compact(lake, "tweets", DAY, NOW + timedelta(hours=1))
    landed(lake, 2, "nasa", 3)
    third = compact(lake, "tweets", DAY, NOW + timedelta(hours=2))
    assert third.superseded == {
        first.version: NOW + timedelta(hours=1),
        second.version: NOW + timedelta(hours=2),
    }


class Interrupted(Lake):
    """A lake in which something happens right before one call to it."""

    def __init__(self, lake, at, happens, times=1):
        super().__init__(lake.client, lake.bucket)
        self._at, self._happens, self._times, self.calls = at, happens, times, []

    def _call(self, method, key):
        self.calls.append((method, key))
        if len(self.calls) - 1 == self._at and self._times:
            self._happens()

    def entries(self, prefix):
        self._call("entries", prefix)
        return super().entries(prefix)

    def get_listed(self, key, etag):
        self._call("get", key)
        return super().get_listed(key, etag)

    def put(self, key, body, content_type="application/octet-stream"):
        self._call("put", key)
        super().put(key, body, content_type)

    def find(self, key):
        self._call("find", key)
        return super().find(key)

    def delete(self, key):
        self._call("delete", key)
        super().delete(key)


def change(lake, text="new"):
    """What a run does: it lands rows, then withdraws the day."""
    landed(lake, 0, "nasa", 1, text=text)
    landed(lake, 1, "nasa", 2)
    withdraw(lake, "tweets", [DAY])


def calls_of_a_compaction(lake):
    watched = Interrupted(lake, None, lambda: None)
    compact(watched, "tweets", DAY, NOW)
    return watched.calls


@pytest.fixture
def before(lake):
    landed(lake, 0, "nasa", 1, text="old")
    landed(lake, 0, "esa", 5)
    return lake


def test_whenever_a_run_lands_rows_no_reader_finds_the_old_ones_afterwards(before, lake):
    calls = calls_of_a_compaction(lake)
    assert len(calls) >= 8
    for at in range(len(calls) + 1):
        purge(lake, "tweets", DAY)
        land_old(lake)
        seen = []

        def land_and_look(seen=seen):
            change(lake)
            seen.append(texts(lake))

        compact(Interrupted(lake, at, land_and_look), "tweets", DAY, NOW)
        if at == len(calls):
            land_and_look()
        seen.append(texts(lake))
        assert [[text for _, _, text in rows] for rows in seen] == [
            ["text 5", "new", "text 2"]
        ] * 2, (at, calls)
        manifest = read_manifest(lake, "tweets", DAY)
        assert manifest is None or is_current(lake, manifest)


def test_a_reader_finds_the_old_rows_or_the_new_ones_right_after_an_entry_is_written(before, lake):
    """Also where a run was through before: then the entry is stale until it is verified."""
    seen = set()

    class Looked(Interrupted):
        def put(self, key, body, content_type="application/octet-stream"):
            super().put(key, body, content_type)
            if key.startswith("catalogue/"):
                seen.add(tuple(text for _, _, text in texts(lake)))

    for at in range(len(calls_of_a_compaction(lake))):
        purge(lake, "tweets", DAY)
        land_old(lake)
        compact(Looked(lake, at, lambda: change(lake)), "tweets", DAY, NOW)
        assert [text for _, _, text in texts(lake)] == ["text 5", "new", "text 2"]
    assert seen == {("text 5", "old"), ("text 5", "new", "text 2")}


def land_old(lake):
    landed(lake, 0, "nasa", 1, text="old")
    lake.delete("curated/tweets/dt=2026-11-02/account=nasa/20261102T0400Z_20261102T0800Z.parquet")


def test_whenever_a_run_lands_rows_what_readers_were_sent_to_before_stays(before, lake):
    """Glue is still at it, and whoever began to read; the same rows as before may come back."""
    calls = calls_of_a_compaction(lake)
    for at in range(len(calls)):
        land_old(lake)
        sent_to = {file.key for file in compact(lake, "tweets", DAY, NOW).files}
        withdraw(lake, "tweets", [DAY])
        compact(Interrupted(lake, at, lambda: change(lake)), "tweets", DAY, NOW)
        assert sent_to <= set(lake.keys("compacted/")), (at, calls)


def test_half_of_a_landing_is_never_in_the_catalogue(before, lake):
    """A run that dies between its two objects, at any time, leaves a day that shows the first."""
    calls = calls_of_a_compaction(lake)
    for at in range(len(calls)):
        purge(lake, "tweets", DAY)
        land_old(lake)
        compact(
            Interrupted(lake, at, lambda: landed(lake, 0, "nasa", 1, text="half")),
            "tweets", DAY, NOW,
        )  # fmt: skip
        assert "half" in {text for _, _, text in texts(lake)}, (at, calls)


def test_whenever_something_is_forgotten_no_file_of_it_is_left(before, lake):
    def forget():
        landed(lake, 0, "nasa", 1, text="masked")
        purge(lake, "tweets", DAY)

    calls = calls_of_a_compaction(lake)
    for at in range(len(calls)):
        purge(lake, "tweets", DAY)
        land_old(lake)
        compact(Interrupted(lake, at, forget), "tweets", DAY, NOW)
        for key in lake.keys("compacted/"):
            rows = pq.read_table(io.BytesIO(lake.get(key)))["text"].to_pylist()
            assert "old" not in rows, (at, calls)


def test_whenever_a_day_is_purged_no_entry_names_files_that_are_gone(before, lake):
    """Also where its objects stay as they are: what is forgotten was in quarantine."""
    calls = calls_of_a_compaction(lake)
    for at in range(len(calls)):
        compact(Interrupted(lake, at, lambda: purge(lake, "tweets", DAY)), "tweets", DAY, NOW)
        manifest = read_manifest(lake, "tweets", DAY)
        assert manifest is None or is_current(lake, manifest), (at, calls)
        assert [text for _, _, text in texts(lake)] == ["text 5", "old"]


@pytest.mark.parametrize("is_there", [False, True])
def test_whenever_a_purged_day_is_compacted_no_entry_names_files_that_are_gone(
    before, lake, is_there
):
    at, is_over = 0, False
    while not is_over:
        purge(lake, "tweets", DAY)
        if is_there:
            compact(lake, "tweets", DAY, NOW)
        purged = Interrupted(lake, at, lambda: compact(lake, "tweets", DAY, NOW))
        purge(purged, "tweets", DAY)
        manifest = read_manifest(lake, "tweets", DAY)
        assert manifest is None or is_current(lake, manifest), (at, purged.calls)
        at, is_over = at + 1, at >= len(purged.calls)
    assert at > 2


def test_a_day_that_changes_under_each_attempt_is_left_alone(before, lake):
    class Restless(Lake):
        number = 0

        def put(self, key, body, content_type="application/octet-stream"):
            super().put(key, body, content_type)
            if key.startswith("compacted/"):
                Restless.number += 1
                landed(lake, 0, "nasa", 1, text=f"version {Restless.number}")

    with pytest.raises(LakeBusy, match="curated/tweets/dt=2026-11-02/"):
        compact(Restless(lake.client, lake.bucket), "tweets", DAY, NOW)
    assert list(lake.keys("catalogue/")) == []
    assert list(lake.keys("compacted/")) == []
    assert "version 5" in {text for _, _, text in texts(lake)}


def test_readers_find_the_old_rows_or_the_new_ones_while_a_day_is_compacted_and_rerun(lake):
    for slot in range(3):
        landed(lake, slot, "nasa", slot, text="old")
        landed(lake, slot, "esa", 10 + slot, text="old")
    old = texts(lake)
    over = threading.Event()
    seen, failures = set(), []

    def look():
        while not over.is_set():
            try:
                seen.add(tuple(texts(lake)))
            except Exception as error:  # noqa: BLE001 - whatever it is
                failures.append(error)
                return

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    first = compact(lake, "tweets", DAY, NOW)
    landed(lake, 1, "nasa", 1, text="new")  # one account's rerun
    withdraw(lake, "tweets", [DAY])
    compact(lake, "tweets", DAY, NOW)
    over.set()
    for reader in readers:
        reader.join()
    new = texts(lake)
    assert failures == []
    assert seen <= {tuple(old), tuple(new)}
    assert old != new
    assert read_manifest(lake, "tweets", DAY).superseded == {first.version: NOW}


def test_an_object_that_is_no_parquet_is_named(lake):
    landed(lake, 0, "esa", 1)
    key = landed(lake, 0, "nasa", 1)
    lake.put(key, lake.get(key)[:-1])
    with pytest.raises(RowsUnreadable, match=f"^{key} is no Parquet file.*Clear 'validate'"):
        compact(lake, "tweets", DAY, NOW)


def test_sources_know_when_one_of_them_changed(lake):
    landed(lake, 0, "nasa", 1)
    first = Sources.of(lake, dataset_named("tweets"), DAY)
    landed(lake, 0, "nasa", 1)
    assert Sources.of(lake, dataset_named("tweets"), DAY).digest == first.digest
    landed(lake, 0, "nasa", 2)
    assert Sources.of(lake, dataset_named("tweets"), DAY).digest != first.digest
