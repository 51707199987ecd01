"""The application serves the site and the items of the quarantine, whatever an address says."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.security.conftest import INTERVALS

SECRET = b"not yours to read"
ELSEWHERE = ("raw/secret.html", "secret.html", "review/secret.html", "quarantine/secret.html")
WAYS_UP = ("..", "%2e%2e", "%252e%252e", ".%2e", "..%2f.", "..%5c.", "..%00", "..;", "%c0%ae%c0%ae")
ITEM = f"quarantine/tweets/{INTERVALS['tweets']}/nasa"


@pytest.fixture(scope="module")
def ask(site, poisoned):
    """One request, its target as it is: no client puts it in order. Returns status and body."""
    for key in ELSEWHERE:
        poisoned.lake.put(key, SECRET)

    def ask(target: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        place = urlsplit(site)
        connection = HTTPConnection(place.hostname, place.port, timeout=30)
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    yield ask
    for key in ELSEWHERE:
        poisoned.lake.client.delete_object(Bucket=poisoned.lake.bucket, Key=key)


@pytest.mark.parametrize("up", WAYS_UP)
def test_no_way_leads_out_of_the_site(ask, up):
    for key in ELSEWHERE:
        for target in (
            f"/{up}/{key}",
            f"/{up}%2f{key}",
            f"/tweets/{up}/{up}/{key}",
            f"/static/{up}%5c{up}%5c{key}",
            f"/reports/{up}/{up}/{key.replace('/', '%2f')}",
            f"/{key}%00.html",
            f"//{key}",
            f"/%2f{key}",
            f"http://elsewhere.example/{up}/{key}",
        ):
            status, body = ask(target)
            assert SECRET not in body, target
            assert status in {400, 404}, target


@pytest.mark.parametrize(
    "target",
    [
        f"/{ITEM}/../../../../raw/",
        f"/quarantine/tweets/{INTERVALS['tweets']}/..%2f..%2fraw/",
        f"/quarantine/..%2fraw/{INTERVALS['tweets']}/nasa/",
        f"/quarantine/%2e%2e/{INTERVALS['tweets']}/nasa/",
        "/quarantine/tweets/..%2f..%2f..%2fraw%2fsecret.html/nasa/",
        f"/quarantine/tweets/{INTERVALS['tweets']}/nasa%00/",
        f"/quarantine/tweets/{INTERVALS['tweets']}/nasa%2f/",
        f"/quarantine/tweets/{INTERVALS['tweets']}/account=nasa/",
        f"/quarantine/tweets/{INTERVALS['tweets']}/%ff%fe/",
        f"/quarantine/users/{INTERVALS['tweets']}/nasa/",
        "/quarantine/secret.html",
        "/etc/passwd",
        "/%2fetc%2fpasswd",
        "/docs",
        "/redoc",
        "/openapi.json",
    ],
)  # fmt: skip
def test_only_what_was_put_aside_is_an_item(ask, target):
    status, body = ask(target)
    assert (status, SECRET in body, b"root:" in body) == (404, False, False)


def test_an_item_that_is_there_is_shown(ask):
    status, body = ask(f"/{ITEM}/")
    assert (status, b"wait for a decision" in body) == (200, True)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"])
def test_nothing_is_written_by_a_request(ask, poisoned, method):
    before = {key: poisoned.lake.get(key) for key in poisoned.lake.keys("data-docs/")}
    for target in ("/index.html", f"/{ITEM}/", "/quarantine/"):
        assert ask(target, method, **{"Sec-Fetch-Site": "same-origin"})[0] == 405
    assert {key: poisoned.lake.get(key) for key in poisoned.lake.keys("data-docs/")} == before


def test_a_form_that_is_too_long_is_refused_before_it_is_read(site):
    place = urlsplit(site)
    with closing(HTTPConnection(place.hostname, place.port, timeout=30)) as connection:
        connection.putrequest("POST", f"/{ITEM}/decide")
        connection.putheader("Sec-Fetch-Site", "same-origin")
        connection.putheader("Content-Length", str(2**40))
        # And no more: who waits for the rest waits for ever.
        connection.endheaders(b"why=" + b"x" * 300_000)
        assert connection.getresponse().status == 413
