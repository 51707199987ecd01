"""Disks, inodes and memory that run out."""

from __future__ import annotations

import os
import shutil
from types import SimpleNamespace

import pytest

from include.doctor import machine


@pytest.mark.parametrize(("free", "state"), [(50, "ok"), (19, "warning"), (4, "failed")], ids=str)
def test_a_disk_that_fills_up(look, monkeypatch, free, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free, total=100))
    found = look(machine.disk)
    assert {f.state for f in found} == {state}
    assert state == "ok" or "delete old logs below" in found[0].remedy


@pytest.mark.parametrize(("free", "state"), [(50, "ok"), (4, "failed")], ids=str)
def test_inodes_that_are_used_up(look, monkeypatch, free, state):
    told = SimpleNamespace(f_files=100, f_favail=free)
    monkeypatch.setattr(os, "statvfs", lambda _: told)
    assert {f.state for f in look(machine.inodes)} == {state}


def test_a_disk_whose_folder_is_not_there_yet(look, monkeypatch):
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", "/nowhere/near/here")
    assert look(machine.disk)[0].state in {"ok", "warning", "failed"}


def test_memory_is_compared_with_the_settings(look, settings, monkeypatch):
    settings(validation_tasks=1)
    assert [f.state for f in look(machine.memory)] == ["ok"]
    settings(validation_tasks=100)
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "1000")
    (found,) = look(machine.memory)
    assert (found.state, "validation_tasks" in found.remedy) == ("warning", True)


def test_whether_the_clock_is_time_service_is_told(look):
    (found,) = look(machine.time_service)
    assert found.state in {"ok", "warning", "not checked"}


def test_no_other_clock_was_seen(look):
    assert [f.state for f in look(machine.skew)] == ["not checked"]
