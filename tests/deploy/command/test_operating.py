"""docs/operating.md: its commands exist, its snippets do what it says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from unittest import mock

import boto3
import pytest

from include.lake import Lake
from tests.deploy.command.machine import COMMAND, REPOSITORY

PAGE = (REPOSITORY / "docs" / "operating.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.+?)\n```", PAGE, re.DOTALL)
LEDGER = "raw/spending/2026-11.json"


def snippet(first_words):
    (found,) = [code for code in SNIPPETS if first_words in code]
    return found


@pytest.fixture
def versioned(lake: Lake) -> Lake:
    """A lake that keeps old versions, as the stack's does."""
    lake.client.put_bucket_versioning(
        Bucket=lake.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    return lake


def carry_out(lake, capsys, *codes):
    """Run snippets one after the other against the lake; what they print."""
    names = {}
    with mock.patch.object(boto3, "client", return_value=lake.client):
        for code in codes:
            exec(code.replace("my-tweet-lake", lake.bucket), names)  # noqa: S102 - the page's own
    return capsys.readouterr().out


@pytest.mark.parametrize("harm", ["overwritten", "deleted"])
def test_an_object_comes_back_as_it_was(versioned, capsys, harm):
    versioned.put(LEDGER, b'{"whole": true}')
    if harm == "overwritten":
        versioned.put(LEDGER, b"{")
    else:
        versioned.delete(LEDGER)
        assert versioned.find(LEDGER) is None
    listed = carry_out(versioned, capsys, snippet("Prefix=key"))
    (chosen,) = re.findall(r" 15 (\S+)", listed)
    carry_out(
        versioned,
        capsys,
        snippet("Prefix=key"),
        snippet("copy_object").replace("<VersionId>", chosen),
    )
    assert versioned.get(LEDGER) == b'{"whole": true}'


def test_a_folder_that_was_deleted_comes_back_from_a_time_on(versioned, capsys):
    folder = "raw/tweets/dt=2026-11-02/"
    keys = [f"{folder}account=nasa/page-{n:04d}.json.gz" for n in range(3)]
    for key in (LEDGER, *keys):
        versioned.put(key, key.encode())
    since = datetime.now(UTC).replace(microsecond=0)  # S3 tells whole seconds
    for key in keys:
        versioned.delete(key)

    def bring_back(begin):
        code = snippet("DeleteMarkers")
        assert "datetime(2026, 11, 22, 9, tzinfo=UTC)" in code
        time = f"datetime.fromisoformat('{begin.isoformat()}')"
        code = code.replace("datetime(2026, 11, 22, 9, tzinfo=UTC)", time)
        carry_out(versioned, capsys, snippet("Prefix=key"), code)
        return list(versioned.keys(folder))

    assert bring_back(since + timedelta(hours=1)) == []
    assert bring_back(since) == keys
    assert versioned.get(keys[0]) == keys[0].encode()


def test_every_command_of_the_page_is_one():
    source = COMMAND.read_text(encoding="utf-8")
    (listed,) = re.findall(r"^COMMANDS: .+ = \[\n(.+?)\]", source, re.MULTILINE | re.DOTALL)
    commands = set(re.findall(r"\w+", listed))
    assert set(re.findall(r"^\| `tweet-lake (\w+)` \|", PAGE, re.MULTILINE)) == commands
    assert set(re.findall(r"tweet-lake (start|stop|\w+)`", PAGE)) <= commands
    consoles = "\n".join(re.findall(r"```console\n(.+?)\n```", PAGE, re.DOTALL))
    assert set(re.findall(r"^# tweet-lake (\w+)", consoles, re.MULTILINE)) <= commands
