"""What claims to be X may send anything: it costs bounded memory and gets a sentence."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests

from include.foreign_json import parse
from include.x_api import storage
from include.x_api.body import LARGEST_ANSWER
from include.x_api.client import XApi
from include.x_api.errors import BadRequest, TooLarge, XUnavailable
from include.x_api.problems import check_meaning
from include.x_api.session import judge
from tests.answering import answering

MEGABYTE = 2**20
Serve = Callable[[bytes, dict[str, str]], str]


@contextmanager
def most_memory() -> Iterator[Callable[[], int]]:
    """Tells how many bytes were allocated at the most since."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answers every request alike, 64 times the same piece; returns its address."""
    with ExitStack() as servers:
        yield lambda piece, headers: servers.enter_context(answering(piece, headers, times=64))


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """64 KB of gzip that unpack to 64 MB; 64 of its members to 4 GB."""
    return gzip.compress(bytes(64 * MEGABYTE), compresslevel=9)


def asked_of(url: str) -> str:
    with pytest.raises(TooLarge) as refused:
        XApi(url, "token", sleep=not_again).users_by(["nasa"])
    return str(refused.value)


def not_again(_: float) -> None:
    """It would be as large the next time."""
    raise AssertionError("it is asked for again")


def test_a_small_answer_that_unpacks_to_gigabytes_is_not_unpacked(serve, bomb):
    url = serve(bomb, {"Content-Encoding": "gzip"})
    with most_memory() as peak:
        said = asked_of(url)
        assert peak() < 4 * LARGEST_ANSWER
    assert "more than 32 MiB" in said
    assert "the host of the Airflow connection 'x_api'" in said


def test_an_answer_without_end_is_not_read_to_its_end(serve):
    url = serve(bytes(MEGABYTE), {})
    with most_memory() as peak:
        assert "more than 32 MiB" in asked_of(url)
        assert peak() < 4 * LARGEST_ANSWER


def test_what_is_packed_again_and_again_is_not_unpacked(serve, bomb):
    packed = gzip.compress(gzip.compress(bomb))
    url = serve(packed, {"Content-Encoding": "gzip, gzip, gzip"})
    with most_memory() as peak:
        assert "more than 32 MiB" in asked_of(url)
        assert peak() < 4 * LARGEST_ANSWER


def test_the_result_of_a_compliance_job_is_bounded_and_its_signature_is_not_told(
    serve, bomb, monkeypatch
):
    monkeypatch.setattr(storage, "LARGEST_RESULT", MEGABYTE)
    url = serve(bomb, {"Content-Encoding": "gzip"})
    with pytest.raises(TooLarge, match="more than 1 MiB") as refused:
        storage.get(f"{url}/result?signature=S3CRET", sleep=not_again)
    assert "S3CRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "times"),
    [
        (b'["' + b'\\"' * MEGABYTE + b'"]', 8),
        (b"[" * (MEGABYTE // 4), 16),
        (b'{"n":' + b"9" * 2 * MEGABYTE + b"}", 8),
        (b"[" + b"{}," * MEGABYTE + b"{}]", 40),
    ],
    ids=["escapes", "brackets", "digits", "objects"],
)
def test_json_takes_memory_in_proportion_to_its_size(body, times):
    with most_memory() as peak:
        try:
            parse(body)
        except ValueError:
            assert body.startswith(b"[[")
        assert peak() < times * len(body)


def test_what_x_says_is_one_short_line_of_an_error():
    """It goes into logs, `error.json` and mails."""
    said = "no\r\n2026-11-02 INFO all is well\x1b[2J\u202e\ud83d" + "x" * MEGABYTE
    refused = requests.Response()
    refused.status_code = 400
    refused._content = json.dumps({"detail": said}).encode()
    with pytest.raises(BadRequest) as told:
        judge(refused, "/2/users/by")
    with pytest.raises(XUnavailable) as told_beside_nothing:
        check_meaning({"errors": [{"detail": said}]}, "nasa")
    for error in (told, told_beside_nothing):
        assert str(error.value).isprintable()
        assert len(str(error.value)) < 700


def test_numbers_and_characters_that_nobody_can_store_are_read():
    read = parse(b'{"like_count":' + b"9" * 10_000 + b',"text":"\\ud83d"}')
    assert read["like_count"] == float("inf")
    assert json.dumps(read["text"]) == '"\\ud83d"'
