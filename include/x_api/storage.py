"""Signed URLs of the storage behind X: another host, no token, and the URL itself is the secret."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from include.x_api.body import LARGEST_RESULT, read_body
from include.x_api.errors import XUnavailable
from include.x_api.session import ATTEMPTS, CONNECT_SECONDS, READ_SECONDS


def put_text(url: str, body: bytes, *, sleep: Callable[[float], None]) -> None:
    """Upload plain text.

    Raises:
        XUnavailable: it was not taken.
    """
    # The content type is part of what is signed.
    _ask("PUT", url, sleep, data=body, headers={"content-type": "text/plain"})


def get(url: str, *, sleep: Callable[[float], None]) -> bytes:
    """Download an object.

    Raises:
        XUnavailable: it was not given.
        TooLarge: it has no end that an honest one would have.
    """
    return _ask("GET", url, sleep)


def _ask(method: str, url: str, sleep: Callable[[float], None], **arguments: Any) -> bytes:
    # urllib3 writes paths with their queries at DEBUG.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
    asking = Retrying(
        retry=retry_if_exception_type(XUnavailable),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=1, max=20),
        sleep=sleep,
        reraise=True,
    )
    return asking(_once, method, url, **arguments)


def _once(method: str, url: str, **arguments: Any) -> bytes:
    parts = urlsplit(url)
    place = f"{parts.hostname}{parts.path}"
    try:
        answer = requests.request(
            method,
            url,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
            **arguments,
        )
        read_body(answer, place, LARGEST_RESULT)
    except requests.RequestException as error:
        # The error, and those beneath it, quote the signed URL.
        raise XUnavailable(
            f"no answer from X's storage ({method} {place}: {type(error).__name__})"
        ) from None
    if answer.status_code != requests.codes.ok:
        raise XUnavailable(f"X's storage answered {method} {place} with {answer.status_code}")
    return answer.content
