"""Certificates as servers really show them, and what is behind them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from include.doctor import site
from tests.include.doctor.authority import DAY, NOW


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch) -> None:
    """This machine trusts the authority."""
    file = tmp_path / "authority.pem"
    file.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.fixture
def serve(settings) -> Iterator[Callable[..., None]]:
    """Serve by TLS with a certificate, or hang up where there is none; ``data_docs_url`` is it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(context: ssl.SSLContext, status: str) -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(4096)
                    secure.sendall(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n".encode())
            except OSError:
                plain.close()

    def serve(file: Path | None, status: str = "401") -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if file:
            context.load_cert_chain(file)
        threading.Thread(target=answer, args=(context, status), daemon=True).start()
        port = listener.getsockname()[1]
        settings(data_docs_url=f"https://localhost:{port}/data-docs/")

    yield serve
    listener.close()


@pytest.mark.usefixtures("trusted")
def test_a_good_certificate_and_a_login_behind_it(serve, authority, tmp_path, look):
    serve(authority.issue(tmp_path, NOW - 10 * DAY, NOW + 80 * DAY, "localhost"))
    checks = (site.address, site.certificate, site.pages)
    assert [f.state for check in checks for f in look(check)] == ["ok"] * 3


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    "case",
    [
        (-90, -1, "localhost", "failed", "has expired", "Caddy renews it"),
        (1, 90, "localhost", "failed", "not valid yet", "clocks"),
        (-10, 80, "elsewhere.example.org", "failed", "of another name", "TWEET_LAKE_DOMAIN"),
        (-80, 10, "localhost", "warning", "was not renewed", "Caddy renews it"),
    ],
    ids=["expired", "not yet", "wrong name", "not renewed"],
)
def test_a_certificate_that_browsers_refuse(serve, authority, tmp_path, look, case):
    begin, end, name, state, said, remedy = case
    serve(authority.issue(tmp_path, NOW + begin * DAY, NOW + end * DAY, name))
    (found,) = look(site.certificate)
    assert found.state == state
    assert said in found.text
    assert remedy in found.remedy
    expected = "ok" if state == "warning" else "not checked"
    assert [f.state for f in look(site.pages)] == [expected]


def test_a_certificate_of_an_authority_of_one_s_own(serve, authority, tmp_path, look):
    serve(authority.issue(tmp_path, NOW - 10 * DAY, NOW + 80 * DAY, "localhost"))
    (found,) = look(site.certificate)
    assert found.state == "warning"
    assert "signed by nobody whom this machine trusts" in found.text
    assert "TWEET_LAKE_TLS" in found.remedy


def test_a_certificate_that_was_never_issued(serve, look):
    serve(None)
    (found,) = look(site.certificate)
    assert found.state == "failed"
    assert "localhost has no certificate to show" in found.text
    assert "DNS" in found.remedy
    assert "443" in found.remedy


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, ("ok", "answers")),
        (404, ("failed", "no such page")),
        (502, ("failed", "502")),
    ],
)
def test_what_answers_there(stub, settings, look, status, expected):
    stub.status = status
    settings(data_docs_url=f"{stub.url}/data-docs/")
    (found,) = look(site.pages)
    state, said = expected
    assert (found.state, said in found.text) == (state, True)


def test_nothing_answers_there(settings, look):
    settings(data_docs_url="https://localhost:9/data-docs/")
    assert [f.state for c in (site.certificate, site.pages) for f in look(c)] == [
        "failed",
        "not checked",
    ]
    settings(data_docs_url="http://127.0.0.1:9/data-docs/")
    (found,) = look(site.pages)
    assert "nothing answers at http://127.0.0.1:9/data-docs/" in found.text


def test_plain_http_beyond_this_machine(settings, look):
    settings(data_docs_url="http://airflow.example.org/data-docs/")
    (found,) = look(site.address)
    assert (found.state, "in the clear" in found.text) == ("failed", True)
