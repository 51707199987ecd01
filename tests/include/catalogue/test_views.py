"""What a reader of the catalogue finds."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime

import duckdb
import pytest

from include.catalogue import command
from include.catalogue.reader import files
from include.catalogue.statements import create_views
from include.catalogue.views import ask, connect
from include.compaction.compact import compact, purge
from include.datasets import dataset_named, dataset_names
from include.errors import BadConfiguration, EntryUnreadable, ForeignObject, LakeChanged
from tests.include.landed_rows import NESTED, interval, land, row

NOW = datetime(2026, 11, 5, 2, 30, tzinfo=UTC)
SLOTS = (0, 6, 12)
"""Slots on three days, from 2026-11-02 on."""


def tweets(lake, slot, account, *numbers, **fields):
    over = interval(slot)
    rows = [row("tweets", number, over, account, **fields) for number in numbers]
    return land(lake, "tweets", over, account, rows)


@pytest.fixture
def three_days(lake):
    """Two of the days are compacted."""
    for slot in SLOTS:
        tweets(lake, slot, "nasa", slot, slot + 1, **NESTED)
        tweets(lake, slot, "esa", slot + 2)
    profile = row("users", 7, interval(0), "all-accounts", observed_at=interval(0).end)
    land(lake, "users", interval(0), rows=[profile])
    for day in (2, 3):
        compact(lake, "tweets", date(2026, 11, day), NOW)
    return lake


def fetched(lake, sql, **options):
    return ask(lake, lambda connection: connection.sql(sql).fetchall(), **options)


def test_compacted_days_and_others_are_one_table(three_days):
    counted = "SELECT dt, account, count(*) FROM tweets GROUP BY ALL ORDER BY ALL"
    assert fetched(three_days, counted) == [
        (date(2026, 11, day), account, count)
        for day in (2, 3, 4)
        for account, count in (("esa", 1), ("nasa", 2))
    ]
    assert fetched(three_days, "SELECT account, user_id FROM users") == [(None, "7")]
    assert fetched(three_days, "SELECT count(*) FROM tweet_metrics") == [(0,)]
    named = "SELECT DISTINCT unnest(mentions).username FROM tweets ORDER BY 1"
    assert fetched(three_days, named) == [("nasa",), ("x",)]


def test_a_table_has_every_column_of_its_dataset(three_days):
    for name in dataset_names():
        columns = fetched(three_days, f"DESCRIBE {name}")
        assert [column[0] for column in columns] == [
            "account",
            "accounts",
            *dataset_named(name).curated_schema.names,
            "dt",
        ]


def test_only_the_days_that_are_wanted_are_looked_at(three_days):
    since, until = date(2026, 11, 3), date(2026, 11, 4)
    assert [(day.day, len(day.files)) for day in files(three_days, "tweets", since, until)] == [
        (since, 1)
    ]
    sql = "SELECT DISTINCT dt FROM tweets"
    assert fetched(three_days, sql, since=since, until=until) == [(since,)]


def test_of_a_compacted_day_no_small_object_is_read(three_days, s3):
    sizes = []

    def listen(parsed, **_):
        sizes.append(parsed["ContentLength"])

    s3.meta.events.register("after-call.s3.GetObject", listen)
    compacted = date(2026, 11, 4)
    assert fetched(three_days, "SELECT count(text) FROM tweets", until=compacted) == [(6,)]
    s3.meta.events.unregister("after-call.s3.GetObject", listen)
    entries = [len(three_days.get(key)) for key in three_days.keys("catalogue/tweets/")]
    (profile,) = three_days.entries("curated/users/")
    assert sorted(sizes) == sorted([*entries, profile.size])


def test_a_lake_that_changes_under_a_query_is_asked_again(three_days):
    changes = iter(range(3))

    def question(connection):
        if next(changes, None) is not None:
            tweets(three_days, 0, "esa", 2, text="changed")
            purge(three_days, "tweets", date(2026, 11, 2))
        return connection.sql("SELECT text FROM tweets WHERE account = 'esa'").fetchall()

    assert ("changed",) in ask(three_days, question)


def test_small_objects_are_read_as_they_were_listed(three_days):
    found = {"tweets": files(three_days, "tweets")}
    tweets(three_days, 12, "esa", 14, text="changed")
    with pytest.raises(LakeChanged, match="account=esa"), connect(three_days, found):
        pass


def test_an_error_that_is_no_change_is_not_asked_again(three_days):
    asked = []

    def question(connection):
        asked.append(connection)
        connection.sql("SELECT nothing FROM tweets")

    with pytest.raises(duckdb.BinderException):
        ask(three_days, question)
    assert len(asked) == 1


def test_the_statements_make_the_same_tables_elsewhere(three_days, tmp_path):
    for key in three_days.keys(""):
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(three_days.get(key))
    statements = create_views(three_days).replace(f"s3://{three_days.bucket}", str(tmp_path))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(statements)
        for name in ("tweets", "users"):
            columns = [column[0] for column in fetched(three_days, f"DESCRIBE {name}")]
            sql = f"SELECT {', '.join(columns)} FROM {name} ORDER BY ALL"  # noqa: S608 - columns
            assert connection.sql(sql).fetchall() == fetched(three_days, sql)
    shutil.rmtree(tmp_path)


def test_an_answer_is_a_table(three_days):
    drawn = command.table(three_days, "SELECT account, count(*) AS posts FROM tweets GROUP BY 1")
    assert "nasa" in drawn
    assert "posts" in drawn


@pytest.mark.parametrize(
    "query",
    [
        "FROM Tweets SELECT account, count(*) GROUP BY ALL",
        "PIVOT tweets ON account USING count(*)",
        "WITH mine AS (FROM TWEETS) SELECT account FROM mine",
    ],
)
def test_a_table_is_found_however_it_is_asked_for(three_days, query):
    assert "nasa" in command.table(three_days, query)


def test_an_entry_that_is_damaged_gets_a_sentence(three_days):
    three_days.put("catalogue/tweets/dt=2026-11-02.json", b'{"dataset": "tweets"}')
    remedy = r"s3://lake-\d+/catalogue/tweets/dt=2026-11-02.json is no entry.*Delete it"
    with pytest.raises(EntryUnreadable, match=remedy):
        command.table(three_days, "SELECT count(*) FROM tweets")


def test_an_object_that_is_damaged_is_named(three_days):
    key = next(three_days.keys("curated/tweets/dt=2026-11-04/"))
    three_days.put(key, b"no Parquet")
    with pytest.raises(BadConfiguration, match=key):
        command.table(three_days, "SELECT text FROM tweets")


def test_what_no_run_landed_is_not_taken_for_the_lake_s(three_days):
    three_days.put("curated/tweets/dt=2026-11-04/tweets_latest.parquet", b"")
    with pytest.raises(ForeignObject, match=r"dt=2026-11-04/tweets_latest.parquet is not of this"):
        command.table(three_days, "SELECT text FROM tweets")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("how many posts are there", "can't be answered: Parser Error"),
        ("SELECT * FROM toots", "toots does not exist"),
        ("SELECT toots FROM tweets", 'column "toots" not found'),
        ("", "is not one statement"),
        ("SELECT 1; SELECT 2", "is not one statement"),
    ],
)
def test_what_is_no_query_gets_a_sentence(lake, query, sentence):
    with pytest.raises(BadConfiguration, match="(?i)" + sentence):
        command.table(lake, query)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--since", "yesterday", "SELECT 1"], "'yesterday' is no date; write 2026-11-01"),
        (["--since", "2026-11-02", "--until", "2026-11-02", "SELECT 1"], "is not after"),
        ([], "give either a query or --views"),
        (["--views", "SELECT 1"], "give either a query or --views"),
    ],
)
def test_wrong_arguments_get_a_sentence(capsys, arguments, sentence):
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_the_command_asks_the_lake_of_the_environment(world, monkeypatch, capsys):
    settings = f'{{"bucket": "{world.bucket}", "alert_to": ["a@b"], "data_docs_url": "http://d"}}'
    for name, value in {**world.environment(), "AIRFLOW_VAR_TWEET_LAKE": settings}.items():
        monkeypatch.setenv(name, value)
    assert command.main(["SELECT count(*) AS posts FROM tweets"]) == 0
    assert "posts" in capsys.readouterr().out
    assert command.main(["--views"]) == 0
    assert capsys.readouterr().out == "\n"
    monkeypatch.setenv("AIRFLOW_VAR_TWEET_LAKE", settings.replace(world.bucket, "no-such-bucket"))
    assert command.main(["SELECT 1"]) == 2
    assert "no-such-bucket" in capsys.readouterr().err
