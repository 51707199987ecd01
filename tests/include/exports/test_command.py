"""The command, and that docs/exports.md says what it does."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from include.exports.command import main
from include.exports.manifest import IN_A_LINE
from tests.include.exports.conftest import TEXTS
from tests.task_environment import task_environment

REPOSITORY = Path(__file__).parents[3]
PAGE = (REPOSITORY / "docs" / "exports.md").read_text(encoding="utf-8")


@pytest.fixture
def there(filled, s3, monkeypatch, tmp_path):
    """An empty folder to work in, and the bucket of the page."""
    for name, value in task_environment(s3, "lake").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_s_commands_and_programs_work(there, s3, capsys):
    s3.create_bucket(Bucket="my-tweet-lake")
    commands = re.findall(r'^\$ make export ARGS="(.+)"$', PAGE, re.MULTILINE)
    commands = [command.replace("/tmp/", f"{there}/") for command in commands]  # noqa: S108 - shown
    assert len(commands) == 5
    for command in commands:
        assert main(shlex.split(command)) == 0, capsys.readouterr().err
    assert IN_A_LINE in capsys.readouterr().out
    assert (there / "engagement" / "engagement_daily.parquet").exists()
    assert (there / "growth.xlsx.manifest.json").exists()
    listed = s3.list_objects_v2(Bucket="my-tweet-lake", Prefix="exports/")["Contents"]
    assert [entry["Key"] for entry in listed] == [
        "exports/fact_tweet.ndjson", "exports/fact_tweet.ndjson.manifest.json",
    ]  # fmt: skip
    os.chdir(".local/exports")
    for program in re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL):
        names: dict[str, object] = {}
        exec(program, names)  # noqa: S102 (the page's)
        assert names.get("texts", [*TEXTS]) == [*TEXTS]


def test_the_page_knows_every_format():
    from include.exports.formats import FORMATS

    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [*FORMATS]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("posts nobody", "knows no account 'nobody'"),
        ("posts nasa --to s3://not-there/x", "s3://not-there/"),
        ("postz", "did you mean posts?"),
    ],
)
def test_a_sentence_and_nothing_else_says_why_not(there, capsys, command, said):
    assert main(shlex.split(command)) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""
    assert [path for path in there.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("key", ["data-docs", "curated/tweets/dt=2026-11-02/x.csv"])
def test_what_is_the_lake_s_own_is_no_place(there, s3, capsys, key):
    s3.create_bucket(Bucket="lake")
    assert main(["posts", "--to", f"s3://lake/{key}"]) == 2
    assert f"in {key.partition('/')[0]}/ lies nothing but the lake's own" in capsys.readouterr().err
    assert "Contents" not in s3.list_objects_v2(Bucket="lake")


def test_another_bucket_s_folders_are_nobody_s(there, s3):
    s3.create_bucket(Bucket="another")
    assert main(["posts", "--to", "s3://another/raw"]) == 0


def test_without_the_connection_the_remedy_is_told(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE", raising=False)
    assert main(["posts", "--to", str(tmp_path)]) == 2
    assert "the Airflow connection 'warehouse' is missing; set it" in capsys.readouterr().err


def test_no_bar_is_drawn_where_there_is_no_terminal(there, capsys):
    assert main(["posts"]) == 0
    assert capsys.readouterr().err == ""
