"""Every format, read back by another program's library, holds the rows of the warehouse."""

from __future__ import annotations

import csv
import json
import re
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pyarrow.parquet as pq
import pytest

from include.errors import BadConfiguration
from include.exports.destination import parse_destination
from include.exports.export import export
from include.exports.reading import open_reading
from include.exports.relations import RELATIONS
from tests.include.exports.conftest import FIRST, TEXTS, Warehouse

COLUMNS = ("tweet_id", "text", "note_text", "created_at", "created_on", "is_reply",
           "engagement_rate", "link_domains", "like_count", "conversation_id")  # fmt: skip
AT = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.fixture
def exported(order, tmp_path):
    """Export nasa's posts to a file."""

    def exported(format_name, columns=COLUMNS, account="nasa", relation="fact_tweet", **asked):
        wanted = order(relation, format_name, columns=columns, account=account, **asked)
        destination = parse_destination(str(tmp_path), wanted, no_bucket)
        exported.manifest = export(wanted, destination, at=AT)
        return Path(destination.place)

    return exported


def no_bucket(name):
    raise AssertionError(name)


def expected(warehouse: Warehouse):
    columns = ", ".join(COLUMNS)
    return warehouse.ask(
        f"SELECT {columns} FROM fact_tweet WHERE author_id = 7 ORDER BY tweet_id"  # noqa: S608 - ours
    )


def iso(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_csv(filled, exported):
    path = exported("csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, values in zip(rows, expected(filled), strict=True):
        there = dict(zip(COLUMNS, values, strict=True))
        assert row["tweet_id"] == str(there["tweet_id"])
        assert row["text"].removeprefix("'") == there["text"]
        assert row["created_at"] == iso(there["created_at"])
        assert row["is_reply"] == "false"
        assert row["engagement_rate"] == "0.25"
        assert json.loads(row["link_domains"]) == there["link_domains"]
    assert [row["text"][:1] for row in rows[1:10]] == ["'"] * 9
    assert rows[2]["text"] == "''tis quoted"


def test_csv_tells_null_from_an_empty_text(filled, exported):
    path = exported("csv", columns=("note_text", "lang", "text"))
    assert path.read_bytes().splitlines()[1:3] == [b",,plain", b'"",,\'=1+1']
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")
    assert len(frame) == len(TEXTS)


def test_parquet(filled, exported):
    table = pq.read_table(exported("parquet")).sort_by("tweet_id")
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert rows == expected(filled)
    assert str(table.schema.field("tweet_id").type) == "int64"
    assert table.schema.field("text").metadata[b"description"].startswith(b"Text as X delivers")


def test_ndjson(filled, exported):
    lines = exported("ndjson").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    rows = sorted((json.loads(line) for line in lines), key=lambda row: int(row["tweet_id"]))
    assert rows == [
        dict(zip(COLUMNS, values, strict=True))
        | {
            "tweet_id": str(values[0]),
            "created_at": iso(values[3]),
            "created_on": values[4].isoformat(),
            "conversation_id": str(FIRST),
        }
        for values in expected(filled)
    ]


def test_excel(filled, exported):
    sheet = ET.fromstring(  # noqa: S314 - we wrote it
        zipfile.ZipFile(exported("xlsx")).read("xl/worksheets/sheet1.xml")
    )
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    assert sheet.findall(".//x:f", space) == []
    assert sheet.findall(".//x:hyperlink", space) == []
    head, *rows = [
        {
            re.sub(r"\d", "", cell.get("r", "")): (cell.get("t"), "".join(cell.itertext()))
            for cell in row
        }
        for row in sheet.findall(".//x:row", space)
    ]
    assert [words for _, words in head.values()] == [*COLUMNS]
    rows.sort(key=lambda row: row["A"])
    for cells, values in zip(rows, expected(filled), strict=True):
        tweet_id, words, note, created_at, *_ = values
        assert cells["A"] == ("inlineStr", str(tweet_id))
        assert cells["B"][0] == "inlineStr"
        assert unescaped(cells["B"][1]) == words
        assert cells.get("C") == (None if note is None else ("inlineStr", note))
        days = timedelta(days=float(cells["D"][1]))
        assert abs(datetime(1899, 12, 30, tzinfo=UTC) + days - created_at) < timedelta(
            milliseconds=1
        )
        assert cells["F"] == ("b", "0")
        assert cells["H"][1] == '["example.org","od\\"d\\\\"]'
        assert "I" not in cells


def unescaped(words):
    """As Excel reads _x000D_."""
    return re.sub(r"_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), words)


def test_tableau(filled, exported, tmp_path):
    hyper = pytest.importorskip("tableauhyperapi")
    path = exported("hyper")
    with (
        hyper.HyperProcess(
            hyper.Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU,
            parameters={"log_dir": str(tmp_path)},
        ) as engine,
        hyper.Connection(engine.endpoint, path) as connection,
    ):
        rows = connection.execute_list_query(
            f"SELECT {', '.join(COLUMNS)} "  # noqa: S608 - ours
            'FROM "Extract"."Extract" ORDER BY tweet_id'
        )
    for row, values in zip(rows, expected(filled), strict=True):
        tweet_id, words, note, created_at, created_on, *_ = row
        assert (tweet_id, words, note) == (str(values[0]), *values[1:3])
        assert created_at.to_datetime().replace(tzinfo=UTC) == values[3]
        assert created_on.to_date() == values[4]
        assert row[5:9] == [False, 0.25, '["example.org","od\\"d\\\\"]', None]
    assert not Path("hyperd.log").exists()


@pytest.mark.parametrize("format_name", ["csv", "parquet", "ndjson", "xlsx", "hyper"])
def test_the_manifest_tells_what_the_file_is(filled, exported, format_name):
    if format_name == "hyper":
        pytest.importorskip("tableauhyperapi")
    path = exported(
        format_name, columns=("tweet_id", "text"), since="2026-11-02", until="2026-11-02"
    )
    manifest = json.loads(path.with_name(f"{path.name}.manifest.json").read_text(encoding="utf-8"))
    assert manifest["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert manifest["bytes"] == path.stat().st_size
    assert manifest["rows"] == 12  # from noon on, one an hour
    assert [c["name"] for c in manifest["columns"]] == ["tweet_id", "text"]
    assert manifest["columns"][0]["type"] == "bigint"
    assert manifest["columns"][0]["comment"] == "X's id of the post. An edit is a new id."
    assert manifest["filters"] == {
        "account": "nasa", "user_id": "7", "since": "2026-11-02", "until": "2026-11-02",
    }  # fmt: skip
    assert manifest["schema_version"] == filled.ask("SELECT version_num FROM alembic_version")[0][0]
    assert manifest["exported_at"] == "2026-11-03T00:00:00Z"
    assert "ids of posts and of accounts alone" in manifest["terms"]


ROWS = {
    "csv": lambda path: len([*csv.reader(path.open(encoding="utf-8", newline=""))]) - 1,
    "parquet": lambda path: pq.read_metadata(path).num_rows,
    "ndjson": lambda path: path.read_bytes().count(b"\n"),
    "xlsx": lambda path: zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").count(b"<row ") - 1,
}


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("format_name", ROWS)
def test_every_table_and_view_can_be_written(filled, exported, format_name, relation):
    """All types that the schema has, an infinite time among them."""
    days = {"since": "2026-11-02", "until": "2026-11-02"} if relation == "dim_date" else {}
    path = exported(format_name, (), None, relation, **days)
    rows = 1 if days else filled.ask(f"SELECT count(*) FROM {relation}")[0][0]  # noqa: S608 - ours
    assert ROWS[format_name](path) == rows > 0


def test_tableau_takes_digests_lists_and_infinite_times(filled, exported):
    pytest.importorskip("tableauhyperapi")
    assert exported("hyper", (), None, "dim_user").stat().st_size
    assert exported.manifest.rows == filled.ask("SELECT count(*) FROM dim_user")[0][0]


def test_a_text_that_excel_can_not_hold_is_named_and_nothing_is_left(own, exported, tmp_path):
    own.post(50, (7, 2), "🌧" * 16_383 + "x")
    exported("xlsx").unlink()
    (tmp_path / "fact_tweet-nasa.xlsx.manifest.json").unlink()
    own.post(51, (7, 2), "🌧" * 17_000)
    with pytest.raises(
        BadConfiguration, match=r"row 21 has 17,000 characters in the column 'text'"
    ):
        exported("xlsx")
    assert list(tmp_path.iterdir()) == []


def test_rows_that_a_sheet_can_not_hold_are_refused_before_anything_is_written(
    own, exported, order, tmp_path
):
    own.ask("CREATE TABLE one AS SELECT * FROM engagement_daily LIMIT 1")
    every = (
        "CREATE OR REPLACE VIEW engagement_daily AS "
        "SELECT one.* FROM one, generate_series(1, 1048575 + {}) n"
    )
    own.ask(every.format(1))
    with pytest.raises(BadConfiguration, match=r"more rows than the 1,048,575 that \.xlsx holds"):
        exported("xlsx", (), None, "engagement_daily")
    assert list(tmp_path.iterdir()) == []
    own.ask(every.format(0))
    with open_reading(order("engagement_daily", "xlsx")) as reading:
        assert reading.estimate == 1_048_575


def test_without_tableau_s_library_the_remedy_is_told(order, monkeypatch):
    monkeypatch.setitem(sys.modules, "tableauhyperapi", None)
    with pytest.raises(
        BadConfiguration, match=r"\.hyper needs tableauhyperapi .*uv sync --group tableau"
    ):
        order("posts", "hyper")
    order("posts", "xlsx")
