"""Errors that wait until everything else is done."""

from __future__ import annotations

import pytest

from include.errors import BadConfiguration
from include.failures import Failures


def failing(*numbers):
    failures = Failures()
    done = []
    for number in range(3):
        with failures.kept(f"number {number}"):
            if number in numbers:
                raise BadConfiguration(f"not {number}")
            done.append(number)
    return failures, done


def test_a_single_error_is_raised_as_it_is_once_the_rest_is_done():
    failures, done = failing(1)
    assert done == [0, 2]
    with pytest.raises(BadConfiguration, match="not 1") as raised:
        failures.tell()
    assert raised.value.__notes__ == ["failed: number 1"]


def test_of_several_all_are_named():
    failures, done = failing(0, 2)
    assert done == [1]
    with pytest.raises(ExceptionGroup, match="2 failures:\nnot 0\nnot 2"):
        failures.tell()


def test_nothing_failed():
    failures, done = failing()
    failures.tell()
    assert done == [0, 1, 2]
