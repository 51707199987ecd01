"""The warehouse is what the lake is: whatever was loaded before, in whatever order."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.errors import ForeignObject, LakeUnavailable, WarehouseUnavailable
from include.lake import Lake
from include.warehouse.load import load
from tests.include import landed_rows
from tests.include.warehouse.conftest import POSTED

EVERYTHING = (
    ("fact_tweet", "tweet_id"),
    ("fact_tweet_metrics", "tweet_id, observed_at"),
    ("fact_user_metrics", "user_id, observed_on"),
    ("bridge_tweet_hashtag", "tweet_id, hashtag_key"),
    ("bridge_tweet_mention", "tweet_id, position"),
    ("bridge_tweet_url", "tweet_id, position"),
    ("bridge_tweet_reference", "tweet_id, kind"),
    ("dim_user", "user_id, valid_from"),
    ("dim_hashtag", "hashtag"),
    ("load_object", "key"),
)
RICH = {
    "hashtags": ["Rain", "rain", "sea"],
    "mentions": [{"username": "nasa", "user_id": "11348282"}, {"username": "x", "user_id": None}],
    "urls": [{"url": "https://t.co/a", "expanded_url": "https://www.nasa.gov/x"}],
    "referenced_tweets": [
        {"type": "quoted", "tweet_id": "77"},
        {"type": "replied_to", "tweet_id": "78"},
    ],
    "is_reply": True,
    "is_quote": True,
    "like_count": 3,
}

FULL_DISK = (
    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE"
    " 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$"
)


def versions(house):
    """Every row of every table with the number of the transaction that wrote it."""
    return {
        table: house.ask(f"SELECT xmin::text, t::text FROM {table} t ORDER BY {key}")
        for table, key in EVERYTHING
    }


def contents(house):
    """What is in the tables, without the numbers that they give their rows."""
    return [
        house.ask(
            "SELECT tweet_id, username, text, like_count, kind, account, created_on,"
            " valid_from::text FROM fact_tweet JOIN dim_user ON user_key = author_key ORDER BY 1"
        ),
        house.ask(
            "SELECT tweet_id, hashtag FROM bridge_tweet_hashtag JOIN dim_hashtag"
            " USING (hashtag_key) ORDER BY 1, 2"
        ),
        house.ask("SELECT * FROM bridge_tweet_mention ORDER BY 1, 2"),
        house.ask("SELECT * FROM bridge_tweet_url ORDER BY 1, 2"),
        house.ask("SELECT * FROM bridge_tweet_reference ORDER BY 1, 2"),
        house.ask(
            "SELECT user_id, valid_from::text, valid_to::text, is_current, is_inferred, username,"
            " name FROM dim_user ORDER BY 1, dim_user.valid_from"
        ),
        house.ask(
            "SELECT m.user_id, observed_on, followers_count, valid_from::text"
            " FROM fact_user_metrics m JOIN dim_user USING (user_key) ORDER BY 1, 2"
        ),
        house.ask(
            "SELECT tweet_id, observed_at, status, like_count FROM fact_tweet_metrics ORDER BY 1, 2"
        ),
        house.ask("SELECT key, rows, shadowed, state FROM load_object ORDER BY 1"),
    ]


def test_a_post_comes_with_all_that_it_names(house):
    house.land("tweets", 2, {"n": 1, **RICH})

    (loaded,) = house.load("tweets")

    assert (loaded.objects, loaded.new, loaded.failed) == (1, 1, {})
    ((tweet, author, kind, likes, day),) = house.ask(
        "SELECT tweet_id, author_id, kind, like_count, created_on FROM fact_tweet"
    )
    assert (tweet, author, likes, day) == (10**18 + 1, 12, 3, POSTED.date())
    assert "reply" in kind
    assert "quote" in kind
    assert house.ask("SELECT hashtag FROM dim_hashtag ORDER BY 1") == ["rain", "sea"]
    assert house.ask("SELECT count(*) FROM bridge_tweet_hashtag") == [2]
    assert house.ask("SELECT username, user_id FROM bridge_tweet_mention ORDER BY position") == [
        ("nasa", 11348282),
        ("x", None),
    ]
    assert house.ask("SELECT domain FROM bridge_tweet_url") == ["nasa.gov"]
    assert house.ask("SELECT kind, referenced_tweet_id FROM bridge_tweet_reference ORDER BY 1") == [
        ("quoted", 77),
        ("replied_to", 78),
    ]
    assert house.ask("SELECT user_id, is_inferred, username FROM dim_user") == [(12, True, None)]


def test_posts_that_are_news_become_what_is_made_of_others(house, another_house):
    """The second house has posts on both sides of the new ones, and compares them."""
    day = timedelta(days=1)
    released = {"released_by": "ann", "released_at": POSTED, "release_reason": "it is right"}
    for each in (house, another_house):
        each.land("users", 0, {"n": 12, "username": "old", "observed_at": POSTED - day})
        each.land("users", 1, {"n": 12, "username": "new", "observed_at": POSTED})
        each.load("users")
        each.land("tweets", 2, {"n": 1}, {"n": 9})
        if each is another_house:
            each.load("tweets")
        each.land(
            "tweets",
            3,
            {"n": 2, **RICH, "created_at": POSTED - day},
            {"n": 3, **RICH, "hashtags": ["sea"], **released},
            {"n": 4, "author_id": "99", "text": "\N{CLOUD WITH RAIN} \\N \t\n", "lang": None},
        )
        each.load("tweets")

    assert contents(house) == contents(another_house)
    posts = "SELECT to_jsonb(f) - 'author_key' - 'object_id' FROM fact_tweet f ORDER BY tweet_id"
    assert house.ask(posts) == another_house.ask(posts)
    assert len(house.ask(posts)) == 5


def test_loading_the_same_objects_twice_changes_no_row(house):
    fill(house)
    house.load()
    before = versions(house)

    assert [(done.objects, done.new, done.changed) for done in house.load()] == [(0, 0, 0)] * 3
    house.ask("UPDATE load_object SET etag = 'another' RETURNING 1")  # as if all were news
    again = house.load()

    assert [(done.objects > 0, done.new, done.changed) for done in again] == [(True, 0, 0)] * 3
    after = versions(house)
    assert {name: rows for name, rows in after.items() if name != "load_object"} == {
        name: rows for name, rows in before.items() if name != "load_object"
    }


def objects():
    """What is landed, an object each: profiles that change, posts that two accounts brought, …"""
    day = timedelta(days=1)
    return [
        ("users", 0, [{"n": 12, "username": "old", "observed_at": POSTED - 2 * day}]),
        ("users", 1, [{"n": 12, "username": "old", "observed_at": POSTED - day}]),
        ("users", 2, [{"n": 12, "username": "new"}, {"n": 13, "username": "b"}]),
        ("users", 3, [{"n": 12, "username": "old", "observed_at": POSTED + day}]),
        ("tweets", 2, [{"n": 1, **RICH}, {"n": 2, "author_id": "99", "hashtags": ["first"]}]),
        ("tweets", 3, [{"n": 2, "author_id": "99", "like_count": 5, "hashtags": ["then"]}]),
        ("tweets", 4, [{"n": 3, "created_at": POSTED - 30 * day}, {"n": 4, "created_at": POSTED}]),
        ("tweet_metrics", 2, [{"n": 1, "like_count": 3}, {"n": 2, "like_count": 4}]),
        ("tweet_metrics", 3, [{"n": 1, "like_count": 9, "observed_at": POSTED + day}]),
        ("tweet_metrics", 4, [{"n": 1, "like_count": 8, "observed_at": POSTED + day}]),
    ]


def fill(house):
    for dataset, number, rows in objects():
        house.land(dataset, number, *rows)


def test_out_of_order_gives_the_same_as_in_order(house, another_house):
    for dataset, number, rows in objects():
        house.land(dataset, number, *rows)
        house.load()
    for dataset, number, rows in reversed(objects()):
        another_house.land(dataset, number, *rows)
        another_house.load("tweet_metrics", "tweets", "users")

    assert contents(another_house) == contents(house)
    assert house.ask("SELECT like_count FROM fact_tweet WHERE tweet_id = 1000000000000000002") == [
        5
    ]
    assert house.ask(
        "SELECT username, valid_from::text, is_current FROM dim_user WHERE user_id = 12"
        " ORDER BY dim_user.valid_from"
    ) == [
        ("old", "-infinity", False),
        ("new", "2026-11-02 09:30:00+00", False),
        ("old", "2026-11-03 09:30:00+00", True),
    ]


def test_all_at_once_gives_the_same_as_one_by_one(house, another_house):
    fill(house)
    house.load("tweets", "tweet_metrics", "users")
    for dataset, number, rows in objects():
        another_house.land(dataset, number, *rows)
        another_house.load()

    assert contents(house) == contents(another_house)


def test_a_profile_that_comes_late_is_what_its_posts_lead_to(house):
    house.land("tweets", 2, {"n": 1}, {"n": 2, "created_at": POSTED + timedelta(days=3)})
    house.load()
    (inferred,) = house.ask("SELECT user_key FROM dim_user WHERE is_inferred")
    house.land("users", 2, {"n": 12, "username": "first"})
    house.land("users", 3, {"n": 12, "username": "then", "observed_at": POSTED + timedelta(days=2)})

    house.load()

    assert house.ask(
        "SELECT tweet_id % 10, username, is_inferred FROM fact_tweet"
        " JOIN dim_user ON user_key = author_key ORDER BY tweet_id"
    ) == [(1, "first", False), (2, "then", False)]
    assert house.ask(f"SELECT username FROM dim_user WHERE user_key = {inferred}") == ["first"]


def test_only_a_change_of_the_profile_is_a_new_version(house):
    day = timedelta(days=1)
    house.land("users", 0, {"n": 12, "name": "A", "followers_count": 5})
    house.land(
        "users", 1, {"n": 12, "name": "A", "followers_count": 6, "observed_at": POSTED + day}
    )
    house.load("users")
    assert house.ask("SELECT name, valid_to::text FROM dim_user") == [("A", "infinity")]
    assert house.ask("SELECT followers_count FROM fact_user_metrics ORDER BY 1") == [5, 6]


def test_a_kind_of_reference_that_nobody_knew_is_left_out(house):
    references = [{"type": "boosted", "tweet_id": "77"}, {"type": "quoted", "tweet_id": "78"}]
    house.land("tweets", 1, {"n": 1, "referenced_tweets": references}, {"n": 2})
    (loaded,) = house.load("tweets")
    assert (loaded.new, loaded.failed) == (2, {})
    assert house.ask("SELECT kind, referenced_tweet_id FROM bridge_tweet_reference") == [
        ("quoted", 78)
    ]


def test_a_hashtag_that_no_index_holds_is_left_out(house):
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + 1_000)))  # three bytes each, not to compress
    long, longest = letters, letters[:833]
    house.land("tweets", 1, {"n": 1, "hashtags": [long, "rain", longest]}, {"n": 2})
    (loaded,) = house.load("tweets")
    assert (loaded.new, loaded.failed) == (2, {})
    assert set(house.ask("SELECT hashtag FROM dim_hashtag")) == {"rain", longest}
    assert house.ask("SELECT hashtag_count FROM fact_tweet ORDER BY 1") == [0, 3]


def test_what_is_not_in_the_lake_any_more_leaves_every_table(house):
    fill(house)
    keys = [house.land("tweets", 5, {"n": 7, **RICH, "hashtags": ["secret"], "author_id": "44"})]
    keys.append(house.land("tweet_metrics", 5, {"n": 7}))
    house.load()
    assert house.ask("SELECT count(*) FROM dim_hashtag WHERE hashtag = 'secret'") == [1]

    for key in keys:
        house.lake.delete(key)
    house.load()

    for table in ("fact_tweet", "fact_tweet_metrics", *(name for name, _ in EVERYTHING[3:7])):
        assert house.ask(f"SELECT count(*) FROM {table} WHERE tweet_id = 1000000000000000007") == [
            0
        ]
    assert house.ask("SELECT count(*) FROM dim_hashtag WHERE hashtag = 'secret'") == [0]
    assert house.ask("SELECT count(*) FROM dim_user WHERE user_id = 44") == [0]
    assert house.ask("SELECT count(*) FROM load_object WHERE key LIKE '%_20261103T0000Z%'") == [0]


def test_whom_nobody_names_any_more_goes_with_the_next_look_at_all(house):
    """As where a load is killed after its batches."""
    house.land("tweets", 2, {"n": 1})
    house.load("tweets")
    house.ask("INSERT INTO dim_hashtag (hashtag) VALUES ('secret') RETURNING 1")
    house.ask(
        "INSERT INTO dim_user (user_id, valid_from, valid_to, is_current, is_inferred)"
        " VALUES (44, '-infinity', 'infinity', true, true) RETURNING 1"
    )

    house.load("tweets")

    assert house.ask("SELECT hashtag FROM dim_hashtag") == []
    assert house.ask("SELECT user_id FROM dim_user") == [12]


def test_a_forgotten_profile_leaves_its_id_where_posts_need_it(house):
    house.land("tweets", 2, {"n": 1})
    key = house.land("users", 2, {"n": 12, "username": "gone", "location": "Bergen"}, {"n": 13})
    house.load()
    house.land("users", 2, {"n": 13})
    house.load()
    assert house.ask(
        "SELECT user_id, is_inferred, username, location FROM dim_user ORDER BY 1"
    ) == [
        (12, True, None, None),
        (13, False, "text 13", None),
    ]
    assert house.ask("SELECT user_id FROM fact_user_metrics") == [13]
    house.lake.delete(key)
    house.load()
    assert house.ask("SELECT user_id FROM dim_user") == [12]


def test_a_row_that_one_object_lost_comes_from_the_other_that_has_it(house):
    house.land("tweets", 2, {"n": 1, "like_count": 1, "hashtags": ["a"]}, account="harbour")
    house.land("tweets", 3, {"n": 1, "like_count": 2, "hashtags": ["b"]}, account="weather")
    house.load("tweets")
    assert house.ask("SELECT account, like_count FROM fact_tweet") == [("weather", 2)]
    assert house.ask("SELECT shadowed FROM load_object ORDER BY key") == [1, 0]

    house.land("tweets", 3, {"n": 2}, account="weather")
    house.load("tweets")

    assert house.ask("SELECT account, like_count FROM fact_tweet ORDER BY tweet_id") == [
        ("harbour", 1),
        ("weather", None),
    ]
    assert house.ask(
        "SELECT hashtag FROM bridge_tweet_hashtag JOIN dim_hashtag USING (hashtag_key)"
    ) == ["a"]
    assert house.ask("SELECT shadowed FROM load_object ORDER BY key") == [0, 0]


def test_a_day_that_has_to_be_looked_at_again_is_whatever_else_is_news(house):
    """As where a load is killed before it does."""
    house.land("tweets", 2, {"n": 1})
    house.load("tweets")
    house.ask("DELETE FROM fact_tweet RETURNING 1")
    house.ask("UPDATE load_object SET etag = '' RETURNING 1")

    load(house.lake, house.connect, "tweets", days=[])

    assert house.ask("SELECT tweet_id % 10 FROM fact_tweet") == [1]


def test_a_changed_post_takes_its_bridges_along(house):
    house.land("tweets", 2, {"n": 1, **RICH}, {"n": 2, "hashtags": ["kept"]})
    house.load("tweets")
    kept = house.ask("SELECT xmin::text FROM fact_tweet WHERE tweet_id % 10 = 2")
    house.land("tweets", 2, {"n": 1, "hashtags": ["sea", "snow"]}, {"n": 2, "hashtags": ["kept"]})

    (loaded,) = house.load("tweets")

    assert (loaded.new, loaded.changed) == (0, 1)
    assert house.ask("SELECT hashtag FROM dim_hashtag ORDER BY 1") == ["kept", "sea", "snow"]
    assert house.ask("SELECT count(*) FROM bridge_tweet_mention") == [0]
    assert house.ask("SELECT xmin::text FROM fact_tweet WHERE tweet_id % 10 = 2") == kept


def test_months_that_are_new_are_loaded_by_several_at_once(house):
    for days in range(6):
        for number in range(2):
            moment = POSTED + timedelta(days=41 * days, hours=number)
            over = landed_rows.interval(6 * 41 * days + number)
            row = landed_rows.row("tweet_metrics", 1, over, "") | {"observed_at": moment}
            landed_rows.land(house.lake, "tweet_metrics", over, rows=[row | {"status": "visible"}])

    (loaded,) = house.load("tweet_metrics")

    assert (loaded.objects, loaded.new, loaded.failed) == (12, 12, {})


def test_a_day_that_no_partition_is_made_for_stops_its_object_only(house):
    house.land("tweet_metrics", 1, {"n": 1})
    late = datetime(2050, 1, 1, 9, tzinfo=UTC)
    key = house.land(
        "tweet_metrics", 6 * (late - landed_rows.DAY).days, {"n": 2, "observed_at": late}
    )

    (loaded,) = house.load("tweet_metrics")

    assert list(loaded.failed) == [key]
    assert "2049-12-31" in loaded.failed[key]
    assert loaded.new == 1


def test_what_can_not_be_loaded_is_listed_and_the_rest_is_loaded(house):
    bad = house.land("tweets", 1, {"n": 1}, {"n": 2, "text": "nul \0"}, account="bad")
    large = house.land("tweets", 1, {"n": 3, "tweet_id": "9223372036854775808"}, account="large")
    foreign = house.lake.put("curated/tweets/dt=2026-11-02/account=odd/x", b"") or None
    broken = house.land("tweets", 1, {"n": 4}, account="broken")
    house.lake.put(broken, b"PAR1 and no more")
    assert foreign is None
    for number in range(5):
        house.land("tweets", number, {"n": 10 + number})

    (loaded,) = house.load("tweets")

    assert set(loaded.failed) == {bad, large, broken}
    assert "NUL" in loaded.failed[bad]
    assert "1000000000000000002" in loaded.failed[bad]
    assert "9223372036854775807" in loaded.failed[large]
    assert broken in loaded.failed[broken]
    assert house.ask("SELECT tweet_id % 100 FROM fact_tweet ORDER BY 1") == [10, 11, 12, 13, 14]
    listed = dict(house.ask("SELECT key, error FROM load_object WHERE state = 'failed'"))
    assert listed == loaded.failed

    house.land("tweets", 1, {"n": 1}, {"n": 2}, account="bad")
    house.lake.delete(large)
    house.land("tweets", 1, {"n": 4}, account="broken")
    (again,) = house.load("tweets")

    assert (again.objects, again.gone, again.failed) == (2, 1, {})
    assert house.ask("SELECT count(*) FROM load_object WHERE state = 'failed' OR error <> ''") == [
        0
    ]
    assert house.ask("SELECT count(*) FROM fact_tweet") == [8]


def test_what_a_bad_object_brought_before_goes_as_it_may_have_been_forgotten(house):
    house.land("tweets", 2, {"n": 1, "text": "forget me", **RICH}, {"n": 2})
    house.load("tweets")
    house.land("tweets", 2, {"n": 2}, {"n": 3, "text": "\0"})

    for _ in range(2):
        (failed,) = house.load("tweets")
        assert len(failed.failed) == 1
        for table in (
            "fact_tweet",
            "dim_user",
            "dim_hashtag",
            *(name for name, _ in EVERYTHING[3:7]),
        ):
            assert house.ask(f"SELECT * FROM {table}") == []
        assert house.ask("SELECT rows, state FROM load_object") == [(0, "failed")]

    house.land("tweets", 2, {"n": 2}, {"n": 3})
    house.load("tweets")
    assert house.ask("SELECT tweet_id % 10 FROM fact_tweet ORDER BY 1") == [2, 3]


def test_a_row_that_a_bad_object_held_comes_from_the_other_that_has_it(house):
    house.land("tweets", 2, {"n": 1, "like_count": 1})
    house.land("tweets", 3, {"n": 1, "like_count": 2})
    house.load("tweets")
    house.lake.put(house.land("tweets", 3, {"n": 4}), b"PAR1 and no more")

    (loaded,) = house.load("tweets")

    assert len(loaded.failed) == 1
    assert house.ask("SELECT like_count FROM fact_tweet") == [1]


def test_what_an_object_brought_before_stays_where_the_server_is_to_blame(house):
    key = house.land("tweets", 1, {"n": 1, "like_count": 1})
    house.load("tweets")
    house.ask(FULL_DISK)
    house.ask(
        "CREATE TRIGGER full_disk BEFORE UPDATE OR DELETE ON fact_tweet FOR EACH ROW"
        " EXECUTE FUNCTION full_disk()"
    )
    house.land("tweets", 1, {"n": 1, "like_count": 2})
    (failed,) = house.load("tweets")
    assert list(failed.failed) == [key]
    assert house.ask("SELECT like_count FROM fact_tweet") == [1]

    house.lake.delete(key)
    (failed,) = house.load("tweets")
    assert list(failed.failed) == [key]
    assert house.ask("SELECT key, state FROM load_object") == [(key, "failed")]

    house.ask("DROP TRIGGER full_disk ON fact_tweet")
    load(house.lake, house.connect, "tweets", days=[])
    assert house.ask("SELECT like_count FROM fact_tweet") == []


def test_a_schema_of_an_earlier_version_is_loaded_and_a_wrong_one_is_named(house):
    over = landed_rows.interval(1)
    old = landed_rows.row("tweets", 1, over, "harbour") | {"author_id": "1", "created_at": POSTED}
    old["conversation_id"] = None
    landed_rows.land(
        house.lake, "tweets", over, "harbour", [old], without=["released_by", "source"]
    )
    key = landed_rows.land(house.lake, "tweets", over, "weather", [old], without=["author_id"])

    (loaded,) = house.load("tweets")

    assert list(loaded.failed) == [key]
    assert "author_id is missing. Clear 'validate'" in loaded.failed[key]
    assert house.ask("SELECT count(*) FROM fact_tweet") == [1]


@pytest.mark.parametrize("column", ["tweet_id", "urls.list.element.url"])
def test_an_object_with_a_damaged_page_is_listed_and_the_rest_is_loaded(house, column):
    rows = [{"n": n, "urls": RICH["urls"]} for n in range(1, 9)]
    bad = house.land("tweets", 2, *rows)
    house.land("tweets", 3, {"n": 50})
    body = bytearray(house.lake.get(bad))
    group = pq.ParquetFile(io.BytesIO(body)).metadata.row_group(0)
    chunks = (group.column(place) for place in range(group.num_columns))
    chunk = next(chunk for chunk in chunks if chunk.path_in_schema == column)
    frame = body.find(b"\x28\xb5\x2f\xfd", chunk.dictionary_page_offset or chunk.data_page_offset)
    body[frame : frame + 4] = bytes(4)  # zstd knows its frames by these
    house.lake.put(bad, bytes(body))

    (loaded,) = house.load("tweets")

    assert loaded.new == 1
    assert list(loaded.failed) == [bad]
    assert f"{bad} is no Parquet file that can be read" in loaded.failed[bad]


def test_a_column_of_a_wrong_type_is_named_with_the_remedy(house):
    bad = house.land("tweets", 2, {"n": 1})
    house.land("tweets", 3, {"n": 2})
    table = pq.read_table(io.BytesIO(house.lake.get(bad)))
    place = table.schema.get_field_index("tweet_id")
    body = io.BytesIO()
    pq.write_table(table.set_column(place, "tweet_id", pa.array([1])), body)
    house.lake.put(bad, body.getvalue())

    (loaded,) = house.load("tweets")

    assert loaded.new == 1
    assert "tweet_id is of type int64, not string. Clear 'validate'" in loaded.failed[bad]


def test_a_full_disk_stops_what_does_not_fit(house):
    large = house.land("tweets", 1, {"n": 1, **RICH}, account="large")
    for number in range(3):
        house.land("tweets", number, {"n": 10 + number})
    house.ask(FULL_DISK)
    house.ask(
        "CREATE TRIGGER full_disk BEFORE INSERT ON fact_tweet FOR EACH ROW"
        " WHEN (NEW.account = 'large') EXECUTE FUNCTION full_disk()"
    )
    house.ask("ALTER TABLE fact_tweet ENABLE ALWAYS TRIGGER full_disk")

    (loaded,) = house.load("tweets")

    assert list(loaded.failed) == [large]
    assert "No space left on device" in loaded.failed[large]
    assert len(loaded.failed[large]) < 500
    assert house.ask("SELECT tweet_id % 100 FROM fact_tweet ORDER BY 1") == [10, 11, 12]
    assert house.ask("SELECT count(*) FROM bridge_tweet_mention") == [0]


def test_a_key_that_leads_nowhere_is_refused(house):
    orphan = house.land("tweets", 1, {"n": 1, **RICH})
    house.land("tweets", 2, {"n": 2, "created_at": POSTED + timedelta(days=1)})
    house.ask(f"DELETE FROM dim_date WHERE date_key = '{POSTED.date()}'")

    (loaded,) = house.load("tweets")

    assert list(loaded.failed) == [orphan]
    assert "created_on" in loaded.failed[orphan]
    assert house.ask("SELECT tweet_id % 10 FROM fact_tweet") == [2]
    assert house.ask("SELECT count(*) FROM bridge_tweet_mention") == [0]


@pytest.mark.parametrize("statement", [1, 6, 9, 12, 15, 18, 21, 24])
def test_a_lost_connection_costs_nothing(house, statement):
    """The server ends the worker's session before its n-th statement."""
    house.land("tweets", 1, {"n": 1, **RICH})
    house.land("tweets", 2, {"n": 2, **RICH})
    sessions = []

    def connect():
        connection = Ending(house.connect(), house, statement if len(sessions) == 1 else 0)
        sessions.append(connection)
        return connection

    loaded = load(house.lake, connect, "tweets")

    assert len(sessions) == 3
    assert (loaded.objects, loaded.failed) == (2, {})
    assert house.ask("SELECT count(*) FROM fact_tweet") == [2]
    assert house.ask("SELECT count(*) FROM bridge_tweet_mention") == [4]


@pytest.mark.parametrize("statement", [2, 3, 4])
def test_a_lost_lock_is_taken_again(house, statement):
    """The server ends the session that holds it, before its n-th statement."""
    house.land("tweet_metrics", 1, {"n": 1})
    sessions = []

    def connect():
        connection = Ending(house.connect(), house, 0 if sessions else statement)
        sessions.append(connection)
        return connection

    loaded = load(house.lake, connect, "tweet_metrics")

    assert sessions[0].has_ended
    assert (loaded.new, loaded.failed) == (1, {})


def test_a_warehouse_that_is_lost_for_good_is_named(house):
    house.land("tweets", 1, {"n": 1})

    with pytest.raises(WarehouseUnavailable, match="terminating connection"):
        load(house.lake, lambda: Ending(house.connect(), house, 2), "tweets")


class Ending:
    """A session that the server ends before a statement; 0 lets it live."""

    def __init__(self, connection, house, statement):
        self._connection = connection
        self._house = house
        self._left = statement

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()

    def cursor(self):
        return EndingCursor(self._connection.cursor(), self)

    @property
    def has_ended(self):
        return self._left <= 0

    def count(self):
        self._left -= 1
        if self._left == 0:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                ((number,),) = cursor.fetchall()
            self._house.ask(f"SELECT pg_terminate_backend({number}, 5000)")


class EndingCursor:
    def __init__(self, cursor, session):
        self._cursor = cursor
        self._session = session

    def __getattr__(self, name):
        return getattr(self._cursor, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._cursor.close()

    def execute(self, *arguments):
        self._session.count()
        return self._cursor.execute(*arguments)

    def adbc_ingest(self, *arguments, **options):
        self._session.count()
        return self._cursor.adbc_ingest(*arguments, **options)


class Changing(Lake):
    """A lake in which somebody replaces an object between its listing and its reading."""

    def __init__(self, lake, key, body):
        super().__init__(lake.client, lake.bucket)
        self._waiting = {key: body}

    def get_listed(self, key, etag, **options):
        if key in self._waiting:
            self.put(key, self._waiting.pop(key))
        return super().get_listed(key, etag, **options)


def test_an_object_that_is_replaced_meanwhile_is_loaded_as_it_is_then(house):
    house.land("tweets", 1, {"n": 2})
    key = house.land("tweets", 1, {"n": 1, "like_count": 7}, account="weather")
    then = house.lake.get(key)
    house.land("tweets", 1, {"n": 1, "like_count": 1}, account="weather")

    loaded = load(Changing(house.lake, key, then), house.connect, "tweets")

    assert loaded.failed == {}
    assert house.ask("SELECT like_count FROM fact_tweet WHERE account = 'weather'") == [7]


def test_a_lake_that_does_not_answer_is_no_object_s_fault(house):
    house.land("tweets", 1, {"n": 1})

    class Refusing(Lake):
        def get_listed(self, key, *_, **__):
            raise LakeUnavailable(self.bucket, key, TimeoutError("no answer"))

    with pytest.raises(LakeUnavailable, match="no answer"):
        load(Refusing(house.lake.client, house.lake.bucket), house.connect, "tweets")

    assert house.ask("SELECT key FROM load_object") == []
    (loaded,) = house.load("tweets")
    assert loaded.new == 1


@pytest.mark.parametrize("foreign", ["dt=2026-11-02/posts.parquet", "dt=today/posts.parquet"])
def test_what_no_run_landed_is_named_and_nothing_is_taken_for_gone(house, foreign):
    house.land("tweets", 1, {"n": 1})
    house.load("tweets")
    key = f"curated/tweets/{foreign}"
    house.lake.put(key, b"")

    with pytest.raises(
        ForeignObject, match=r"tweets/dt=(2026-11-02/posts.parquet|today/) is not of .*Move"
    ):
        house.load("tweets")

    assert house.ask("SELECT count(*) FROM fact_tweet") == [1]


def test_two_loads_at_once_wait_for_each_other(house):
    fill(house)
    with ThreadPoolExecutor(2) as pool:
        loads = list(pool.map(lambda _: house.load("users", "tweets", "tweet_metrics"), range(2)))

    assert sum(done.objects for load in loads for done in load) == len(objects())
    assert [done.failed for load in loads for done in load] == [{}] * 6
