"""The body of an answer, read as far as an honest one can reach."""

from __future__ import annotations

import requests

from include.x_api.errors import TooLarge

LARGEST_ANSWER = 32 * 2**20
"""Bytes, unpacked: a hundred posts of 25,000 characters, each written as an escape, are half.

Parsing the worst of that size takes 1.2 GB and ten seconds."""
LARGEST_RESULT = 256 * 2**20
"""Bytes of a compliance job's result: a line of some hundred for each id that has to go."""
_PIECE = 65_536


def read_body(response: requests.Response, place: str, largest: int) -> None:
    """Read what was asked for as a stream, so that ``response.content`` has it.

    A few kilobytes of gzip may unpack to gigabytes: reading ends where ``largest`` is passed.

    Raises:
        TooLarge: it is larger.
        requests.RequestException: it can't be read.
    """
    body = bytearray()
    for piece in response.iter_content(_PIECE):
        body += piece
        if len(body) > largest:
            response.close()
            raise TooLarge(
                f"the answer of {place} has more than {largest // 2**20} MiB, which no honest one "
                "has; the rest was not read. Check the host of the Airflow connection 'x_api'; if "
                "it is X's, lower 'page_size' in the Airflow Variable 'tweet_lake'."
            )
    response._content = bytes(body)  # noqa: SLF001 - requests has no other way to keep a stream
