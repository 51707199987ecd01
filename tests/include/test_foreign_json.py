from __future__ import annotations

import math

import pytest

from include.foreign_json import DEEPEST, parse

DEEP = "[" * 5_000 + "]" * 5_000


def test_what_nests_too_deeply_is_replaced_and_the_rest_is_read() -> None:
    found = parse(f'{{"a": {DEEP}, "b": "[", "c": "\\"]", "d": {{"e": [1]}}}}'.encode())
    assert (found["b"], found["c"], found["d"]) == ("[", '"]', {"e": [1]})
    depth, value = 1, found["a"]
    while isinstance(value, list):
        depth, (value,) = depth + 1, value
    assert (depth, value) == (DEEPEST, "(nested too deeply to be read)")


def test_what_nests_less_deeply_stays_as_it_is() -> None:
    text = "[" * DEEPEST + "]" * DEEPEST
    assert str(parse(text.encode())) == text


@pytest.mark.parametrize(
    "body",
    [b"[" * 5_000, b'["' + b"[" * 5_000, DEEP.encode() + b"]", b"", b"{"],
)
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(body)


def test_a_number_beyond_python_s_patience_is_infinite() -> None:
    assert parse(b"9" * 5_000) == math.inf
    assert parse(b"-" + b"9" * 5_000) == -math.inf
    assert parse(b"9" * 4_000) == 10**4_000 - 1


def test_a_byte_order_mark_and_bytes_that_are_no_utf_8_are_no_obstacle() -> None:
    assert parse(b'\xef\xbb\xbf{"a": "\xff"}') == {"a": "\udcff"}
