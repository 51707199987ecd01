from __future__ import annotations

import gc

import pytest

from include.collector import collector_at_rest


def fail_at_rest() -> None:
    with collector_at_rest():
        assert not gc.isenabled()
        raise ValueError("odd")


def test_the_collector_rests_inside_and_works_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="odd"):
        fail_at_rest()
    assert gc.isenabled()


def test_who_put_it_to_rest_before_finds_it_at_rest() -> None:
    with collector_at_rest():
        with collector_at_rest():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
