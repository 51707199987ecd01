"""Backups of a host that are too old, or that can't be made."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from include.doctor import backups
from include.doctor.patient import Patient
from tests.include.doctor.test_prefixes import deny
from tests.tracked import REPOSITORY


@pytest.fixture
def host(our_lake, monkeypatch):
    """This process is in a host's container."""
    monkeypatch.setenv("TWEET_LAKE_BUCKET", our_lake.bucket)
    return our_lake


def test_a_laptop_makes_none(look, our_lake, monkeypatch):
    monkeypatch.delenv("TWEET_LAKE_BUCKET", raising=False)
    assert [f.state for f in (*look(backups.prefix), *look(backups.newest))] == ["ok", "ok"]


def test_a_host_that_never_made_one_is_warned_of(look, host):
    (found,) = look(backups.newest)
    assert (found.state, found.text) == ("warning", "the metadata were never backed up")
    assert "systemctl start tweet-lake-backup" in found.remedy


@pytest.mark.parametrize(("hours", "state"), [(25, "ok"), (27, "warning")])
def test_the_newest_has_to_be_of_the_last_day(look, host, patient: Patient, hours, state):
    host.put(f"{backups.FOLDER}20261120T031000Z.dump", b"dump")
    patient.now = lambda: datetime.now(UTC) + timedelta(hours=hours)
    (found,) = look(backups.newest)
    assert found.state == state
    assert f"is of {datetime.now(UTC):%Y-%m-%d}" in found.text


@pytest.mark.parametrize(
    "name",
    ["note.txt", "20261120T031000Z.dump.part", "latest.dump", "aside/20261120T031000Z.dump"],
)
def test_what_is_no_backup_is_not_taken_for_one(look, host, name):
    host.put(f"{backups.FOLDER}{name}", b"of today")
    (found,) = look(backups.newest)
    assert (found.state, found.text) == ("warning", "the metadata were never backed up")


def test_a_backup_is_what_hosts_call_one():
    text = (REPOSITORY / "deploy/host/command/backups.py").read_text("utf-8")
    (key,) = re.findall(r'_KEY = re.compile\(rf"\{FOLDER\}\(aside/\)\?(.+)"\)', text)
    assert backups._BACKUP.pattern == backups.FOLDER + key.replace("{{", "{").replace("}}", "}")


def test_where_backups_may_not_be_written_it_is_said_before_the_night(look, host):
    assert [f.state for f in look(backups.prefix)] == ["ok"]
    deny(host, "s3:PutObject", "backups")
    (found,) = look(backups.prefix)
    assert found.state == "failed"
    assert f"s3:PutObject in s3://{host.bucket}/backups/metadata/" in found.text
    assert list(host.keys("")) == []
