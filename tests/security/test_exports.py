"""A spreadsheet takes nothing that was posted for a formula, and no text is taken for SQL."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from include.accounts import parse_accounts
from include.arguments import parse_day
from include.catalogue.views import ask
from include.errors import BadConfiguration
from include.exports.destination import parse_destination
from include.exports.export import export
from include.exports.order import parse_order
from include.quarantine.selection import parse_selection, select
from tests.security.poison import ELSEWHERE, FORMULAS, POISONS, STATEMENTS

ACTIVE = re.compile("[=+\\-@\t\r\n\N{FULLWIDTH EQUALS SIGN}＋－＠]")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
SHEET = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
RELATIONS = (
    "posts", "fact_tweet", "dim_user", "dim_hashtag", "bridge_tweet_url", "bridge_tweet_mention",
)  # fmt: skip


@pytest.fixture
def exported(poisoned, tmp_path, monkeypatch):
    """The bytes of an export of the poisoned warehouse."""
    url = poisoned.url.set(drivername="postgres").render_as_string(hide_password=False)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", url)

    def exported(relation, format_name, **asked):
        order = parse_order(relation, format_name=format_name, **asked)
        destination = parse_destination(str(tmp_path / f"out.{format_name}"), order, None)
        export(order, destination, at=datetime(2026, 11, 2, tzinfo=UTC))
        return (tmp_path / f"out.{format_name}").read_bytes()

    return exported


def cells_of(body: bytes) -> list[str]:
    """Every cell below the head, as any reader of RFC 4180 finds it."""
    rows = list(csv.reader(io.StringIO(body.decode("utf-8"), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    return [cell for row in rows[1:] for cell in row]


def are_texts(cells: list[str]) -> None:
    live = [cell for cell in cells if ACTIVE.match(cell) and not NUMBER.fullmatch(cell)]
    assert live == []
    defused = [formula for formula in FORMULAS if f"'{formula}" in cells]
    assert set(FORMULAS) - set(defused) <= {'",=1+1,"', '"\r\n=1+1,"'}  # these begin with a quote


@pytest.mark.parametrize("relation", RELATIONS)
def test_no_cell_of_an_exported_csv_is_a_formula(exported, relation):
    cells = cells_of(exported(relation, "csv"))
    if relation in {"posts", "fact_tweet", "dim_user", "bridge_tweet_url"}:
        are_texts(cells)
    assert [cell for cell in cells if ACTIVE.match(cell) and not NUMBER.fullmatch(cell)] == []


def test_no_cell_of_a_curated_csv_is_a_formula(poisoned):
    for dataset in ("tweets", "users"):
        (key,) = poisoned.lake.keys(f"curated/{dataset}_csv/")
        are_texts(cells_of(poisoned.lake.get(key)))


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(exported):
    book = zipfile.ZipFile(io.BytesIO(exported("fact_tweet", "xlsx")))
    assert [name for name in book.namelist() if "externalLink" in name or "vba" in name] == []
    sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 (ours)
    for tag in ("f", "hyperlink", "dataValidation"):
        assert sheet.findall(f".//x:{tag}", SHEET) == []
    kinds = {cell.get("t") for cell in sheet.iterfind(".//x:c", SHEET)}
    assert kinds <= {"inlineStr", "s", "b", "n", None}
    assert not any(
        ELSEWHERE.encode() in book.read(name) for name in book.namelist() if name.endswith(".rels")
    )


@pytest.mark.parametrize("account", [*STATEMENTS, *FORMULAS])
def test_an_account_of_an_export_is_bound_and_never_a_part_of_the_statement(
    exported, poisoned, account
):
    before = poisoned.house.ask("SELECT count(*) FROM fact_tweet")
    with pytest.raises(BadConfiguration, match="account"):
        exported("posts", "csv", account=account)
    assert poisoned.house.ask("SELECT count(*) FROM fact_tweet") == before


@pytest.mark.parametrize("poison", STATEMENTS)
def test_names_in_an_export_are_known_ones_or_refused(poison):
    for asked in ({"relation": poison}, {"relation": "posts", "columns": (poison,)}):
        with pytest.raises(BadConfiguration, match="there is no"):
            parse_order(**asked)
    for asked in ({"since": poison}, {"until": poison}, {"format_name": poison}):
        with pytest.raises(BadConfiguration):
            parse_order("posts", **asked)
    with pytest.raises(BadConfiguration):
        parse_day(poison)


def test_what_is_no_username_is_no_account():
    for poison in POISONS:
        for entry in ({"username": poison}, {"name": poison, "query": "from:nasa"}):
            with pytest.raises(BadConfiguration):
                parse_accounts(json.dumps([entry]), "test")


def test_filters_of_the_quarantine_find_nothing_by_what_is_no_name(poisoned):
    for poison in POISONS:
        for name in ("account", "reason"):
            assert select(poisoned.lake, parse_selection(**{name: poison})) == []


def test_what_was_posted_is_in_the_warehouse_and_in_the_views_of_the_lake_as_it_was(poisoned):
    landed = {poison for poison in POISONS if not {"\x00", "\ud83d"} & set(poison)}
    query = "SELECT DISTINCT text FROM fact_tweet"
    assert set(poisoned.house.ask(query)) == landed
    names = set(poisoned.house.ask("SELECT name FROM dim_user WHERE username LIKE 'user%'"))
    assert names == landed
    from_lake = ask(poisoned.lake, lambda lake: lake.execute("SELECT text FROM tweets").fetchall())
    assert {text for (text,) in from_lake} == landed
