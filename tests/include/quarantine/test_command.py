"""The quarantine from a terminal."""

from __future__ import annotations

import pytest

from include.errors import LakeUnavailable
from include.quarantine.command import main
from tests.include.quarantine.conftest import BAD, FIRST


@pytest.fixture
def terminal(connected, capsys):
    """The command over the lake; returns its exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        said = capsys.readouterr()
        # Airflow's own log lines, which begin with a time, are its business.
        lines = [line for line in said.out.splitlines(keepends=True) if not line.startswith("20")]
        return code, "".join(lines), said.err

    return run


BY = ("--by", "ada", "--why", "looked at it", "--yes")


def test_what_is_open_is_listed(reviewed, terminal):
    reviewed.run(nasa=[reviewed.post(1), reviewed.post(2, **BAD)])
    code, said, _ = terminal()
    assert code == 0
    head, line, count = said.splitlines()
    assert head.split() == ["item", "state", "rows", "open", "released", "discarded", "reasons"]
    assert line.split() == [
        f"tweets/{reviewed.interval}/nasa",
        *("open", "1", "1", "0", "0", "like_count_not_negative", "(1)"),
    ]
    assert count == "1 item"


def test_a_row_is_shown_beside_what_it_failed_and_moves_no_cursor(reviewed, terminal):
    reviewed.run(nasa=[reviewed.post(2, text="a\x1b[2Jb\x00", **BAD)])
    code, said, _ = terminal("show", "--account", "nasa")
    assert code == 0
    assert f"{FIRST + 2}" in said
    assert "like_count = -7" in said
    assert "\x1b" not in said


def test_rows_are_released_and_then_nothing_is_open(reviewed, terminal):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    code, said, _ = terminal("release", "--account", "nasa", *BY)
    assert code == 0
    assert "1 row would land" in said
    assert (
        f"tweets/{reviewed.interval}/nasa: released; 1 row of it in curated/, 0 still open" in said
    )
    assert reviewed.curated()[2]["released_by"] == "ada"
    assert terminal()[1] == "Nothing is open.\n"
    assert "released by ada" in terminal("show")[1]


def test_without_a_word_from_somebody_nothing_is_done(reviewed, terminal):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    before = reviewed.objects()
    code, said, errors = terminal("discard", *BY[:-1])
    assert code == 1
    assert "Nothing was done" in said
    assert "add --yes" in errors
    assert reviewed.objects() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("release", "--account", "nsa", *BY), "accounts with rows there: nasa"),
        (("release", "--interval", "today", *BY), "'today' is not an interval"),
        (("show", "--dataset", "twets"), "there is no dataset 'twets'"),
        (("replay", "--id", "1", *BY), "a replay is of whole items"),
        (("list", "--since", "soon"), "since"),
    ],
)
def test_what_is_wrong_is_told_before_anything_moves(reviewed, terminal, arguments, told):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    before = reviewed.objects()
    code, _, errors = terminal(*arguments)
    assert code == 2
    assert told in errors
    assert "Traceback" not in errors
    assert reviewed.objects() == before


def test_what_is_decided_already_is_told(reviewed, terminal):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    terminal("discard", *BY)
    code, _, errors = terminal("release", *BY)
    assert code == 2
    assert "was discarded by ada" in errors


def test_accounts_that_can_not_be_made_anew_are_told_without_a_traceback(
    reviewed, terminal, monkeypatch
):
    reviewed.run(nasa=[reviewed.post(2, **BAD)], esa=[reviewed.post(9, "esa", **BAD)])

    def refuse(lake, *_, **__):
        raise LakeUnavailable(lake.bucket, "raw/", TimeoutError("too slow"))

    monkeypatch.setattr("include.quarantine.carry_out.record", refuse)
    code, _, errors = terminal("release", *BY)
    assert code == 2
    assert "2 failures" in errors
    assert "too slow. Check that the bucket exists" in errors


def test_an_id_moves_no_cursor(reviewed, terminal):
    reviewed.run(nasa=[reviewed.post(2, id="1\x1b[2J", **BAD)])
    _, shown, _ = terminal("show")
    assert "1 [2J" in shown
    assert "\x1b" not in shown


def test_without_make_the_arguments_are_those_of_the_command_line(reviewed, terminal, monkeypatch):
    reviewed.run(nasa=[reviewed.post(2, **BAD)])
    monkeypatch.setattr("sys.argv", ["command", "release", "--account", "nsa", *BY])
    assert main() == 2
