from __future__ import annotations

import resource
import sys
from collections.abc import Callable

import pytest

from include.frame_stack import with_room

CALLS = 50


def leaf() -> None:
    """A call like any other."""


def faults_at(depth: int) -> int:
    """Pages that a loop of calls, ``depth`` calls deep, asks the system for."""
    if depth:
        return faults_at(depth - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(CALLS):
        leaf()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def worst(function: Callable[[int], int]) -> int:
    return max(function(depth) for depth in range(300))


def test_no_depth_of_calls_maps_memory_at_every_call() -> None:
    assert worst(with_room(faults_at)) < CALLS


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="seen with 3.11 only")
def test_without_it_some_depth_does() -> None:
    assert worst(faults_at) >= CALLS


def test_values_errors_and_names_pass_through() -> None:
    @with_room
    def half(number: int, *, of: int = 2) -> float:
        """Divide."""
        return number / of

    assert half(3, of=4) == 0.75
    assert (half.__name__, half.__doc__) == ("half", "Divide.")
    with pytest.raises(ZeroDivisionError):
        half(1, of=0)
