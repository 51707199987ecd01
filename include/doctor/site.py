"""Data Docs can be opened where the alerts' links lead, and nobody reads along."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from include.doctor.finding import Finding, failed, ok, warning
from include.doctor.patient import CONNECT_SECONDS, READ_SECONDS, Patient

_CAUSES = {
    9: "is not valid yet",
    10: "has expired",
    62: "is of another name",
    64: "is of another address",
}
"""OpenSSL's numbers for what is wrong with a certificate (x509_vfy.h)."""
_LOG = "Caddy's log says why (`docker logs tweet-lake-caddy-1`, or `journalctl -u caddy`)"
_REMEDIES = {
    9: "set the clocks of this machine and of the host right",
    10: f"Caddy renews it by itself unless it is kept from it: {_LOG}",
    62: "let data_docs_url and the host's TWEET_LAKE_DOMAIN be the same name",
    64: "let data_docs_url have the host's name, not its address",
}
_LAST_PART = 4
"""Caddy renews in the last third of a certificate's life; one in its last quarter is stuck."""
_NOBODY = (
    "see that Airflow's API server runs, and that data_docs_url in 'tweet_lake' is where browsers "
    "reach it"
)
_BAD_REQUEST, _UNAUTHORIZED, _NOT_FOUND, _SERVER_ERROR = 400, 401, 404, 500


def address(patient: Patient) -> Iterator[Finding]:
    """`data_docs_url` is https, unless it is on this machine."""
    url = urlsplit(patient.settings.data_docs_url)
    if url.scheme == "https" or is_here(url.hostname or ""):
        yield ok(url.geturl())
    else:
        yield failed(
            f"data_docs_url is {url.geturl()}: logins would cross the network in the clear",
            "put Airflow behind TLS, as the host's Caddy does, and begin data_docs_url with "
            "https://",
        )


def certificate(patient: Patient) -> Iterator[Finding]:
    """The certificate there is valid, of that name, trusted, and renewed in time."""
    url = urlsplit(patient.settings.data_docs_url)
    if url.scheme != "https":
        yield ok("none is needed")
        return
    try:
        begin, end = _lifetime(url)
    except ssl.SSLCertVerificationError as error:
        yield _refused(url.hostname, error)
        return
    except ssl.SSLError as error:
        yield failed(
            f"{url.hostname} has no certificate to show ({error.reason or error}): none was "
            "issued, or not yet",
            "let the name's DNS record lead to the host, and port 443 be open to everybody, by "
            f"which the certificate's issuer looks; then {_LOG}",
        )
        return
    except OSError as error:
        yield failed(f"nothing answers at {url.netloc} ({error})", _NOBODY)
        return
    if end - patient.now() < (end - begin) / _LAST_PART:
        yield warning(
            f"the certificate of {url.hostname} ends on {end:%Y-%m-%d %H:%M} UTC and was not "
            "renewed",
            f"Caddy renews it by itself unless it is kept from it: {_LOG}",
        )
    else:
        yield ok(f"valid until {end:%Y-%m-%d}")
    patient.answers("TLS")


def pages(patient: Patient) -> Iterator[Finding]:
    """Something answers there, and it is Data Docs."""
    url = patient.settings.data_docs_url
    if url.startswith("https:"):
        patient.needs("TLS")
    try:
        status = _status(urlsplit(url))
    except (OSError, HTTPException) as error:
        yield failed(f"nothing answers at {url} ({error})", _NOBODY)
        return
    if status < _BAD_REQUEST or status == _UNAUTHORIZED:  # itself, or the login before it
        yield ok(f"{url} answers")
    elif status == _NOT_FOUND:
        yield failed(
            f"there is no such page at {url} (404)",
            "set data_docs_url to Airflow's address and /data-docs/, and see that Airflow loads "
            "plugins/data_docs.py (`airflow plugins`)",
        )
    elif status >= _SERVER_ERROR:
        yield failed(
            f"{url} answers with {status}",
            "see the log of Airflow's API server; from a proxy it means that the API server does "
            "not answer",
        )
    else:
        yield warning(f"{url} answers with {status}", "open it in a browser")


def is_here(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _status(url: SplitResult) -> int:
    """What is answered to a GET by somebody who has not logged in."""
    host = url.hostname or ""
    connection = (
        HTTPSConnection(host, url.port, timeout=READ_SECONDS, context=ssl.create_default_context())
        if url.scheme == "https"
        else HTTPConnection(host, url.port, timeout=READ_SECONDS)
    )
    try:
        connection.request("GET", url.path or "/")
        return connection.getresponse().status
    finally:
        connection.close()


def _refused(name: str | None, error: ssl.SSLCertVerificationError) -> Finding:
    code = error.verify_code
    if code in _CAUSES:
        return failed(f"the certificate of {name} {_CAUSES[code]}", _REMEDIES[code])
    # Browsers may know an authority that this machine does not.
    return warning(
        f"the certificate of {name} is signed by nobody whom this machine trusts "
        f"({error.verify_message})",
        "with a name of your own set TWEET_LAKE_TLS=acme, so that Caddy gets one that everybody "
        "trusts; with `internal` browsers have to be given Caddy's root certificate",
    )


def _lifetime(url: SplitResult) -> tuple[datetime, datetime]:
    """From when to when the certificate is valid that is shown there."""
    place = (url.hostname or "", url.port or 443)
    with (
        socket.create_connection(place, timeout=CONNECT_SECONDS) as plain,
        ssl.create_default_context().wrap_socket(plain, server_hostname=place[0]) as secure,
    ):
        shown = secure.getpeercert() or {}
    ends = (ssl.cert_time_to_seconds(str(shown[name])) for name in ("notBefore", "notAfter"))
    begin, end = (datetime.fromtimestamp(at, UTC) for at in ends)
    return begin, end
