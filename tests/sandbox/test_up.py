from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandbox import command, down, host, up

FACTS = dict.fromkeys(
    ("airflow", "user", "password", "data_docs", "mails", "x_api", "s3", "warehouse"), "fresh"
)
WAREHOUSE = "postgresql://postgres@/postgres?host=/tmp/somewhere"
LIKE_A_HOST = "import sys; print('up', flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another folder than the one of a sandbox that may be up."""
    monkeypatch.setattr(host, "DIRECTORY", tmp_path)
    for name in ("PID", "READY", "LOG"):
        monkeypatch.setattr(host, name, tmp_path / getattr(host, name).name)
    return tmp_path


@pytest.fixture
def living() -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like the host, and ends when it is asked to."""
    with subprocess.Popen(
        [sys.executable, "-c", LIKE_A_HOST, "-m", "sandbox.host"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def ended() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def left_behind(process: object, *, ready: bool = True) -> None:
    host.PID.write_text(str(process), encoding="utf-8")
    if ready:
        host.READY.write_text(json.dumps(dict.fromkeys(FACTS, "stale")), encoding="utf-8")


# The last one is this process: alive, but no host.
STALE = pytest.mark.parametrize("process", [ended, str, os.getpid], ids=["ended", "cut", "other"])


@STALE
def test_what_a_crash_left_does_not_keep_it_from_starting(
    process: type, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left_behind(process())

    def start() -> SimpleNamespace:
        assert not host.READY.exists()
        host.READY.write_text(json.dumps(FACTS), encoding="utf-8")
        return SimpleNamespace(poll=lambda: None)

    monkeypatch.setattr(up, "_start", start)
    assert up.main() == 0
    told = capsys.readouterr().out
    assert "fresh" in told
    assert "already" not in told


@STALE
def test_what_a_crash_left_is_removed_and_nobody_else_is_ended(
    process: type, capsys: pytest.CaptureFixture[str]
) -> None:
    left_behind(process())

    assert down.main() == 0
    assert capsys.readouterr().out == "It had ended by itself.\n"
    assert not host.PID.exists()
    assert not host.READY.exists()


def test_a_ready_file_alone_is_removed_too(capsys: pytest.CaptureFixture[str]) -> None:
    host.READY.write_text(json.dumps(FACTS), encoding="utf-8")

    assert down.main() == 0
    assert not host.READY.exists()
    assert down.main() == 0
    assert capsys.readouterr().out == "It had ended by itself.\nIt is not up.\n"


@STALE
def test_what_a_crash_left_is_no_lake_to_look_at(
    process: type,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    left_behind(process())
    monkeypatch.setattr(command, "REPOSITORY", tmp_path)
    monkeypatch.setattr(sys, "argv", ["command", "include.gaps_command"])

    assert command.main() == 2
    assert "start one with `make up`" in capsys.readouterr().err


def test_a_command_finds_the_airflow_and_the_world_that_are_up(
    living: subprocess.Popen[bytes], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(living.pid)
    facts = {"airflow": "http://127.0.0.1:4711", "x_api": "http://x", "s3": "http://s3"}
    facts |= {"warehouse": WAREHOUSE, "smtp_port": 4712}
    host.READY.write_text(json.dumps(facts), encoding="utf-8")
    environment = dict(os.environ)
    monkeypatch.setattr(os, "environ", environment)
    monkeypatch.setattr(command, "REPOSITORY", folder)
    monkeypatch.setitem(sys.modules, "a_command", SimpleNamespace(main=lambda _: 7))
    monkeypatch.setattr(sys, "argv", ["command", "a_command"])

    assert command.main() == 7
    assert environment["AIRFLOW_HOME"] == str(folder / "airflow")
    assert environment["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:4711"
    assert json.loads(environment["AIRFLOW_CONN_SMTP_DEFAULT"])["port"] == 4712
    assert json.loads(environment["AIRFLOW_CONN_X_API"])["host"] == "http://x"


@pytest.mark.parametrize("ready", [True, False])
def test_it_starts_only_once(
    living: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ready: bool,
) -> None:
    left_behind(living.pid, ready=ready)
    monkeypatch.setattr(up, "_start", lambda: pytest.fail("a second one was started"))

    assert up.main() == (0 if ready else 1)
    assert ("up already" if ready else "starting or ending") in capsys.readouterr().out


def test_what_runs_is_ended(
    living: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    left_behind(living.pid)

    assert down.main() == 0
    assert capsys.readouterr().out == "Ended.\n"
    assert living.wait(timeout=10) != 0
    assert not host.PID.exists()
    assert not host.READY.exists()


def test_what_env_sets_wins_over_the_sandbox(world, tmp_path):
    own = tmp_path / ".env"
    own.write_text('AIRFLOW_CONN_X_API=\'{"conn_type": "http", "host": "https://api.x.com"}\'\n')
    environment = host.world_of(world, WAREHOUSE, own)
    assert json.loads(environment["AIRFLOW_CONN_X_API"])["host"] == "https://api.x.com"
    assert "AIRFLOW_VAR_X_ACCOUNTS" not in environment
    assert world.s3_url in environment["AIRFLOW_CONN_AWS_DEFAULT"]


def test_mails_lead_to_data_docs_in_airflow_s_ui(world, tmp_path):
    settings = json.loads(
        host.world_of(world, WAREHOUSE, tmp_path / "none")["AIRFLOW_VAR_TWEET_LAKE"]
    )
    assert settings["data_docs_url"] == f"http://127.0.0.1:{host.AIRFLOW_PORT}/data-docs/"


def test_without_env_the_world_is_the_sandbox(world, tmp_path):
    environment = host.world_of(world, WAREHOUSE, tmp_path / "none")
    assert world.x_url in environment["AIRFLOW_CONN_X_API"]
    assert "harbour_news" in environment["AIRFLOW_VAR_X_ACCOUNTS"]
    assert environment["AIRFLOW_CONN_WAREHOUSE"] == WAREHOUSE
