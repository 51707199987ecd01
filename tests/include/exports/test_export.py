"""Which rows an export has, what is said of a wrong one, and what a broken one leaves: nothing."""

from __future__ import annotations

import csv
import io
import json
import signal
from datetime import UTC, datetime, timedelta

import pytest

from include.errors import BadConfiguration, LakeUnavailable, WarehouseUnavailable
from include.exports.destination import parse_destination
from include.exports.export import export
from include.exports.outgoing import PART_BYTES
from include.exports.reading import open_reading
from include.lake import Lake
from tests.include.exports.conftest import FIRST, NOON, TEXTS

AT = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.fixture
def rows(order, tmp_path, lake):
    """The rows of an export, as CSV has them."""

    def rows(relation, **asked):
        wanted = order(relation, **asked)
        destination = parse_destination(str(tmp_path / "out.csv"), wanted, lambda *_: lake)
        export(wanted, destination, at=AT)
        return list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text("utf-8"))))

    return rows


def ids(found):
    return {int(row["tweet_id"]) - FIRST for row in found}


NASA, ESA = set(range(len(TEXTS))), {99}


@pytest.mark.parametrize(
    ("relation", "asked", "wanted"),
    [
        ("posts", {}, NASA | ESA),
        ("posts", {"account": "@nAsA"}, NASA),
        ("fact_tweet", {"account": "old_nasa"}, NASA),  # the same account under its old handle
        ("fact_tweet", {"account": "esa"}, ESA),  # though a search brought it
        ("fact_tweet", {"account": "moon_search"}, ESA),
        ("bridge_tweet_hashtag", {"account": "NASA"}, {0}),
        ("bridge_tweet_hashtag", {"account": "moon_search"}, ESA),
        ("bridge_tweet_hashtag", {"since": "2026-11-03"}, ESA),
        ("posts", {"since": "2026-11-03", "until": "2026-11-03"}, NASA - set(range(12))),
        ("posts", {"until": "2026-11-02"}, set(range(12))),
    ],
)
def test_an_account_and_days_narrow_the_rows(filled, rows, relation, asked, wanted):
    assert ids(rows(relation, **asked)) == wanted


def test_of_two_accounts_with_a_handle_today_s_is_meant(own, rows):
    own.user(8, "esa", until="2026-01-01 00:00+00")
    (row,) = rows("dim_user", account="esa")
    assert row["user_id"] == str(2**62 + 1)
    assert (row["valid_from"], row["valid_to"]) == ("", "")


@pytest.mark.parametrize("newer", [8, 9])
def test_of_two_accounts_whose_handle_nobody_saw_change_the_one_seen_last_is_meant(
    own, rows, newer
):
    """Who gave a handle away keeps it in the warehouse until X is asked for it again."""
    seen = {number: NOON + timedelta(days=number == newer) for number in (8, 9)}
    for number, at in seen.items():
        own.ask(
            "INSERT INTO fact_user_metrics (user_id, user_key, observed_at, observed_on, object_id)"
            " SELECT :user, :key, :at, :at, 1",
            user=number, key=own.user(number, "handed"), at=at,
        )  # fmt: skip
    (row,) = rows("dim_user", account="handed")
    assert row["user_id"] == str(newer)


def test_columns_come_in_the_order_they_are_named(filled, rows):
    found = rows("posts", account="esa", columns=("text", "tweet_id"))
    assert [*found[0].items()] == [("text", "moon"), ("tweet_id", str(FIRST + 99))]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"relation": "fact_tweets"}, "no table or view 'fact_tweets'; did you mean fact_tweet?"),
        ({"relation": "pg_authid"}, "no table or view 'pg_authid'"),
        ({"relation": "fact_tweet; DROP TABLE x"}, "no table or view"),
        ({"columns": ("texts",)}, "no column of fact_tweet 'texts'; did you mean text?"),
        ({"columns": ("text", "text")}, "column 'text' is asked for twice"),
        ({"format_name": "xls"}, "no format 'xls'; did you mean xlsx?"),
        ({"since": "2026-13-01"}, "'2026-13-01' is no date; write 2026-11-01"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "is after until 2026-11-01"),
        ({"relation": "dim_hashtag", "account": "nasa"}, "tells nothing of accounts"),
        ({"relation": "dim_user", "since": "2026-11-02"}, "dim_user has no day"),
        ({"account": ""}, "the account is empty; name one, or leave it out for all"),
        ({"account": " @ "}, "the account is empty"),
        ({"account": "na\0sa"}, "no account can be called 'na.x00sa'"),
        ({"account": "na\udcffsa"}, "no account can be called 'na.udcffsa'"),
    ],
)
def test_what_can_not_be_is_named_before_anybody_is_asked(order, asked, said):
    with pytest.raises(BadConfiguration, match=said.replace("?", r"\?")):
        order(**asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"account": "nasaa"}, "knows no account 'nasaa'"),
        ({"account": "NASAA"}, r"knows no account 'NASAA'; did you mean NASA\?"),
        ({"account": "' OR true --"}, "knows no account"),
        ({"relation": "dim_user", "account": "moon_search"}, "knows no account 'moon_search'"),
        ({"account": "esa", "until": "2020-01-01"}, "no rows: fact_tweet of esa until 2020-01-01"),
    ],
)
def test_what_the_warehouse_has_not_is_said_before_anything_is_written(
    filled, order, tmp_path, asked, said
):
    wanted = order(**asked)
    destination = parse_destination(str(tmp_path), wanted, Lake)
    with pytest.raises(BadConfiguration, match=said):
        export(wanted, destination, at=AT)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_can_not_be_written_is_named(order, tmp_path, lake, s3):
    (tmp_path / "file").touch()
    for to, said in (
        (f"{tmp_path}/file/below", r"below.*can't be written: Not a directory"),
        (f"{tmp_path}/out.xlsx", "ends with .xlsx, but the format is csv"),
        ("gs://bucket/x", "gs://bucket/x is no place; write a path, or s3://"),
        ("s3://Bad_Bucket", "is no place"),
        ("", "'' is no place"),
        (" ", "' ' is no place"),
        ("a\0b", "'a.x00b' is no place"),
        (f"{tmp_path}/out.XLSX", "ends with .XLSX, but the format is csv"),
    ):
        with pytest.raises(BadConfiguration, match=said):
            parse_destination(to, order(), lambda *_: lake)
    with pytest.raises(LakeUnavailable, match=r"s3://nobody-s/: .*NoSuchBucket.*bucket exists"):
        parse_destination("s3://nobody-s/x", order(), lambda name, _: Lake(s3, name))


@pytest.mark.parametrize(
    ("to", "file"), [("out.CSV", "out.CSV"), ("out.csv/", "out.csv/fact_tweet.csv")]
)
def test_an_ending_makes_a_file_in_any_case_and_a_slash_a_folder(order, tmp_path, to, file):
    assert parse_destination(f"{tmp_path}/{to}", order(), Lake).place == f"{tmp_path}/{file}"


def test_a_role_that_may_not_read_is_told_so(own, order, tmp_path, monkeypatch, warehouse):
    own.ask("DROP ROLE IF EXISTS export_nobody")
    own.ask("CREATE ROLE export_nobody LOGIN PASSWORD 'x'")
    own.ask("GRANT SELECT ON alembic_version TO export_nobody")
    url = warehouse.set(drivername="postgres", username="export_nobody", password="x")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", url.render_as_string(hide_password=False))
    wanted = order()
    with pytest.raises(BadConfiguration, match=r"permission denied for .*Grant the role SELECT"):
        export(wanted, parse_destination(str(tmp_path), wanted, Lake), at=AT)
    own.ask("DROP OWNED BY export_nobody")
    own.ask("DROP ROLE export_nobody")


def test_a_bucket_gets_the_same_bytes_in_parts(empty, order, tmp_path, lake):
    empty.many(12_000, (7, empty.user(7, "nasa")))
    wanted = order("fact_tweet")
    made = {}
    for to in (str(tmp_path), f"s3://{lake.bucket}/ex/ports/"):
        destination = parse_destination(to, wanted, lambda *_: lake)
        made[destination.place] = export(wanted, destination, at=AT)
    here, there = made.values()
    assert here == there
    assert here.bytes > PART_BYTES
    assert lake.get("ex/ports/fact_tweet.csv") == (tmp_path / "fact_tweet.csv").read_bytes()
    manifest = json.loads(lake.get("ex/ports/fact_tweet.csv.manifest.json"))
    assert (manifest["file"], manifest["rows"]) == ("fact_tweet.csv", 12_000)


@pytest.mark.parametrize("format_name", ["csv", "ndjson", "parquet"])
def test_a_connection_lost_in_the_middle_leaves_nothing(empty, order, tmp_path, lake, format_name):
    empty.many(20_000, (7, empty.user(7, "nasa")))
    wanted = order("fact_tweet", format_name)
    for to in (tmp_path, f"s3://{lake.bucket}/exports"):
        destination = parse_destination(str(to), wanted, lambda *_: lake)
        written = 0

        def cut(rows):
            nonlocal written
            written += rows
            empty.ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid != pg_backend_pid()"
            )

        with (
            pytest.raises(WarehouseUnavailable, match="Airflow connection 'warehouse'"),
            open_reading(wanted) as reading,
            destination.open(wanted.format.content_type) as out,
        ):
            wanted.format.write(reading, out, cut)
        assert 0 < written < 20_000
    assert list(tmp_path.iterdir()) == []
    assert list(lake.keys("")) == []
    assert "Uploads" not in lake.client.list_multipart_uploads(Bucket=lake.bucket)


@pytest.fixture
def somebody():
    """Who presses Ctrl-C: what a shell starts in the background is deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_broken_export_leaves_the_earlier_one(filled, order, tmp_path, somebody):
    wanted = order("fact_tweet")
    destination = parse_destination(str(tmp_path), wanted, Lake)
    export(wanted, destination, at=AT)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(KeyboardInterrupt), destination.open("text/csv") as out:
        interrupted(out)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def interrupted(out):
    out.write(b"half of it")
    signal.raise_signal(signal.SIGINT)


def test_rows_that_are_loaded_meanwhile_do_not_show(own, order, tmp_path):
    wanted = order("fact_tweet", "parquet")
    destination = parse_destination(str(tmp_path), wanted, Lake)
    told = []
    with (
        open_reading(wanted) as reading,
        destination.open(wanted.format.content_type) as out,
    ):
        own.post(60, (7, 2), "later", created_at=NOON + timedelta(days=1))
        wanted.format.write(reading, out, told.append)
    assert sum(told) == len(TEXTS) + 1
