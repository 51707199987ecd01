from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.datasets import dataset_named
from include.interval import Interval
from include.lake import Lake
from include.landing import REASONS, CsvWriter, Landing, ParquetWriter, quarantine_schema
from include.quarantine.decision import Decision, Decisions, grounds

TWEETS = dataset_named("tweets")

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def written_csv(folder: Path, table: pa.Table) -> bytes:
    writer = CsvWriter(folder / "rows.csv", table.schema)
    writer.write(table)
    writer.close()
    return (folder / "rows.csv").read_bytes()


def cells(folder: Path, values: list[Any], kind: pa.DataType) -> list[str]:
    """The column as a CSV reader sees it."""
    body = written_csv(folder, pa.table({"c": pa.array(values, kind), "last": [0] * len(values)}))
    return [row["c"] for row in csv.DictReader(io.StringIO(body.decode(), newline=""))]


def test_a_csv_file_byte_by_byte(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array(["12", None, ""]),
            "text": pa.array(['say "hi", twice\nor\r\nmore', "\U0001f30a", None]),
            "likes": pa.array([-7, None, 3], pa.int64()),
            "at": pa.array(
                [datetime(2026, 11, 20, 1, 2, 3, 4_000, UTC), None, None],
                pa.timestamp("us", "UTC"),
            ),
            "is_reply": pa.array([True, False, None]),
            "west": pa.array([-4.5, None, 52.0]),
            "tags": pa.array([["a", 'b"'], [], None], pa.list_(pa.string())),
        }
    )
    assert written_csv(tmp_path, table).decode() == (
        "id,text,likes,at,is_reply,west,tags\r\n"
        '"12","say ""hi"", twice\nor\r\nmore",-7,2026-11-20T01:02:03.004000Z,true,-4.5,'
        '"[""a"", ""b\\""""]"\r\n'
        ',"\U0001f30a",,,false,,"[]"\r\n'
        '"",,3,,,52,\r\n'
    )


@pytest.mark.parametrize("first", DANGEROUS)
def test_a_text_that_a_spreadsheet_would_run_is_defused(tmp_path: Path, first: str) -> None:
    assert cells(tmp_path, [f"{first}1+1"], pa.string()) == [f"'{first}1+1"]


@pytest.mark.parametrize("text", ["1=1", " =1", "a@b", "x\t", "", "#tag", "(-1)"])
def test_any_other_text_is_left_alone(tmp_path: Path, text: str) -> None:
    assert cells(tmp_path, [text], pa.string()) == [text]


def test_taking_one_apostrophe_away_gives_every_text_back(tmp_path: Path) -> None:
    texts = [f"{a}{b}x" for a in ("", "'", "''", *DANGEROUS) for b in ("", "'", '"', *DANGEROUS)]
    found = cells(tmp_path, texts, pa.string())
    assert [cell.removeprefix("'") for cell in found] == texts
    assert not any(cell.startswith(DANGEROUS) for cell in found)


def test_the_documented_way_to_read_a_csv_file_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "csv.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (name,) = re.findall(r'open\("(.*?)"', code)
    texts = ["=1+1", "'quoted'", "plain\r\ntwice", ""]
    body = written_csv(tmp_path, pa.table({"text": texts}))
    (tmp_path / name).write_bytes(body)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own documentation
    assert names["texts"] == texts


def test_structs_in_lists_are_json(tmp_path: Path) -> None:
    kind = pa.list_(pa.struct([("url", pa.string()), ("width", pa.int64())]))
    (cell,) = cells(tmp_path, [[{"url": "https://t.co/é", "width": None}]], kind)
    assert cell == '[{"url": "https://t.co/é", "width": null}]'


def rows(*given: dict[str, Any]) -> pa.Table:
    """Checked rows: what is not given is null or empty."""
    fields = [f for f in quarantine_schema(TWEETS) if not f.name.startswith("discard")]
    complete = {
        "author_id": "1",
        "text": "t",
        "created_at": datetime(2026, 11, 2, 9, tzinfo=UTC),
        "is_reply": False,
        "is_retweet": False,
        "is_quote": False,
        "raw_key": "raw/k",
        "raw_position": 0,
    }
    columns = {}
    for f in fields:
        empty = [] if pa.types.is_list(f.type) else None
        values = [{**complete, **one}.get(f.name, empty) for one in given]
        columns[f.name] = pa.array(values, f.type)
    return pa.table(columns)


def objects(lake: Lake) -> dict[str, bytes]:
    return {key: lake.get(key) for key in lake.keys("")}


def land(lake: Lake, interval: Interval, folder: Path, *tables: pa.Table, **kwargs: Any) -> Landing:
    folder.mkdir()
    decisions = kwargs.get("decisions", Decisions())
    landing = Landing(folder, TWEETS, decisions, csv=kwargs.get("csv", False))
    for table in tables:
        landing.add(table, kwargs.get("batch_reasons", []))
    landing.land(lake, interval, "nasa")
    return landing


def table_of(body: bytes) -> pa.Table:
    return pq.read_table(pa.BufferReader(body))


CURATED = "curated/tweets/dt=2026-11-02/account=nasa/20261102T0800Z_20261102T1200Z.parquet"
BAD = "quarantine/tweets/dt=2026-11-02/account=nasa/20261102T0800Z_20261102T1200Z/rows.parquet"


def test_good_rows_are_curated_and_bad_ones_quarantined(
    lake: Lake, interval: Interval, tmp_path: Path
) -> None:
    bad = {"tweet_id": "2", REASONS: ["like_count_not_negative"]}
    landing = land(lake, interval, tmp_path / "f", rows({"tweet_id": "1"}, bad, {"tweet_id": "3"}))
    landed = objects(lake)
    assert landed.keys() == {CURATED, BAD}
    assert table_of(landed[CURATED])["tweet_id"].to_pylist() == ["1", "3"]
    assert table_of(landed[BAD]).select(["tweet_id", REASONS]).to_pylist() == [bad]
    assert (landing.curated, landing.quarantined) == (2, 1)
    assert landing.reasons == {"like_count_not_negative": 1}


def test_a_bad_batch_is_quarantined_whole(lake: Lake, interval: Interval, tmp_path: Path) -> None:
    table = rows({"tweet_id": "1"}, {"tweet_id": "2", REASONS: ["a"]})
    land(lake, interval, tmp_path / "f", table, batch_reasons=["all_wrong"])
    landed = objects(lake)
    assert landed.keys() == {BAD}
    assert table_of(landed[BAD])[REASONS].to_pylist() == [["all_wrong"], ["a", "all_wrong"]]


def test_each_utc_day_has_its_own_object(lake: Lake, interval: Interval, tmp_path: Path) -> None:
    last = datetime(2026, 11, 2, 23, 59, 59, 999_999, UTC)
    next_day = datetime(2026, 11, 3, tzinfo=UTC)
    land(
        lake,
        interval,
        tmp_path / "f",
        rows({"tweet_id": "3", "created_at": next_day}, {"tweet_id": "2", "created_at": last}),
        rows({"tweet_id": "1", "created_at": last}),
    )
    landed = {key: table_of(body)["tweet_id"].to_pylist() for key, body in objects(lake).items()}
    assert landed == {CURATED: ["2", "1"], CURATED.replace("dt=2026-11-02", "dt=2026-11-03"): ["3"]}


def test_a_curated_file_has_the_schema_and_its_descriptions(
    lake: Lake, interval: Interval, tmp_path: Path
) -> None:
    land(lake, interval, tmp_path / "f", rows({"tweet_id": "1"}))
    file = pq.ParquetFile(pa.BufferReader(lake.get(CURATED)))
    assert file.schema_arrow.equals(TWEETS.curated_schema, check_metadata=False)
    described = file.schema_arrow.field("like_count").metadata[b"description"]
    assert described == TWEETS.schema.field("like_count").metadata[b"description"]
    column = file.metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    assert column.statistics.min == "1"


def test_equal_rows_make_equal_bytes(lake: Lake, interval: Interval, tmp_path: Path) -> None:
    table = rows({"tweet_id": "1"}, {"tweet_id": "2", REASONS: ["a"]})
    land(lake, interval, tmp_path / "once", table, csv=True)
    once = objects(lake)
    land(lake, interval, tmp_path / "again", table, csv=True)
    assert objects(lake) == once
    assert len(once) == 3


def test_a_row_that_lacks_what_is_never_null_can_not_be_curated(tmp_path: Path) -> None:
    writer = ParquetWriter(tmp_path / "rows.parquet", TWEETS.schema)
    with pytest.raises(ValueError, match="tweet_id"):
        writer.write(rows({"tweet_id": None}))
    writer.close()


def test_partitions_are_in_the_key_only(lake: Lake, interval: Interval, tmp_path: Path) -> None:
    land(lake, interval, tmp_path / "f", rows({"tweet_id": "1"}))
    local = tmp_path / "lake" / CURATED
    local.parent.mkdir(parents=True)
    local.write_bytes(lake.get(CURATED))
    read = pq.read_table(tmp_path / "lake" / "curated" / "tweets").to_pylist()
    assert [(r["account"], str(r["dt"]), r["tweet_id"]) for r in read] == [
        ("nasa", "2026-11-02", "1")
    ]
    assert json.dumps(TWEETS.curated_schema.names).count("account") == 0


AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


def decided(verdict: str, *about: tuple[str | None, list[str]]) -> Decisions:
    decision = Decision(
        name="run-1", verdict=verdict, by="ada", at=AT, why="seen", grounds=grounds(about)
    )
    return Decisions(made=(decision,))


def test_a_released_row_lands_where_it_belongs_with_who_when_and_why(
    lake: Lake, interval: Interval, tmp_path: Path
) -> None:
    table = rows({"tweet_id": "1"}, {"tweet_id": "2", REASONS: ["a"]}, {"tweet_id": "3"})
    landing = land(
        lake, interval, tmp_path / "f", table, decisions=decided("released", ("2", ["a"])), csv=True
    )
    landed = table_of(lake.get(CURATED)).select(
        ["tweet_id", "released_by", "released_at", "release_reason"]
    )
    assert [tuple(row.values()) for row in landed.to_pylist()] == [
        ("1", None, None, None),
        ("2", "ada", AT, "seen"),
        ("3", None, None, None),
    ]
    lines = lake.get(CURATED.replace("/tweets/", "/tweets_csv/")[:-7] + "csv").decode().splitlines()
    assert [line.rpartition('"0"')[2].split(",")[-3:] for line in lines[1:]] == [
        ["", "", ""],
        ['"ada"', "2026-11-03T09:30:00.000000Z", '"seen"'],
        ["", "", ""],
    ]
    assert (landing.curated, landing.quarantined, landing.released) == (3, 0, 1)


def test_a_batch_can_be_released_row_by_row(lake: Lake, interval: Interval, tmp_path: Path) -> None:
    table = rows({"tweet_id": "1"}, {"tweet_id": "2", REASONS: ["a"]}, {"tweet_id": "3"})
    decisions = decided("released", ("1", ["all_wrong"]), ("2", ["a", "all_wrong"]))
    landing = land(
        lake, interval, tmp_path / "f", table, batch_reasons=["all_wrong"], decisions=decisions
    )
    landed = objects(lake)
    assert table_of(landed[CURATED])["tweet_id"].to_pylist() == ["1", "2"]
    assert table_of(landed[BAD])["tweet_id"].to_pylist() == ["3"]
    assert landing.reasons == {"all_wrong": 1}


def test_a_release_does_not_hold_for_a_reason_that_nobody_saw(
    lake: Lake, interval: Interval, tmp_path: Path
) -> None:
    table = rows({"tweet_id": "2", REASONS: ["a", "b"]})
    land(lake, interval, tmp_path / "f", table, decisions=decided("released", ("2", ["a"])))
    assert objects(lake).keys() == {BAD}


def test_a_release_of_what_passes_by_now_leaves_no_mark(
    lake: Lake, interval: Interval, tmp_path: Path
) -> None:
    decisions = decided("released", ("2", ["a"]))
    landing = land(lake, interval, tmp_path / "f", rows({"tweet_id": "2"}), decisions=decisions)
    assert table_of(lake.get(CURATED))["released_by"].to_pylist() == [None]
    assert landing.released == 0


def test_what_lacks_what_is_never_null_stays_where_it_is_though_it_was_released(
    lake: Lake, interval: Interval, tmp_path: Path
) -> None:
    table = rows({"tweet_id": "2", "text": None, REASONS: ["text_missing"]})
    decisions = decided("released", ("2", ["text_missing"]))
    landing = land(lake, interval, tmp_path / "f", table, decisions=decisions)
    assert objects(lake).keys() == {BAD}
    assert (landing.quarantined, landing.released) == (1, 0)


def test_a_discarded_row_is_kept_with_who_when_and_why(
    lake: Lake, interval: Interval, tmp_path: Path
) -> None:
    table = rows(
        {"tweet_id": None, REASONS: ["tweet_id_missing"]}, {"tweet_id": "3", REASONS: ["a"]}
    )
    decisions = decided("discarded", (None, ["tweet_id_missing"]))
    landing = land(lake, interval, tmp_path / "f", table, decisions=decisions)
    kept = table_of(lake.get(BAD)).select(
        ["tweet_id", "discarded_by", "discarded_at", "discard_reason"]
    )
    assert [tuple(row.values()) for row in kept.to_pylist()] == [
        (None, "ada", AT, "seen"),
        ("3", None, None, None),
    ]
    assert (landing.quarantined, landing.discarded) == (2, 1)


def test_a_discarded_row_stays_out_though_it_passes_by_now(
    lake: Lake, interval: Interval, tmp_path: Path
) -> None:
    decisions = decided("discarded", ("2", ["a"]))
    land(lake, interval, tmp_path / "f", rows({"tweet_id": "2"}), decisions=decisions)
    assert objects(lake).keys() == {BAD}
    assert table_of(lake.get(BAD))[REASONS].to_pylist() == [["discarded"]]
